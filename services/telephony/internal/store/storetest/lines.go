package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

func quotasHold(t *testing.T, s Store) {
	ctx := t.Context()
	silent := start.Add(-time.Hour)
	n := 0
	admit := func(id string, q calls.Quota) bool {
		t.Helper()
		ok, err := s.AdmitCall(ctx, calls.Event{ID: id, TrunkID: "ST_a", Caller: "+33 •• 12", CallerKey: "k", Called: "+331", Updated: start}, q, silent)
		must(t, err)
		return ok
	}
	fresh := func(q calls.Quota) bool {
		t.Helper()
		n++
		return admit(fmt.Sprint("new", n), q)
	}
	count := func() string {
		t.Helper()
		live, pending, err := s.LiveCalls(ctx, "ST_a", silent)
		must(t, err)
		loads, err := s.Loads(ctx, silent)
		must(t, err)
		same(t, "the same of all trunks", loads["ST_a"], calls.Load{Calls: live, Pending: pending})
		return sprint(live, pending)
	}
	two, onePending := calls.Quota{MaxCalls: 2}, calls.Quota{MaxPending: 1}
	same(t, "the first", admit("1", two), true)
	same(t, "as it was recorded", onlyCall(t, s), calls.Call{
		ID: "1", TrunkID: "ST_a", State: calls.Incoming, Caller: "+33 •• 12", CallerKey: "k", Called: "+331", Started: start, Updated: start,
	})
	same(t, "asked twice", admit("1", two), true)
	same(t, "one pending is the most", fresh(onePending), false)
	must(t, s.RecordCalls(ctx, calls.Event{ID: "1", RoomID: "r", State: calls.Active, Updated: start}))
	same(t, "in a room", count(), "1 0")
	same(t, "so another may ring", admit("2", onePending), true)
	same(t, "two are the most", fresh(two), false)
	same(t, "but not for one that is there", admit("2", two), true)
	same(t, "counted", count(), "2 1")
	ok, err := s.AdmitCall(ctx, calls.Event{ID: "b", TrunkID: "ST_b", Updated: start}, two, silent)
	must(t, err)
	same(t, "another trunk", ok, true)
	loads, err := s.Loads(ctx, silent)
	must(t, err)
	same(t, "each its own", loads, map[string]calls.Load{"ST_a": {Calls: 2, Pending: 1}, "ST_b": {Calls: 1, Pending: 1}})
	must(t, s.RecordCalls(ctx, calls.Event{ID: "1", State: calls.Ended, Updated: start}))
	same(t, "without an id, which leaves no record", sprint(admit("", two), admit("", two), count()), "true true 1 1")
	same(t, "after one has ended", admit("3", two), true)
	same(t, "an ended one does not come back", admit("1", two), false)
	unproven := func(id string, q calls.Quota) bool {
		t.Helper()
		ok, err := s.AdmitCall(ctx, calls.Event{ID: id, TrunkID: "ST_a", Updated: start, Proof: calls.Unproven}, q, silent)
		must(t, err)
		return ok
	}
	same(t, "one that has shown no credentials", unproven("4", calls.Quota{MaxCalls: 3}), true)
	same(t, "takes no line", count(), "2 2")
	same(t, "and has none", unproven("4", two), false)
	must(t, s.RecordCalls(ctx, calls.Event{ID: "4", State: calls.Incoming, Updated: start}))
	same(t, "also when its state is told", count(), "2 2")
	must(t, s.RecordCalls(ctx, calls.Event{ID: "4", State: calls.Incoming, Proof: calls.Proven, Updated: start}))
	same(t, "until it has shown them", count(), "3 3")
	same(t, "for good", sprint(unproven("4", two), count()), "true 3 3")
	silent = start
	same(t, "calls that went silent", count(), "0 0")
	same(t, "count for nothing", fresh(two), true)
}

func crowdsAreSeen(t *testing.T, s Store) {
	ctx := t.Context()
	room, quiet := ways(t, s), newRoom()
	record := func(id, room, key string, at time.Time) {
		t.Helper()
		must(t, s.RecordCalls(ctx, calls.Event{ID: id, RoomID: room, CallerKey: key, State: calls.Active, Started: at, Updated: at}))
	}
	record("0", room, "early", start.Add(-time.Second))
	for i, key := range []string{"a", "b", "a", "b", "c"} {
		record(fmt.Sprint("loud", i), room, key, start)
		record(fmt.Sprint("quiet", i), quiet, "a", start)
		record(fmt.Sprint("refused", i), "", key, start)
	}
	for callers, want := range map[int][]string{3: {room}, 4: {}} {
		rooms, err := s.Crowds(ctx, start, callers)
		must(t, err)
		same(t, "crowds", rooms, want)
	}
	force := func(now, until time.Time) bool {
		t.Helper()
		began, err := s.ForceLobby(ctx, room, now, until)
		must(t, err)
		return began
	}
	same(t, "begins", force(start, start.Add(time.Hour)), true)
	same(t, "goes on", force(start.Add(time.Second), start.Add(2*time.Hour)), false)
	same(t, "is not cut short", force(start.Add(time.Second), start.Add(time.Hour)), false)
	must(t, s.SetRoomLive(ctx, room, true, start))
	l, err := s.LookupPIN(ctx, "ST_a", "0001")
	must(t, err)
	same(t, "until", sprint(l.Live, l.CrowdedUntil), sprint(true, start.Add(2*time.Hour)))
	tried := newGuesser(t, s, "ada").try("ST_a", "0001")
	same(t, "told with a try", tried.CrowdedUntil, start.Add(2*time.Hour))
	must(t, s.SetRoomLive(ctx, room, false, start.Add(time.Second)))
	for _, c := range []struct {
		before        time.Time
		forced, freed int
	}{{start.Add(time.Hour), 1, 0}, {start.Add(3 * time.Hour), 0, 1}} {
		n, err := s.ForcedLobbies(ctx, c.before)
		must(t, err)
		same(t, "forced", n, c.forced)
		n, err = s.DeleteRoomStates(ctx, c.before, 10)
		must(t, err)
		same(t, "forgotten", n, c.freed)
	}
}
