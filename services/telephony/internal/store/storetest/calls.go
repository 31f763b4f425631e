package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/page"
)

func sprint(values ...any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, " ")
}

func onlyCall(t *testing.T, s Store) calls.Call {
	t.Helper()
	list, total, err := s.Calls(t.Context(), calls.Filter{}, page.Window{Limit: 10})
	must(t, err)
	if len(list) != 1 || total != 1 {
		t.Fatalf("%d calls of %d, want 1", len(list), total)
	}
	return list[0]
}

func callsGoForward(t *testing.T, s Store) {
	record := func(e calls.Event) {
		t.Helper()
		e.ID = "SCL_1"
		must(t, s.RecordCalls(t.Context(), e))
	}
	record(calls.Event{State: calls.Incoming, Caller: "+33 6 •• •• •• 12", Called: "+33123456789", Started: start, Updated: start})
	record(calls.Event{State: calls.Active, TrunkID: "ST_a", RoomID: "r", Answered: start.Add(time.Second), Updated: start.Add(2 * time.Second)})
	record(calls.Event{State: calls.Joined, TrunkID: "ST_other", RoomID: "other", Caller: "x", Called: "y", Updated: start.Add(time.Second)})
	want := calls.Call{
		ID: "SCL_1", TrunkID: "ST_a", RoomID: "r", State: calls.Active, Caller: "+33 6 •• •• •• 12", Called: "+33123456789",
		Started: start, Answered: start.Add(time.Second), Updated: start.Add(2 * time.Second),
	}
	same(t, "active", onlyCall(t, s), want)
	record(calls.Event{State: calls.Ended, Ended: start.Add(time.Minute), EndReason: "hung up", SIPStatus: 200, SIPReason: "OK", Updated: start.Add(time.Minute)})
	record(calls.Event{State: calls.Failed, Ended: start.Add(time.Hour), EndReason: "late", Refusal: "late", SIPStatus: 487, SIPReason: "Request Terminated", Updated: start.Add(time.Minute)})
	record(calls.Event{State: calls.Incoming, Updated: start})
	want.State, want.Ended, want.EndReason, want.Refusal, want.Updated =
		calls.Ended, start.Add(time.Minute), "hung up", "late", start.Add(time.Minute)
	want.SIPStatus, want.SIPReason = 200, "OK"
	same(t, "ended", onlyCall(t, s), want)
}

func callsAreListed(t *testing.T, s Store) {
	for i, c := range []calls.Call{
		{ID: "1", TrunkID: "ST_a", RoomID: "r1", State: calls.Ended},
		{ID: "2", TrunkID: "ST_a", RoomID: "r2", State: calls.Active},
		{ID: "3", TrunkID: "ST_b", RoomID: "r1", State: calls.Incoming},
	} {
		c.Started = start.Add(time.Duration(i) * time.Second)
		c.Updated = c.Started
		must(t, s.RecordCalls(t.Context(), c))
	}
	for name, c := range map[string]struct {
		f     calls.Filter
		w     page.Window
		ids   string
		total int
	}{
		"all":           {calls.Filter{}, page.Window{Limit: 10}, "3 2 1", 3},
		"second page":   {calls.Filter{}, page.Window{Limit: 2, Offset: 2}, "1", 3},
		"room":          {calls.Filter{RoomID: "r1"}, page.Window{Limit: 10}, "3 1", 2},
		"trunk":         {calls.Filter{TrunkID: "ST_a"}, page.Window{Limit: 10}, "2 1", 2},
		"live":          {calls.Filter{Live: true}, page.Window{Limit: 10}, "3 2", 2},
		"all together":  {calls.Filter{TrunkID: "ST_a", RoomID: "r2", Live: true}, page.Window{Limit: 10}, "2", 1},
		"past the end":  {calls.Filter{}, page.Window{Limit: 10, Offset: 9}, "", 3},
		"none of these": {calls.Filter{RoomID: "r9"}, page.Window{Limit: 10}, "", 0},
	} {
		list, total, err := s.Calls(t.Context(), c.f, c.w)
		must(t, err)
		ids := make([]any, 0, len(list))
		for _, call := range list {
			ids = append(ids, call.ID)
		}
		if got := sprint(ids...); got != c.ids || total != c.total {
			t.Errorf("%s: calls %q of %d, want %q of %d", name, got, total, c.ids, c.total)
		}
	}
}

// callsAreRecordedTogether: batches of the same calls in opposite orders, at once.
func callsAreRecordedTogether(t *testing.T, s Store) {
	const n = 50
	there, back := make([]calls.Event, 0, n), make([]calls.Event, n)
	for i := range n {
		e := calls.Event{ID: fmt.Sprint(i), State: calls.Incoming, Started: start, Updated: start}
		there = append(there, e)
		e.State, e.Answered = calls.Active, start.Add(time.Second)
		back[n-1-i] = e
	}
	var group errgroup.Group
	for range 4 {
		group.Go(func() error { return s.RecordCalls(t.Context(), there...) })
		group.Go(func() error { return s.RecordCalls(t.Context(), back...) })
	}
	must(t, group.Wait())
	list, total, err := s.Calls(t.Context(), calls.Filter{}, page.Window{Limit: 100})
	must(t, err)
	for _, call := range list {
		if call.State != calls.Active || !call.Answered.Equal(start.Add(time.Second)) {
			t.Errorf("call %+v", call)
		}
	}
	same(t, "calls", total, n)
	must(t, s.RecordCalls(t.Context(), calls.Event{ID: "0", State: calls.Ended, Updated: start}, calls.Event{ID: "0", State: calls.Active, Updated: start}))
	live, total, err := s.Calls(t.Context(), calls.Filter{Live: true}, page.Window{Limit: 100})
	must(t, err)
	same(t, "live", total, n-1)
	same(t, "live on the page", len(live), n-1)
}

func callsEnd(t *testing.T, s Store) {
	ctx := t.Context()
	must(t, s.RecordCalls(ctx, calls.Event{ID: "1", State: calls.Active, Updated: start}))
	n, err := s.FailCalls(ctx, calls.Doubt{Reason: "silent", Before: start}, start.Add(time.Hour), 10)
	must(t, err)
	same(t, "not silent long enough", n, 0)
	n, err = s.FailCalls(ctx, calls.Doubt{Reason: "silent", Before: start.Add(time.Second)}, start.Add(time.Hour), 10)
	must(t, err)
	same(t, "silent", n, 1)
	got := onlyCall(t, s)
	if got.State != calls.Failed || got.EndReason != "silent" || !got.Ended.Equal(start.Add(time.Hour)) || !got.Started.Equal(start) {
		t.Errorf("call %+v", got)
	}
	n, err = s.DeleteCalls(ctx, start.Add(time.Hour), 10)
	must(t, err)
	same(t, "too young", n, 0)
	n, err = s.DeleteCalls(ctx, start.Add(2*time.Hour), 10)
	must(t, err)
	same(t, "old", n, 1)
}

// bridgesDie: the calls of a bridge that has died fail, unless they are over; if it
// has not, they go on.
func bridgesDie(t *testing.T, s Store) {
	ctx, later := t.Context(), start.Add(time.Hour)
	for _, e := range []calls.Event{
		{ID: "a1", Bridge: "A", State: calls.Incoming}, {ID: "a2", State: calls.Incoming}, {ID: "a3", Bridge: "A", State: calls.Active},
		{ID: "a4", Bridge: "A", State: calls.Ended, Ended: start, EndReason: "hung up"},
		{ID: "b1", Bridge: "B", State: calls.Active}, {ID: "c1", Bridge: "C", State: calls.Ended}, {ID: "none", State: calls.Active},
	} {
		e.Started, e.Updated = start, start
		must(t, s.RecordCalls(ctx, e))
	}
	must(t, s.RecordCalls(ctx, calls.Event{ID: "a2", Bridge: "A", State: calls.Incoming, Updated: start},
		calls.Event{ID: "b1", Bridge: "A", State: calls.Active, Updated: start}))
	bridges := func(want ...string) {
		t.Helper()
		got, err := s.Bridges(ctx)
		must(t, err)
		same(t, "bridges", sprint(got), sprint(want))
	}
	bridges("A", "B")
	for bridge, failed := range map[string][]int{"A": {2, 1, 0}, "C": {0}, "": {0}} {
		for _, want := range failed {
			n, err := s.FailCalls(ctx, calls.Doubt{Reason: "gone", Bridge: bridge}, later, 2)
			must(t, err)
			same(t, "failed", n, want)
		}
	}
	bridges("B")
	must(t, s.RecordCalls(ctx, calls.Event{ID: "a3", State: calls.Active, Updated: later}))
	bridges("A", "B")
	for id, want := range map[string]calls.Call{
		"a1": {State: calls.Failed, Ended: later, EndReason: "gone", Updated: later}, "a3": {State: calls.Active, Updated: later},
		"a4": {State: calls.Ended, Ended: start, EndReason: "hung up", Updated: start}, "none": {State: calls.Active, Updated: start},
	} {
		want.ID, want.Started = id, start
		got, err := s.Call(ctx, id)
		must(t, err)
		same(t, id, got, want)
	}
}

// promptsFail: of calls that are not over, those without a room that were not heard
// of since a time.
func promptsFail(t *testing.T, s Store) {
	ctx, later := t.Context(), start.Add(time.Hour)
	for _, e := range []calls.Event{
		{ID: "1", State: calls.Incoming, Updated: start}, {ID: "2", State: calls.Incoming, Updated: start},
		{ID: "late", State: calls.Incoming, Updated: start.Add(time.Second)}, {ID: "room", RoomID: "r", State: calls.Incoming, Updated: start},
		{ID: "ended", State: calls.Ended, Updated: start},
	} {
		must(t, s.RecordCalls(ctx, e))
	}
	n, err := s.FailCalls(ctx, calls.Doubt{Reason: "doubtful", Prompt: true}, later, 10)
	must(t, err)
	same(t, "of no time", n, 0)
	for _, want := range []int{1, 1, 0} {
		n, err := s.FailCalls(ctx, calls.Doubt{Reason: "doubtful", Before: start.Add(time.Second), Prompt: true}, later, 1)
		must(t, err)
		same(t, "failed", n, want)
	}
	must(t, s.RecordCalls(ctx, calls.Event{ID: "2", RoomID: "r", State: calls.Incoming, Updated: later}))
	for id, want := range map[string]calls.Call{
		"1": {State: calls.Failed, Started: start, Ended: later, EndReason: "doubtful", Updated: later},
		"2": {State: calls.Incoming, RoomID: "r", Started: start, Updated: later},
	} {
		want.ID = id
		got, err := s.Call(ctx, id)
		must(t, err)
		same(t, id, got, want)
	}
	live, _, err := s.Calls(ctx, calls.Filter{Live: true}, page.Window{Limit: 10})
	must(t, err)
	same(t, "live", len(live), 3)
}

// silentCallsGoOn: a call that was taken for failed, as nobody had heard of it, is
// what the next event says. One that failed does not come back.
func silentCallsGoOn(t *testing.T, s Store) {
	ctx, later := t.Context(), start.Add(2*time.Hour)
	for _, e := range []calls.Event{
		{ID: "prompt", State: calls.Incoming}, {ID: "left", State: calls.Incoming}, {ID: "quiet", State: calls.Active},
		{ID: "bridge", RoomID: "r", State: calls.HandedOver, Ended: start},
		{ID: "failed", State: calls.Failed, Ended: start, EndReason: "failed"}, {ID: "refused", State: calls.Failed, Refusal: "pin_unknown", Ended: start},
	} {
		e.TrunkID, e.Started, e.Updated = "ST_a", start, start
		must(t, s.RecordCalls(ctx, e))
	}
	n, err := s.FailCalls(ctx, calls.Doubt{Reason: "silent", Before: start.Add(time.Minute)}, start.Add(time.Hour), 10)
	must(t, err)
	same(t, "silent", n, 3)
	for id, state := range map[string]calls.State{"prompt": calls.Incoming, "left": calls.Ended, "failed": calls.Active, "refused": calls.Active, "bridge": calls.Failed} {
		e := calls.Event{ID: id, RoomID: "r", State: state, Updated: later}
		if state == calls.Ended {
			e.Ended, e.EndReason = later, "hung up"
		}
		must(t, s.RecordCalls(ctx, e))
	}
	must(t, s.RecordCalls(ctx, calls.Event{ID: "prompt", State: calls.Active, Answered: later, Updated: later}))
	want := map[string]calls.Call{
		"prompt":  {RoomID: "r", State: calls.Active, Answered: later, Updated: later},
		"left":    {RoomID: "r", State: calls.Ended, Ended: later, EndReason: "hung up", Updated: later},
		"quiet":   {State: calls.Failed, Ended: start.Add(time.Hour), EndReason: "silent", Updated: start.Add(time.Hour)},
		"bridge":  {RoomID: "r", State: calls.HandedOver, Ended: start, Updated: later},
		"failed":  {RoomID: "r", State: calls.Failed, Ended: start, EndReason: "failed", Updated: later},
		"refused": {RoomID: "r", State: calls.Failed, Ended: start, Refusal: "pin_unknown", Updated: later},
	}
	for id, call := range want {
		call.ID, call.TrunkID, call.Started = id, "ST_a", start
		got, err := s.Call(ctx, id)
		must(t, err)
		same(t, id, got, call)
	}
	live, pending, err := s.LiveCalls(ctx, "ST_a", start.Add(time.Hour))
	must(t, err)
	same(t, "live", sprint(live, pending), "1 0")
	must(t, s.RecordCalls(ctx, calls.Event{ID: "prompt", State: calls.Ended, Ended: later, Updated: later}))
	must(t, s.RecordCalls(ctx, calls.Event{ID: "prompt", State: calls.Active, Updated: later}))
	got, err := s.Call(ctx, "prompt")
	must(t, err)
	same(t, "over for good", got.State, calls.Ended)
}

func callsAreRefused(t *testing.T, s Store) {
	ctx := t.Context()
	refuse := func(id, trunkID, reason string, at time.Duration) {
		t.Helper()
		when := start.Add(at)
		must(t, s.RecordCalls(ctx, calls.Event{ID: id, TrunkID: trunkID, State: calls.Failed, Refusal: reason, Started: when, Updated: when}))
	}
	refuse("1", "ST_a", "pin_unknown", -time.Second)
	refuse("2", "ST_a", "pin_unknown", 0)
	refuse("3", "ST_a", "throttled", time.Second)
	refuse("4", "ST_b", "throttled", 0)
	refuse("5", "", "number_unknown", 0)
	must(t, s.RecordCalls(ctx, calls.Event{ID: "6", TrunkID: "ST_a", State: calls.Ended, Started: start, Updated: start}))
	for trunkID, want := range map[string]string{"ST_a": "3 2 1", "ST_b": "4", "": "5", "ST_none": ""} {
		list, total, err := s.Calls(ctx, calls.Filter{TrunkID: trunkID, Refused: true}, page.Window{Limit: 10})
		must(t, err)
		ids := make([]any, 0, len(list))
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		same(t, "refused on "+trunkID, sprint(ids...), want)
		same(t, "total", total, len(list))
	}
	for trunkID, want := range map[string]map[string]int{
		"ST_a": {"pin_unknown": 1, "throttled": 1}, "": {"number_unknown": 1}, "ST_none": {},
	} {
		got, err := s.Refusals(ctx, trunkID, start)
		must(t, err)
		same(t, "reasons on "+trunkID, got, want)
	}
}

func numbersAreForgotten(t *testing.T, s Store) {
	ctx := t.Context()
	_, err := s.Call(ctx, "1")
	wantReason(t, err, apierr.CallNotFound)
	for i, id := range []string{"1", "2"} {
		at := start.Add(time.Duration(i) * time.Hour)
		must(t, s.RecordCalls(ctx, calls.Event{ID: id, State: calls.Active, Started: at, Updated: at}))
		must(t, s.RecordCalls(ctx, calls.Event{ID: id, State: calls.Active, CallerNumber: []byte{0, 1, 2}, Updated: at}))
		must(t, s.RecordCalls(ctx, calls.Event{ID: id, State: calls.Active, CallerNumber: []byte{3}, Updated: at}))
	}
	number := func(id string) string {
		t.Helper()
		c, err := s.Call(ctx, id)
		must(t, err)
		return sprint(c.ID, c.CallerNumber)
	}
	same(t, "the first stays", number("1"), "1 [0 1 2]")
	for i, c := range []struct {
		before time.Duration
		want   int
	}{{0, 0}, {time.Hour, 1}, {time.Hour, 0}} {
		n, err := s.ForgetNumbers(ctx, start.Add(c.before), 10)
		must(t, err)
		same(t, sprint("round", i), n, c.want)
	}
	same(t, "forgotten", number("1"), "1 []")
	same(t, "kept", number("2"), "2 [0 1 2]")
}

func callsChange(t *testing.T, s Store) {
	ctx := t.Context()
	for i, c := range []calls.Call{
		{ID: "b", TrunkID: "ST_a", State: calls.Active}, {ID: "a", TrunkID: "ST_a", RoomID: "r", State: calls.Ended},
		{ID: "c", TrunkID: "ST_b", State: calls.Active}, {ID: "d", TrunkID: "ST_a", State: calls.Active},
	} {
		c.Started = start
		c.Updated = start.Add(time.Duration(i/2) * time.Second) // two at each time
		must(t, s.RecordCalls(ctx, c))
	}
	ids := func(f calls.Filter, since time.Time, after *calls.Call, limit int) (text string, last *calls.Call) {
		t.Helper()
		list, err := s.ChangedCalls(ctx, f, since, after, limit)
		must(t, err)
		for i := range list {
			text, last = text+list[i].ID, &list[i]
		}
		return text, last
	}
	first, last := ids(calls.Filter{}, start, nil, 3)
	same(t, "in order", first, "abc")
	rest, _ := ids(calls.Filter{}, start, last, 3)
	same(t, "the rest", rest, "d")
	for what, c := range map[string]struct {
		f     calls.Filter
		since time.Time
		want  string
	}{
		"since": {calls.Filter{}, start.Add(time.Second), "cd"}, "trunk": {calls.Filter{TrunkID: "ST_a"}, start, "abd"},
		"room": {calls.Filter{RoomID: "r"}, start, "a"}, "live": {calls.Filter{Live: true}, time.Time{}, "bcd"},
		"none": {calls.Filter{}, start.Add(time.Hour), ""},
	} {
		got, _ := ids(c.f, c.since, nil, 10)
		same(t, what, got, c.want)
	}
	got, _ := ids(calls.Filter{TrunkID: "ST_a"}, start, last, 10)
	same(t, "filtered, behind", got, "d")
}
