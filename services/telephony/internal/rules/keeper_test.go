package rules_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/rules"
	"github.com/parleymeet/parley/services/telephony/internal/store/sqlite"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

const prefix = "parley-test "

// server is LiveKit, and the door of every room.
type server struct {
	mu       sync.Mutex
	rules    map[string]livekit.Rule // by ID
	made     int
	away     error
	doorAway error
	closed   map[string]bool
	onCreate func() // while LiveKit makes a rule
	refused  string // what begins PINs and ids that LiveKit fails at
	tries    int
	lists    int
}

func (s *server) Create(_ context.Context, rule livekit.Rule) (string, error) {
	if s.onCreate != nil {
		s.onCreate()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tries++; s.away != nil || s.refuses(rule.PIN) {
		return "", errors.Join(s.away, errRefused)
	}
	for _, r := range s.rules {
		if r.Trunk == rule.Trunk && r.PIN == rule.PIN {
			return "", livekit.ErrRuleExists
		}
	}
	s.made++
	rule.ID = fmt.Sprintf("SDR_%03d", s.made)
	s.rules[rule.ID] = rule
	return rule.ID, nil
}

func (s *server) Delete(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses(id) {
		return errRefused
	}
	delete(s.rules, id)
	return s.away
}

var errRefused = errors.New("LiveKit fails at this one")

func (s *server) refuses(text string) bool {
	return s.refused != "" && strings.HasPrefix(text, s.refused)
}

func (s *server) List(_ context.Context, prefix string) ([]livekit.Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists++
	var list []livekit.Rule
	for _, r := range s.rules {
		if strings.HasPrefix(r.Name, prefix) {
			list = append(list, r)
		}
	}
	return list, s.away
}

func (s *server) GetAdmission(_ context.Context, req *roomv1.GetAdmissionRequest, _ ...grpc.CallOption) (*roomv1.GetAdmissionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doorAway != nil {
		return nil, s.doorAway
	}
	answer := &roomv1.GetAdmissionResponse{Admission: roomv1.Admission_ADMISSION_ADMIT}
	if s.closed[req.GetRoomId()] {
		answer.Admission = roomv1.Admission_ADMISSION_LOBBY
	}
	return answer, nil
}

// world is a keeper on a real store with one trunk.
type world struct {
	*rules.Keeper
	server *server
	store  *sqlite.Store
	clock  *clock.Fake
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "telephony.db"), slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	must(t, store.Migrate(t.Context()))
	w := &world{
		store: store, clock: clock.NewFake(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)),
		server: &server{rules: map[string]livekit.Rule{}, closed: map[string]bool{}},
	}
	must(t, store.CreateTrunk(t.Context(), &trunks.Trunk{
		ID: "ST_parley", Name: "Carrier", State: trunks.Active, PINLength: 4, Arming: trunks.ArmingAlways, Guard: trunks.GuardAuto,
		LiveKitTrunk: "ST_livekit", Created: w.clock.Now(), Updated: w.clock.Now(),
	}))
	w.Keeper = w.replica(t)
	return w
}

// replica returns another keeper on the same store.
func (w *world) replica(t *testing.T) *rules.Keeper {
	t.Helper()
	k, err := rules.NewKeeper(rules.Parts{
		Store: w.store, Server: w.server, Door: w.server, Prefix: prefix, Interval: time.Minute,
		Clock: w.clock, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	must(t, err)
	return k
}

// room returns a live room with a PIN.
func (w *world) room(t *testing.T, pin string) string {
	t.Helper()
	id := uuid.NewString()
	result, err := w.store.InsertPIN(t.Context(), pins.Draw{TrunkID: "ST_parley", Digits: pin, RoomID: id, Now: w.clock.Now()})
	if err != nil || result.Outcome != pins.Inserted {
		t.Fatalf("PIN: %v %v", result, err)
	}
	w.live(t, id, true)
	return id
}

func (w *world) live(t *testing.T, room string, live bool) {
	t.Helper()
	w.clock.Advance(time.Millisecond)
	must(t, w.store.SetRoomLive(t.Context(), room, live, w.clock.Now()))
}

// wants compares and checks which PINs have a rule then.
func (w *world) wants(t *testing.T, what string, want ...string) {
	t.Helper()
	must(t, w.Keep(t.Context()))
	w.has(t, what, want...)
}

func (w *world) has(t *testing.T, what string, want ...string) {
	t.Helper()
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	got := make([]string, 0, len(w.server.rules))
	for _, r := range w.server.rules {
		got = append(got, r.PIN)
	}
	slices.Sort(got)
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s: rules for %q, want %q", what, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRulesFollowRooms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.wants(t, "no room")
	room := w.room(t, "0001")
	w.wants(t, "a live room", "0001")
	for _, r := range w.server.rules {
		if r.Name != prefix+room || r.Trunk != "ST_livekit" || r.Room != room || r.Attributes["parley.trunk_id"] != "ST_parley" {
			t.Errorf("rule %+v", r)
		}
	}
	w.wants(t, "again", "0001")
	if w.server.made != 1 || w.server.lists != 1 {
		t.Errorf("made %d, listed %d times", w.server.made, w.server.lists)
	}
	_, err := w.store.ReplacePIN(t.Context(), pins.Draw{TrunkID: "ST_parley", Digits: "0002", RoomID: room, Now: w.clock.Now()},
		pins.Retire{Until: w.clock.Now().Add(time.Hour)})
	must(t, err)
	w.wants(t, "while the old PIN retires", "0001", "0002")
	w.clock.Advance(time.Hour)
	w.wants(t, "when its time is over", "0002")
	_, err = w.store.UpdateTrunk(t.Context(), "ST_parley", func(trunk *trunks.Trunk) error {
		trunk.LiveKitTrunk = "ST_another"
		return nil
	})
	must(t, err)
	w.wants(t, "on another trunk of LiveKit's", "0002")
	if r := w.server.rules["SDR_003"]; r.Trunk != "ST_another" {
		t.Errorf("rules %+v", w.server.rules)
	}
	w.live(t, room, false)
	w.wants(t, "the room is over")
}

// TestClosedRooms: a rule would let in who has to wait.
func TestClosedRooms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(t, "0001")
	w.server.closed[room] = true
	w.wants(t, "closed from the begin")
	w.server.closed[room] = false
	w.clock.Advance(time.Minute)
	w.wants(t, "opened", "0001")
	w.server.doorAway = apierr.New(apierr.Unavailable, "")
	other := w.room(t, "0002")
	if err := w.Keep(t.Context()); err == nil {
		t.Error("a room that does not answer is no error")
	}
	w.has(t, "nobody knows", "0001")
	w.server.doorAway = nil
	w.server.closed[room] = true
	w.clock.Advance(time.Minute)
	w.wants(t, "closed while live", "0002")
	w.live(t, other, false)
	w.wants(t, "over")
}

// TestWhatLiveKitHas: orphans go, what is missing comes back, and rules of others stay.
func TestWhatLiveKitHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.rules["SDR_foreign"] = livekit.Rule{ID: "SDR_foreign", Name: "parley-another room", Trunk: "ST_livekit", PIN: "7777"}
	w.server.rules["SDR_orphan"] = livekit.Rule{ID: "SDR_orphan", Name: prefix + "room", Trunk: "ST_livekit", PIN: "8888"}
	w.room(t, "0001")
	w.wants(t, "at the start", "0001", "7777")
	clear(w.server.rules)
	w.wants(t, "nobody has looked")
	w.clock.Advance(time.Minute)
	w.wants(t, "made anew", "0001")

	// One that somebody made, and died before it was noted.
	w.server.rules["SDR_orphan"] = livekit.Rule{ID: "SDR_orphan", Name: prefix + "room", Trunk: "ST_livekit", PIN: "0002"}
	room := w.room(t, "0002")
	must(t, w.Keep(t.Context()))
	w.clock.Advance(11 * time.Second)
	w.wants(t, "instead of the orphan", "0001", "0002")
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	for _, r := range w.server.rules {
		if r.PIN == "0002" && r.Room != room {
			t.Errorf("rule %+v", r)
		}
	}
}

// TestAbandonedClaim: what a replica has begun and not finished is done by another.
func TestAbandonedClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(t, "0001")
	claimed, err := w.store.ClaimRule(t.Context(), rules.Rule{
		TrunkID: "ST_parley", PIN: "0001", RoomID: room, LiveKitTrunk: "ST_livekit", ClaimedUntil: w.clock.Now().Add(30 * time.Second),
	})
	if err != nil || !claimed {
		t.Fatal(claimed, err)
	}
	w.wants(t, "somebody is at it")
	w.clock.Advance(30 * time.Second)
	w.wants(t, "nobody is any more", "0001")
}

// TestLateMaker: who makes a rule when its claim has ended takes it back.
func TestLateMaker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(t, "0001")
	other := w.replica(t)
	w.server.onCreate = func() {
		w.server.onCreate = nil
		w.clock.Advance(time.Minute)
		must(t, w.store.SetRoomLive(t.Context(), room, false, w.clock.Now()))
		must(t, other.Keep(t.Context()))
	}
	w.wants(t, "the room ended meanwhile, and the claim too")
}

func TestLiveKitAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.away = errors.New("LiveKit is away")
	over := w.room(t, "0001")
	if err := w.Keep(t.Context()); err == nil {
		t.Error("no error")
	}
	w.server.away = nil
	w.wants(t, "back", "0001")
	w.server.away = errors.New("LiveKit is away")
	w.room(t, "0002")
	w.live(t, over, false)
	if err := w.Keep(t.Context()); err == nil {
		t.Error("no error")
	}
	w.server.away = nil
	w.wants(t, "back again", "0002")
}

// TestOneFails: what LiveKit fails at holds up no other rule, neither when rules are
// made nor when what LiveKit has too much is deleted.
func TestOneFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.refused = "9"
	want := make([]string, 0, 30)
	for i := range 20 {
		w.room(t, fmt.Sprintf("9%03d", i))
	}
	for i := range 30 {
		want = append(want, fmt.Sprintf("%04d", i))
		w.room(t, want[i])
	}
	for range 5 { // what was given up has its turn
		if err := w.Keep(t.Context()); !errors.Is(err, errRefused) {
			t.Fatalf("error %v", err)
		}
	}
	w.has(t, "all others", want...)

	w.server.refused = "SDR_bad"
	w.server.rules["SDR_bad"] = livekit.Rule{ID: "SDR_bad", Name: prefix + "room", Trunk: "ST_livekit", PIN: "9999"}
	w.server.rules["SDR_orphan"] = livekit.Rule{ID: "SDR_orphan", Name: prefix + "room", Trunk: "ST_livekit", PIN: "8888"}
	w.clock.Advance(time.Minute)
	lists := w.server.lists
	if err := w.Keep(t.Context()); !errors.Is(err, errRefused) {
		t.Fatalf("error %v", err)
	}
	must(t, w.Keep(t.Context())) // which lists nothing so soon
	if w.server.lists != lists+1 {
		t.Errorf("listed %d times", w.server.lists-lists)
	}
	for i := range 20 {
		want = append(want, fmt.Sprintf("9%03d", i))
	}
	w.has(t, "all but the one", append(want, "9999")...)
}

// TestLiveKitIsSpared: where all fails, not all is tried.
func TestLiveKitIsSpared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 200 {
		w.room(t, fmt.Sprintf("%04d", i))
	}
	w.server.away = errors.New("LiveKit is away")
	if err := w.Keep(t.Context()); !errors.Is(err, w.server.away) {
		t.Errorf("error %v", err)
	}
	if w.server.tries > 50 {
		t.Errorf("tried %d times", w.server.tries)
	}
}

// TestReplicas: several keepers at once make each rule once.
func TestReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := make([]string, 40)
	for i := range want {
		want[i] = fmt.Sprintf("%04d", i)
		w.room(t, want[i])
	}
	var running sync.WaitGroup
	for range 4 {
		k := w.replica(t)
		running.Go(func() {
			for range 3 {
				if err := k.Keep(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	w.has(t, "after all", want...)
	if w.server.made != len(want) {
		t.Errorf("made %d", w.server.made)
	}
}
