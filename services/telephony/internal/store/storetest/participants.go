package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// fact is something that is told of a call: an event, or its participant.
type fact struct {
	name string
	tell func(t *testing.T, s Store, id string)
}

func told(name string, e calls.Event) fact {
	return fact{name, func(t *testing.T, s Store, id string) {
		t.Helper()
		e.ID, e.TrunkID, e.RoomID, e.Started, e.Updated = id, "ST_a", "r", start.Add(-10*time.Second), start.Add(time.Hour)
		must(t, s.RecordCalls(t.Context(), e))
	}}
}

// seen is a participant that joined, and left for "gone" unless left is zero.
func seen(name string, joined, left time.Duration) fact {
	return fact{name, func(t *testing.T, s Store, id string) {
		t.Helper()
		p := calls.Participant{CallID: id, RoomID: "r", TrunkID: "ST_a", Joined: start.Add(joined)}
		if left != 0 {
			p.Left, p.LeaveReason = start.Add(left), "gone"
		}
		must(t, s.NoteParticipant(t.Context(), p, start.Add(time.Hour)))
	}}
}

// orders calls do with the facts in each order, and with all of them told twice.
func orders(facts []fact, do func(order []fact)) {
	var permute func(done, rest []fact)
	permute = func(done, rest []fact) {
		if len(rest) == 0 {
			do(done)
			do(append(append([]fact{}, done...), done...))
			return
		}
		for i := range rest {
			left := append(append([]fact{}, rest[:i]...), rest[i+1:]...)
			permute(append(append([]fact{}, done...), rest[i]), left)
		}
	}
	permute(nil, facts)
}

// participantsAreNoted: whatever is told of a call's participants and by LiveKit
// SIP gives one record, in each order and repeated.
func participantsAreNoted(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 10)
	const first, firstLeft, second, secondLeft = time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute
	joined, left := seen("joined", first, 0), seen("left", first, firstLeft)
	back, gone := seen("joined again", second, 0), seen("left again", second, secondLeft)
	active := told("active", calls.Event{State: calls.Active, Answered: start})
	over := told("disconnected", calls.Event{
		State: calls.Ended, Ended: start.Add(5 * time.Minute), EndReason: "hung up", SIPStatus: 200, SIPReason: "OK",
	})
	failed := told("failed", calls.Event{State: calls.Failed, Ended: start.Add(time.Minute / 2), EndReason: "no media", SIPStatus: 500})
	early := start.Add(-10 * time.Second)
	byThem := calls.Call{State: calls.Ended, Started: start.Add(first), Ended: start.Add(firstLeft), EndReason: "gone"}
	byLiveKitSIP := calls.Call{
		State: calls.Ended, Started: early, Ended: start.Add(5 * time.Minute), EndReason: "hung up", SIPStatus: 200, SIPReason: "OK",
	}
	answered := func(c calls.Call) calls.Call {
		c.Started, c.Answered = early, start
		return c
	}
	n := 0
	for name, c := range map[string]struct {
		facts []fact
		want  calls.Call
	}{
		"is there":           {[]fact{joined}, calls.Call{State: calls.Joined, Started: start.Add(first)}},
		"left":               {[]fact{joined, left}, byThem},
		"left, known late":   {[]fact{left}, byThem},
		"came back":          {[]fact{joined, left, back}, calls.Call{State: calls.Joined, Started: start.Add(first)}},
		"left for good":      {[]fact{joined, left, back, gone}, calls.Call{State: calls.Ended, Started: start.Add(first), Ended: start.Add(secondLeft), EndReason: "gone"}},
		"active":             {[]fact{joined, active}, calls.Call{State: calls.Active, Started: early, Answered: start}},
		"active, left":       {[]fact{joined, active, left}, answered(byThem)},
		"active, came back":  {[]fact{active, joined, left, back}, calls.Call{State: calls.Active, Started: early, Answered: start}},
		"told its end":       {[]fact{joined, over}, byLiveKitSIP},
		"told its end, left": {[]fact{active, left, over}, answered(byLiveKitSIP)},
		"told its end, back": {[]fact{over, left, back, gone}, byLiveKitSIP},
		"told a failure":     {[]fact{joined, left, failed}, calls.Call{State: calls.Failed, Started: early, Ended: start.Add(time.Minute / 2), EndReason: "no media", SIPStatus: 500}},
	} {
		orders(c.facts, func(order []fact) {
			n++
			id, in := fmt.Sprint("SCL_", n), name
			for _, f := range order {
				f.tell(t, s, id)
				in += ", " + f.name
			}
			got, err := s.Call(t.Context(), id)
			must(t, err)
			want := c.want
			want.ID, want.TrunkID, want.RoomID, want.Updated = id, "ST_a", "r", start.Add(time.Hour)
			same(t, in, got, want)
		})
	}
}

// participantsOfOthers: no record comes of a trunk that is not there, and nothing
// of a record that says more.
func participantsOfOthers(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 10)
	note := func(id, trunkID string, at time.Duration) {
		t.Helper()
		must(t, s.NoteParticipant(ctx, calls.Participant{
			CallID: id, RoomID: "r", TrunkID: trunkID, Joined: start, Left: start.Add(at), LeaveReason: "gone",
		}, start.Add(time.Hour)))
	}
	for _, trunkID := range []string{"", "ST_other"} {
		note("stranger", trunkID, time.Minute)
		_, err := s.Call(ctx, "stranger")
		wantReason(t, err, apierr.CallNotFound)
	}
	bridge := calls.Call{ID: "bridge", RoomID: "b", State: calls.HandedOver, Started: start, Ended: start, Updated: start}
	refused := calls.Call{ID: "refused", State: calls.Failed, Refusal: "pin_unknown", Started: start, Ended: start, Updated: start}
	ours := calls.Call{ID: "ours", TrunkID: "ST_gone", RoomID: "o", State: calls.Active, Called: "+331", Started: start, Updated: start}
	for _, c := range []calls.Call{bridge, refused, ours} {
		must(t, s.RecordCalls(ctx, c))
		note(c.ID, "ST_a", time.Minute)
	}
	ours.State, ours.Ended, ours.EndReason, ours.Updated = calls.Ended, start.Add(time.Minute), "gone", start.Add(time.Hour)
	for _, want := range []calls.Call{bridge, refused, ours} {
		got, err := s.Call(ctx, want.ID)
		must(t, err)
		same(t, want.ID, got, want)
	}
	// What is known already does not make a record young again.
	must(t, s.NoteParticipant(ctx, calls.Participant{CallID: "ours", RoomID: "r", Joined: start, Left: start.Add(time.Minute)}, start.Add(2*time.Hour)))
	got, err := s.Call(ctx, "ours")
	must(t, err)
	same(t, "repeated", got, ours)
	live, _, err := s.LiveCalls(ctx, "ST_gone", start)
	must(t, err)
	same(t, "live", live, 0)
}

// participantsBreakSilence: who comes or goes after the call was taken for failed
// shows that it went on; what was known before does not.
func participantsBreakSilence(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 10)
	silent := start.Add(time.Hour)
	note := func(id string, joined, left time.Duration) {
		t.Helper()
		seen("", joined, left).tell(t, s, id)
	}
	for _, id := range []string{"stays", "leaves", "repeats", "comes"} {
		must(t, s.RecordCalls(ctx, calls.Event{ID: id, TrunkID: "ST_a", RoomID: "r", State: calls.Active, Started: start, Updated: start}))
		if id != "comes" {
			must(t, s.NoteParticipant(ctx, calls.Participant{CallID: id, RoomID: "r", Joined: start}, start))
		}
	}
	n, err := s.FailCalls(ctx, calls.Doubt{Reason: "silent", Before: start.Add(time.Minute)}, silent, 10)
	must(t, err)
	same(t, "silent", n, 4)
	note("stays", time.Minute, 0)
	note("leaves", 0, time.Minute)
	note("repeats", 0, 0)
	note("comes", time.Minute, 0)
	for id, want := range map[string]calls.Call{
		"stays": {State: calls.Joined}, "comes": {State: calls.Joined},
		"leaves":  {State: calls.Ended, Ended: start.Add(time.Minute), EndReason: "gone"},
		"repeats": {State: calls.Failed, Ended: silent, EndReason: "silent"},
	} {
		want.ID, want.TrunkID, want.RoomID, want.Started, want.Updated = id, "ST_a", "r", start, silent
		got, err := s.Call(ctx, id)
		must(t, err)
		same(t, id, got, want)
	}
	must(t, s.RecordCalls(ctx, calls.Event{ID: "leaves", State: calls.Active, Updated: silent}))
	must(t, s.RecordCalls(ctx, calls.Event{ID: "stays", State: calls.Active, Updated: silent}))
	becomes := func(id, what string, want calls.State) {
		t.Helper()
		got, err := s.Call(ctx, id)
		must(t, err)
		same(t, id+", "+what, got.State, want)
	}
	becomes("leaves", "and is told of late", calls.Ended)
	becomes("stays", "and is told of", calls.Active)
	note("leaves", 2*time.Minute, 0)
	becomes("leaves", "and comes back", calls.Active)
}

// callsAreRenewed: only those whose participant is in a room that is live.
func callsAreRenewed(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 10)
	room, over := newRoom(), newRoom()
	must(t, s.SetRoomLive(ctx, room, true, start))
	must(t, s.SetRoomLive(ctx, over, false, start))
	for _, c := range []struct {
		id, room string
		left     time.Duration
		now      time.Time
	}{
		{"there", room, 0, start}, {"there too", room, 0, start}, {"young", room, 0, start.Add(time.Minute)},
		{"left", room, time.Second, start}, {"over", over, 0, start}, {"nowhere", "r", 0, start},
	} {
		p := calls.Participant{CallID: c.id, RoomID: c.room, TrunkID: "ST_a", Joined: start}
		if c.left > 0 {
			p.Left = start.Add(c.left)
		}
		must(t, s.NoteParticipant(ctx, p, c.now))
	}
	must(t, s.RecordCalls(ctx, calls.Event{ID: "unseen", RoomID: room, State: calls.Active, Started: start, Updated: start},
		calls.Event{ID: "ended", RoomID: room, State: calls.Ended, Started: start, Ended: start, Updated: start}))
	must(t, s.NoteParticipant(ctx, calls.Participant{CallID: "ended", RoomID: room, Joined: start}, start))
	before, now := start.Add(time.Minute), start.Add(time.Hour)
	for i, want := range []int{1, 1, 0} {
		n, err := s.RenewCalls(ctx, before, now, 1)
		must(t, err)
		same(t, sprint("round", i), n, want)
	}
	n, err := s.FailCalls(ctx, calls.Doubt{Reason: "silent", Before: now}, now, 10)
	must(t, err)
	same(t, "silent", n, 4) // young, over, nowhere, unseen
	for id, want := range map[string]calls.State{
		"there": calls.Joined, "there too": calls.Joined, "young": calls.Failed, "left": calls.Ended, "over": calls.Failed,
		"nowhere": calls.Failed, "unseen": calls.Failed, "ended": calls.Ended,
	} {
		got, err := s.Call(ctx, id)
		must(t, err)
		same(t, id, got.State, want)
	}
}
