package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

var limits = throttle.Rules{
	CallerOnTrunk: throttle.Limit{Wrong: 3, Window: 30 * time.Minute, Refuse: time.Hour},
	Caller:        throttle.Limit{Wrong: 5, Window: 24 * time.Hour, Refuse: throttle.Forever},
	Anonymous:     throttle.Limit{Wrong: 4, Window: time.Hour, Refuse: 15 * time.Minute},
	Forgive:       2,
}

// guesser tries PINs on a store as one caller, each in a call of its own.
type guesser struct {
	t      *testing.T
	store  Store
	caller string
	calls  int
	now    time.Time
}

func newGuesser(t *testing.T, s Store, caller string) *guesser {
	return &guesser{t: t, store: s, caller: caller, now: start}
}

func (g *guesser) attempt(trunkID, digits string) throttle.Attempt {
	a := throttle.Attempt{
		TrunkID: trunkID, Digits: digits, CallID: fmt.Sprintf("%s/%d", g.caller, g.calls),
		Caller: g.caller, Forgive: limits.Forgive, Now: g.now,
		Accounts: []throttle.Account{
			{Name: throttle.CallerOnTrunk, TrunkID: trunkID, Caller: g.caller, Limit: limits.CallerOnTrunk},
			{Name: throttle.Caller, Caller: g.caller, Limit: limits.Caller},
		},
	}
	if g.caller == "" {
		a.Accounts = []throttle.Account{{Name: throttle.Anonymous, TrunkID: trunkID, Limit: limits.Anonymous}}
	}
	return a
}

func (g *guesser) repeat(trunkID, digits string) dispatch.Tried {
	g.t.Helper()
	tried, err := g.store.TryPIN(g.t.Context(), g.attempt(trunkID, digits))
	must(g.t, err)
	return tried
}

func (g *guesser) try(trunkID, digits string) dispatch.Tried {
	g.t.Helper()
	g.calls++
	return g.repeat(trunkID, digits)
}

// wants tries a PIN and compares whether it was found, throttled, and charged how.
func (g *guesser) wants(what, trunkID, digits, want string) {
	g.t.Helper()
	tried := g.try(trunkID, digits)
	same(g.t, what, sprint(tried.Found, tried.Throttled, tried.Charged), want)
}

// standings are wrong and refused of the caller on all trunks, then on this one.
func (g *guesser) standings(trunkID string) string {
	g.t.Helper()
	list, err := g.store.Standings(g.t.Context(), trunkID, g.caller)
	must(g.t, err)
	text := ""
	for _, s := range list {
		if s.Caller != g.caller || (s.TrunkID != "" && s.TrunkID != trunkID) {
			g.t.Fatalf("a stranger's account: %+v", s)
		}
		text += fmt.Sprintf("[%s %d %d %v]", s.TrunkID, s.Wrong, s.Refused, s.Last.Sub(start))
	}
	return text
}

// ways lays out a trunk with a PIN in every state.
func ways(t *testing.T, s Store) (room string) {
	t.Helper()
	addTrunk(t, s, "ST_a", 4)
	addTrunk(t, s, "ST_b", 4)
	room = newRoom()
	give(t, s, "ST_a", "0001", room)
	for digits, until := range map[string]time.Time{"0002": start.Add(time.Hour), "0003": start} {
		other := newRoom()
		give(t, s, "ST_a", digits, other)
		r, err := s.ReplacePIN(t.Context(), pins.Draw{TrunkID: "ST_a", Digits: "1" + digits[1:], RoomID: other, Now: start}, pins.Retire{Until: until})
		must(t, err)
		same(t, "replaced", r.Outcome, pins.Inserted)
	}
	given := newRoom()
	give(t, s, "ST_a", "0004", given)
	must(t, s.ReleasePINs(t.Context(), given, start.Add(time.Hour)))
	return room
}

func triesAreCharged(t *testing.T, s Store) {
	room := ways(t, s)
	g := newGuesser(t, s, "ada")
	tried := g.try("ST_a", "0001")
	same(t, "a right PIN", sprint(tried.TrunkFound, tried.TrunkState, tried.Found, tried.PINState, tried.RoomID, tried.Throttled, tried.Charged),
		"true active true current "+room+" false []")
	same(t, "of which nothing is kept", g.standings("ST_a"), "")
	g.wants("a retiring PIN", "ST_a", "0002", "true false []")
	g.wants("one whose time is over", "ST_a", "0003", "true false [1 1]")
	g.wants("a quarantined PIN", "ST_a", "0004", "true false [2 2]")
	g.now = start.Add(time.Minute)
	g.wants("an unknown PIN", "ST_a", "9999", "false false [3 3]")
	same(t, "charges", g.standings("ST_a"), "[ 3 0 1m0s][ST_a 3 0 1m0s]")
	g.now = start.Add(2 * time.Minute)
	g.wants("too many", "ST_a", "9998", "false true []")
	g.wants("too many for a right PIN as well", "ST_a", "0001", "true true []")
	same(t, "refusals do not make it longer", g.standings("ST_a"), "[ 3 2 1m0s][ST_a 3 2 1m0s]")

	newGuesser(t, s, "ben").wants("somebody else", "ST_a", "9999", "false false [1 1]")
	g.wants("another trunk", "ST_b", "9999", "false false [1 4]")
	g.now = start.Add(time.Minute + limits.CallerOnTrunk.Refuse)
	g.wants("a new window", "ST_a", "9999", "false false [1 5]")
	g.now = start.Add(1000 * time.Hour)
	g.wants("for ever, on all trunks", "ST_b", "0001", "false true []")

	hidden := newGuesser(t, s, "")
	for i := range limits.Anonymous.Wrong {
		hidden.wants("withheld", "ST_a", "9999", fmt.Sprintf("false false [%d]", i+1))
	}
	hidden.wants("withheld, too many", "ST_a", "0001", "true true []")
	hidden.wants("withheld, another trunk", "ST_b", "9999", "false false [1]")
	hidden.now = start.Add(limits.Anonymous.Refuse)
	hidden.wants("the hour is not over, its count stands", "ST_a", "9999", "false false [5]")
	hidden.wants("so that one was enough", "ST_a", "0001", "true true []")
}

func triesOnceACall(t *testing.T, s Store) {
	ways(t, s)
	g := newGuesser(t, s, "ada")
	g.wants("wrong", "ST_a", "9999", "false false [1 1]")
	for _, digits := range []string{"9999", "9998", "0001"} {
		tried := g.repeat("ST_a", digits)
		if !tried.Throttled || len(tried.Charged) != 0 {
			t.Errorf("a second PIN in the call: %+v", tried)
		}
	}
	same(t, "charged once", g.standings("ST_a"), "[ 1 0 0s][ST_a 1 0 0s]")
	g.wants("the next call", "ST_a", "0001", "true false []")
}

func triesForgive(t *testing.T, s Store) {
	ways(t, s)
	g := newGuesser(t, s, "ada")
	g.try("ST_a", "9999")
	g.try("ST_a", "9998")
	g.wants("right after two slips", "ST_a", "0001", "true false []")
	same(t, "forgiven", g.standings("ST_a"), "[ 2 0 0s][ST_a 0 0 0s]")
	g.wants("a slip", "ST_a", "9999", "false false [1 3]")
	g.wants("right again", "ST_a", "0001", "true false []")
	same(t, "not forgiven twice", g.standings("ST_a"), "[ 3 0 0s][ST_a 1 0 0s]")
	g.now = start.Add(limits.CallerOnTrunk.Window)
	g.wants("a new window", "ST_a", "9999", "false false [1 4]")
	g.try("ST_a", "0001")
	same(t, "forgiven in the new one", g.standings("ST_a"), "[ 4 0 30m0s][ST_a 0 0 30m0s]")

	hidden := newGuesser(t, s, "")
	hidden.try("ST_a", "9999")
	hidden.try("ST_a", "0001")
	same(t, "those who share an account are not", hidden.standings("ST_a"), "[ST_a 1 0 0s]")
}

func triesElsewhere(t *testing.T, s Store) {
	ways(t, s)
	g := newGuesser(t, s, "ada")
	same(t, "no trunk", sprint(g.try("ST_none", "0001").TrunkFound), "false")
	setState(t, s, "ST_a", trunks.Disabled)
	for _, digits := range []string{"0001", "9999"} {
		tried := g.try("ST_a", digits)
		same(t, "disabled", sprint(tried.TrunkState, tried.Charged), "disabled []")
	}
	same(t, "charges", g.standings("ST_a"), "")
	setState(t, s, "ST_a", trunks.Draining)
	g.wants("draining", "ST_a", "9999", "false false [1 1]")
	unlimited := g.attempt("ST_a", "9999")
	unlimited.CallID, unlimited.Accounts = "another", nil
	tried, err := s.TryPIN(t.Context(), unlimited)
	must(t, err)
	same(t, "without limits", sprint(tried.Throttled, tried.Charged), "false []")
}

func accountsEnd(t *testing.T, s Store) {
	ctx := t.Context()
	ways(t, s)
	ada, ben, hidden := newGuesser(t, s, "ada"), newGuesser(t, s, "ben"), newGuesser(t, s, "")
	for _, trunk := range []string{"ST_a", "ST_b"} {
		for range limits.CallerOnTrunk.Wrong {
			ada.try(trunk, "9999")
		}
	}
	ben.try("ST_a", "9999")
	hidden.try("ST_a", "9999")
	sweep := func(now time.Time) {
		t.Helper()
		for {
			n, err := s.DeleteAccounts(ctx, limits, now, now.Add(-time.Hour), 2)
			must(t, err)
			if n > 2 {
				t.Fatalf("%d deleted at once", n)
			}
			if n == 0 {
				return
			}
		}
	}
	sweep(start.Add(limits.CallerOnTrunk.Window))
	same(t, "refused still", ada.standings("ST_a"), "[ 5 1 0s][ST_a 3 0 0s]")
	same(t, "its window is over", ben.standings("ST_a"), "[ 1 0 0s]")
	same(t, "in its window", hidden.standings("ST_a"), "[ST_a 1 0 0s]")
	same(t, "a call is known", sprint(ada.repeat("ST_b", "9999").Throttled, ben.repeat("ST_a", "0001").Throttled), "true true")
	sweep(start.Add(1000 * time.Hour))
	same(t, "only for ever is left", ada.standings("ST_a")+ben.standings("ST_a")+hidden.standings("ST_a"), "[ 5 1 0s]")
	same(t, "calls are forgotten", sprint(ben.repeat("ST_a", "0001").Throttled), "false")

	ada.caller = "eve"
	ada.try("ST_a", "9999")
	ada.try("ST_b", "9999")
	for _, c := range []struct {
		caller, trunk string
		want          int
	}{{"ada", "ST_a", 0}, {"ada", "", 1}, {"eve", "ST_b", 1}, {"eve", "", 2}, {"eve", "", 0}} {
		n, err := s.ClearAccounts(ctx, c.caller, c.trunk)
		must(t, err)
		same(t, "cleared of "+c.caller+" on "+c.trunk, n, c.want)
	}
	same(t, "nothing left", ada.standings("ST_a"), "")
}

// rushOfTries lets a crowd of calls by one caller try PINs: every call is
// charged, and then he is refused.
func rushOfTries(t *testing.T, s Store) {
	ways(t, s)
	var charged atomic.Int32
	rush(func(i int) {
		g := newGuesser(t, s, "ada")
		g.calls = i
		tried, err := s.TryPIN(t.Context(), g.attempt("ST_a", "9999"))
		if err != nil {
			t.Error(err)
		}
		if len(tried.Charged) > 0 {
			charged.Add(1)
		}
	})
	list, err := s.Standings(t.Context(), "ST_a", "ada")
	must(t, err)
	for _, standing := range list {
		if standing.Wrong != int(charged.Load()) || standing.Wrong < limits.CallerOnTrunk.Wrong || standing.Wrong+standing.Refused != crowd {
			t.Errorf("%d charged, account %+v", charged.Load(), standing)
		}
	}
	g := newGuesser(t, s, "ada")
	g.calls = crowd
	g.wants("after the crowd", "ST_a", "0001", "true true []")
}

// rushOfOneCall asks the same of a crowd of replicas: one charge.
func rushOfOneCall(t *testing.T, s Store) {
	ways(t, s)
	rush(func(int) {
		if _, err := s.TryPIN(t.Context(), newGuesser(t, s, "ada").attempt("ST_a", "9999")); err != nil {
			t.Error(err)
		}
	})
	same(t, "charges", newGuesser(t, s, "ada").standings("ST_a"), "[ 1 0 0s][ST_a 1 0 0s]")
}
