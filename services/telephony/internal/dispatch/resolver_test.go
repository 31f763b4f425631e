package dispatch

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/internal/color"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

const (
	room   = "11111111-1111-4111-8111-111111111111"
	caller = "+33612345612"
)

// world is all that the resolver asks, with one knob for each way to fail.
type world struct {
	trunks.Store // only AllTrunks is asked
	list         []*trunks.Trunk
	listErr      error
	pins         map[string]Lookup
	lookupErr    error
	admission    roomv1.Admission
	admissionErr error
	asked        *roomv1.GetAdmissionRequest
	minted       *tokenv1.MintPhoneTokenRequest
	mintErr      error
	hang         bool
	events       []calls.Event
	throttled    bool
	throttleErr  error
	charged      []throttle.Attempt
	busy         bool
	linesErr     error
	forced       bool // the lobby, in the last question to the room
}

func (w *world) AllTrunks(context.Context) ([]*trunks.Trunk, error) { return w.list, w.listErr }

func (w *world) LookupPIN(_ context.Context, trunkID, digits string) (Lookup, error) {
	return w.pins[trunkID+"/"+digits], w.lookupErr
}

func (w *world) TryPIN(ctx context.Context, a throttle.Attempt) (Tried, error) {
	found, err := w.LookupPIN(ctx, a.TrunkID, a.Digits)
	return Tried{Lookup: found, Throttled: w.throttled}, err
}

func (w *world) Attempt(trunkID, number, callID, digits string) throttle.Attempt {
	return throttle.Attempt{TrunkID: trunkID, Caller: number, CallID: callID, Digits: digits, Now: now}
}

func (w *world) Charged(_ context.Context, a throttle.Attempt, _ []int) {
	w.charged = append(w.charged, a)
}

func (w *world) Refuses(context.Context, string, string) (*throttle.Account, error) {
	if w.throttled {
		return &throttle.Account{}, nil
	}
	return nil, w.throttleErr
}

func (w *world) Key(number, _ string) string { return "key of " + number }

func (w *world) Admit(context.Context, calls.Event, calls.Quota) (bool, error) {
	return !w.busy, w.linesErr
}

func (w *world) SealNumber(_, number string) []byte { return []byte("sealed " + number) }

func (w *world) Busy(context.Context, string, calls.Quota) (bool, error) { return w.busy, w.linesErr }

func (w *world) GetAdmission(ctx context.Context, req *roomv1.GetAdmissionRequest, _ ...grpc.CallOption) (*roomv1.GetAdmissionResponse, error) {
	w.forced = req.GetForceLobby()
	if w.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	w.asked = req
	return &roomv1.GetAdmissionResponse{Admission: w.admission}, w.admissionErr
}

func (w *world) MintPhoneToken(_ context.Context, req *tokenv1.MintPhoneTokenRequest, _ ...grpc.CallOption) (*tokenv1.MintPhoneTokenResponse, error) {
	w.minted = req
	return &tokenv1.MintPhoneTokenResponse{Connection: &tokenv1.Connection{Url: "ws://livekit", Room: room, Token: "jwt"}}, w.mintErr
}

func (w *world) Record(e calls.Event) { w.events = append(w.events, e) }

var now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func newWorld() *world {
	trunk := func(id string, state trunks.State, number string) *trunks.Trunk {
		return &trunks.Trunk{ID: id, State: state, Numbers: []trunks.Number{{E164: number, Country: "FR"}}}
	}
	guarded := trunk("ST_guarded", trunks.Active, "+33100000003")
	guarded.Allowed = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	good := func(state pins.State, until time.Time) Lookup {
		return Lookup{TrunkFound: true, TrunkState: trunks.Active, Found: true, PINState: state, RoomID: room, Until: until}
	}
	early := good(pins.Current, time.Time{})
	early.Arming = trunks.ArmingLive
	inTime := early
	inTime.Live = true
	watched := good(pins.Current, time.Time{})
	watched.Guard, watched.GuardedUntil = trunks.GuardAuto, now.Add(time.Second)
	watchedLive := watched
	watchedLive.Live = true
	freed := watched
	freed.Guard = trunks.GuardOff
	crowded := good(pins.Current, time.Time{})
	crowded.CrowdedUntil = now.Add(time.Second)
	closed := good(pins.Current, time.Time{})
	closed.TrunkState = trunks.Disabled
	return &world{
		list: []*trunks.Trunk{
			trunk("ST_a", trunks.Active, "+33100000001"), trunk("ST_off", trunks.Disabled, "+33100000002"),
			guarded, trunk("ST_drain", trunks.Draining, "+33100000004"),
		},
		pins: map[string]Lookup{
			"ST_a/0001": good(pins.Current, time.Time{}), "ST_drain/0001": good(pins.Current, time.Time{}),
			"ST_guarded/0001": good(pins.Current, time.Time{}),
			"ST_a/0002":       good(pins.Retiring, now.Add(time.Second)), "ST_a/0003": good(pins.Retiring, now),
			"ST_a/0004": good(pins.Quarantined, now.Add(time.Hour)), "ST_a/0005": closed, "ST_a/0006": {},
			"ST_a/0010": watched, "ST_a/0011": watchedLive, "ST_a/0012": freed, "ST_a/0013": crowded,
			"ST_a/0007": early, "ST_a/0008": inTime,
			"ST_a/9999": {TrunkFound: true, TrunkState: trunks.Active},
		},
		admission: roomv1.Admission_ADMISSION_ADMIT,
	}
}

func (w *world) resolver(t *testing.T, log *bytes.Buffer) *Resolver {
	t.Helper()
	r, err := NewResolver(Config{Deadline: 100 * time.Millisecond, TokenTTL: time.Hour, IdentityKey: []byte("key")}, Needs{
		Directory: trunks.NewDirectory(w, clock.NewFake(now)), Store: w, Throttle: w, Lines: w, Door: w, Minter: w, Recorder: w,
		Clock: clock.NewFake(now), Logger: slog.New(slog.NewTextHandler(log, nil)), Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ask(number, pin string) Question {
	return Question{CallID: "SCL_1", Called: []string{number}, Caller: caller, Source: "203.0.113.9", PIN: pin}
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	const number = "+33100000001"
	byTrunk := func(id, pin string) Question {
		q := ask("", pin)
		q.TrunkID = id
		return q
	}
	from := func(source string) Question {
		q := ask("+33100000003", "0001")
		q.Source = source
		return q
	}
	anySource := from("")
	anySource.AnySource = true
	unasked := ask(number, "")
	unasked.NoPIN = true
	second := ask("pilot", "0001")
	second.Called = append(second.Called, number)
	trial := func(pin string) Question {
		q := ask(number, pin)
		q.Trial = true
		return q
	}
	for name, c := range map[string]struct {
		q      Question
		break_ func(*world)
		result Result
		reason Reason
	}{
		"accept":                   {q: ask(number, "0001"), result: Accept},
		"number without plus":      {q: ask("33100000001", "0001"), result: Accept},
		"second called number":     {q: second, result: Accept},
		"draining trunk":           {q: ask("+33100000004", "0001"), result: Accept},
		"retiring PIN":             {q: ask(number, "0002"), result: Accept},
		"room is live":             {q: ask(number, "0008"), result: Accept},
		"guarded trunk":            {q: ask(number, "0010"), result: Reject, reason: PINNotArmed},
		"guarded, room is live":    {q: ask(number, "0011"), result: Accept},
		"never guarded":            {q: ask(number, "0012"), result: Accept},
		"room is not live":         {q: ask(number, "0007"), result: Reject, reason: PINNotArmed},
		"by trunk":                 {q: byTrunk("ST_a", "0001"), result: Accept},
		"allowed source":           {q: from("203.0.113.9"), result: Accept},
		"mapped source":            {q: from("::ffff:203.0.113.9"), result: Accept},
		"source not asked":         {q: anySource, result: Accept},
		"asked for its PIN":        {q: ask(number, ""), result: RequestPIN},
		"source not allowed":       {q: from("198.51.100.1"), result: Reject, reason: SourceNotAllowed},
		"source unknown":           {q: from(""), result: Reject, reason: SourceNotAllowed},
		"source is garbage":        {q: from("not an address"), result: Reject, reason: SourceNotAllowed},
		"number unknown":           {q: ask("+33199999999", "0001"), result: Reject, reason: NumberUnknown},
		"no number":                {q: ask("", "0001"), result: Reject, reason: NumberUnknown},
		"trunk unknown":            {q: byTrunk("ST_none", "0001"), result: Reject, reason: TrunkUnknown},
		"trunk gone meanwhile":     {q: ask(number, "0006"), result: Reject, reason: TrunkUnknown},
		"trunk disabled":           {q: ask("+33100000002", ""), result: Reject, reason: TrunkDisabled},
		"disabled meanwhile":       {q: ask(number, "0005"), result: Reject, reason: TrunkDisabled},
		"PIN refused by caller":    {q: unasked, result: Reject, reason: PINMalformed},
		"PIN too short":            {q: ask(number, "001"), result: Reject, reason: PINMalformed},
		"PIN too long":             {q: ask(number, strings.Repeat("1", 17)), result: Reject, reason: PINMalformed},
		"PIN with letters":         {q: ask(number, "00o1"), result: Reject, reason: PINMalformed},
		"PIN in other digits":      {q: ask(number, "٠٠٠١"), result: Reject, reason: PINMalformed},
		"PIN unknown":              {q: ask(number, "9999"), result: Reject, reason: PINUnknown},
		"PIN quarantined":          {q: ask(number, "0004"), result: Reject, reason: PINQuarantined},
		"retired, not swept yet":   {q: ask(number, "0003"), result: Reject, reason: PINQuarantined},
		"room denies":              {q: ask(number, "0001"), break_: func(w *world) { w.admission = roomv1.Admission_ADMISSION_DENY }, result: Reject, reason: RoomDenied},
		"room's answer is strange": {q: ask(number, "0001"), break_: func(w *world) { w.admission = 0 }, result: Reject, reason: RoomDenied},
		"room has a lobby":         {q: ask(number, "0001"), break_: func(w *world) { w.admission = roomv1.Admission_ADMISSION_LOBBY }, result: Accept},
		"room gone":                {q: ask(number, "0001"), break_: func(w *world) { w.admissionErr = apierr.New(apierr.RoomNotFound, "") }, result: Reject, reason: RoomGone},
		"room service down":        {q: ask(number, "0001"), break_: func(w *world) { w.admissionErr = apierr.New(apierr.Unavailable, "") }, result: Reject, reason: DependencyDown},
		"room service hangs":       {q: ask(number, "0001"), break_: func(w *world) { w.hang = true }, result: Reject, reason: DependencyDown},
		"token service down":       {q: ask(number, "0001"), break_: func(w *world) { w.mintErr = errors.New("down") }, result: Reject, reason: DependencyDown},
		"database down":            {q: ask(number, "0001"), break_: func(w *world) { w.lookupErr = errors.New("down") }, result: Reject, reason: DependencyDown},
		"throttled":                {q: ask(number, "0001"), break_: func(w *world) { w.throttled = true }, result: Reject, reason: Throttled},
		"throttled, PIN unknown":   {q: ask(number, "9999"), break_: func(w *world) { w.throttled = true }, result: Reject, reason: Throttled},
		"throttled before a PIN":   {q: ask(number, ""), break_: func(w *world) { w.throttled = true }, result: Reject, reason: Throttled},
		"throttles unknown":        {q: ask(number, ""), break_: func(w *world) { w.throttleErr = errors.New("down") }, result: Reject, reason: DependencyDown},
		"about no call":            {q: trial("0001"), break_: func(w *world) { w.throttled = true }, result: Accept},
		"about no call nor PIN":    {q: trial(""), break_: func(w *world) { w.throttled = true }, result: RequestPIN},
		"database down at once":    {q: ask(number, ""), break_: func(w *world) { w.listErr = errors.New("down") }, result: Reject, reason: DependencyDown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := newWorld(), &bytes.Buffer{}
			if c.break_ != nil {
				c.break_(w)
			}
			began := time.Now()
			d, entry := w.resolver(t, log).Dispatch(t.Context(), c.q)
			if took := time.Since(began); took > time.Second {
				t.Errorf("answered after %v", took)
			}
			if d.Result != c.result || d.Reason != c.reason {
				t.Fatalf("%s %s, want %s %s; log %s", d.Result, d.Reason, c.result, c.reason, log)
			}
			if (entry.Connection != nil) != (c.result == Accept) {
				t.Errorf("entry %+v", entry)
			}
			if c.q.Trial && len(w.charged) > 0 {
				t.Errorf("charged %+v", w.charged)
			}
			if len(w.events) != 1 || w.events[0].Refusal != string(c.reason) || w.events[0].State.Over() != (c.result == Reject) {
				t.Errorf("recorded %+v", w.events)
			}
			for _, secret := range []string{caller, "612345612", "=" + c.q.PIN + " "} {
				if len(secret) > 2 && strings.Contains(log.String(), secret) {
					t.Errorf("%q is in the log: %s", secret, log)
				}
			}
			if (c.result == Reject) != strings.Contains(log.String(), "reason="+string(c.reason)+" ") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// TestRefusedBeforeItRings asks as a bridge does before it takes the call.
func TestRefusedBeforeItRings(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := w.resolver(t, &bytes.Buffer{})
	if d, trunk := r.Authenticate(t.Context(), ask("+33100000001", "")); d.Result != Ring || trunk.ID != "ST_a" {
		t.Errorf("welcome: %+v %+v", d, trunk)
	}
	withheld := ask("+33100000001", "")
	withheld.Caller = "anonymous"
	w.list[0].Guard, w.list[0].GuardedUntil = trunks.GuardAuto, now.Add(time.Second)
	for q, want := range map[*Question]Result{&withheld: Reject, {Called: withheld.Called, Caller: caller}: Ring} {
		if d, _ := r.Authenticate(t.Context(), *q); d.Result != want {
			t.Errorf("guarded, caller %q: %+v", q.Caller, d)
		}
	}
	w.throttled = true
	if d, _ := r.Authenticate(t.Context(), ask("+33100000001", "")); d.Result != Reject || d.Reason != Throttled || d.TrunkID != "ST_a" {
		t.Errorf("throttled: %+v", d)
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	w := newWorld()
	_, entry := w.resolver(t, &bytes.Buffer{}).Dispatch(t.Context(), ask("+33100000001", "0001"))
	if entry.Name != "+33 6 •• •• •• 12" || len(entry.Identity) != len("sip_")+32 || !strings.HasPrefix(entry.Identity, "sip_") {
		t.Errorf("person %+v", entry.Person)
	}
	if entry.Connection.GetToken() != "jwt" || entry.Attributes["is_authenticated"] != "false" || entry.Attributes["parley.trunk_id"] != "ST_a" {
		t.Errorf("entry %+v", entry)
	}
	m := w.minted
	if m.GetRoom() != room || m.GetIdentity() != entry.Identity || m.GetName() != entry.Name || !m.GetCanSubscribe() ||
		m.GetTimeToLive().AsDuration() != time.Hour {
		t.Errorf("token for %+v", m)
	}
	for where, attributes := range map[string]map[string]string{"answer": entry.Attributes, "token": m.GetAttributes()} {
		if attributes["sip.callID"] != "SCL_1" {
			t.Errorf("call of the participant in the %s: %v", where, attributes)
		}
	}
	nameless := ask("+33100000001", "0001")
	nameless.CallID = ""
	_, other := w.resolver(t, &bytes.Buffer{}).Dispatch(t.Context(), nameless)
	if id, found := other.Attributes["sip.callID"]; found || other.Attributes["parley.trunk_id"] != "ST_a" {
		t.Errorf("call %q of a participant of none: %v", id, other.Attributes)
	}
	if shade := color.Of(entry.Identity); entry.Attributes["color"] != shade || m.GetAttributes()["color"] != shade {
		t.Errorf("colour %q, in the token %q, want %q", entry.Attributes["color"], m.GetAttributes()["color"], shade)
	}
	if strings.Contains(m.String(), "612345612") {
		t.Errorf("the number is in the token: %v", m)
	}
}

func TestPersons(t *testing.T) {
	t.Parallel()
	key := []byte("key")
	one := personOf(key, "room1", caller, "call1")
	if one != personOf(key, "room1", caller, "call1") {
		t.Error("the same call has two identities in one room")
	}
	for name, other := range map[string]Person{
		"other room":   personOf(key, "room2", caller, "call1"),
		"other key":    personOf([]byte("key2"), "room1", caller, "call1"),
		"other caller": personOf(key, "room1", "+33612345613", "call1"),
		"other call":   personOf(key, "room1", caller, "call2"),
		"withheld":     personOf(key, "room1", "", "call1"),
		"no call id":   personOf(key, "room1", caller, ""),
	} {
		if other.Identity == one.Identity {
			t.Errorf("%s: the same identity", name)
		}
	}
	hidden, again := personOf(key, "room1", "", "call1"), personOf(key, "room1", "", "call1")
	if hidden != again || hidden.Identity == personOf(key, "room1", "", "call2").Identity || !strings.HasPrefix(hidden.Name, "Phone ") {
		t.Errorf("withheld: %+v %+v", hidden, again)
	}
	if nameless := personOf(key, "room1", caller, ""); nameless.Identity == personOf(key, "room1", caller, "").Identity || nameless.Name != one.Name {
		t.Errorf("without a call id: %+v", nameless)
	}
}

// FuzzPIN asks with anything for a PIN: storage sees only digits of a possible length.
func FuzzPIN(f *testing.F) {
	for _, seed := range []string{"0001", "", "12345678901234567", "00\x0001", "+123", "٠٠٠١"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pin string) {
		digitsOnly := strings.Trim(pin, "0123456789") == ""
		if got, want := pins.WellFormed(pin), digitsOnly && len(pin) >= 4 && len(pin) <= 16; got != want {
			t.Fatalf("%q well formed: %v, want %v", pin, got, want)
		}
	})
}

func TestTheLobbyIsForced(t *testing.T) {
	t.Parallel()
	for pin, want := range map[string]bool{"0001": false, "0011": true, "0012": false, "0013": true} {
		w := newWorld()
		d, _ := w.resolver(t, &bytes.Buffer{}).Dispatch(t.Context(), ask("+33100000001", pin))
		if d.Result != Accept || w.forced != want {
			t.Errorf("%s: %+v, lobby forced %v", pin, d, w.forced)
		}
	}
}

func TestTheTrunkIsBusy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quota int
		busy  bool
		err   error
		want  Reason
	}{
		"no quota":      {0, true, nil, ""},
		"a free line":   {1, false, nil, ""},
		"none":          {1, true, nil, TrunkBusy},
		"database down": {1, false, errors.New("down"), DependencyDown},
	} {
		w := newWorld()
		w.list[0].MaxPending, w.busy, w.linesErr = c.quota, c.busy, c.err
		r := w.resolver(t, &bytes.Buffer{})
		d, _ := r.Authenticate(t.Context(), ask("+33100000001", ""))
		if d.Reason != c.want {
			t.Errorf("%s: %+v", name, d)
		}
		e := r.Explain(t.Context(), ask("+33100000001", ""))
		if e.Reason != c.want || slices.ContainsFunc(e.Steps, func(s Step) bool { return s.Name == StepLine }) != (c.quota > 0) {
			t.Errorf("%s explained: %+v", name, e)
		}
		if got := w.events[len(w.events)-1]; got.Refusal != string(c.want) || got.CallerKey != "key of "+caller {
			t.Errorf("%s: record %+v", name, got)
		}
	}
}
