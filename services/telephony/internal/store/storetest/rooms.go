package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

func roomsAreLive(t *testing.T, s Store) {
	ctx := t.Context()
	room := ways(t, s)
	live := func() bool {
		t.Helper()
		l, err := s.LookupPIN(ctx, "ST_a", "0001")
		must(t, err)
		return l.Live
	}
	same(t, "nobody has told", live(), false)
	for i, c := range []struct {
		live bool
		at   time.Duration
		want bool
	}{
		{false, 0, false}, {true, 0, true}, {false, 0, true}, // at the same time, live wins
		{false, time.Second, false}, {true, time.Second / 2, false}, {true, 2 * time.Second, true},
		{false, time.Second, true}, {false, 3 * time.Second, false}, {false, 3 * time.Second, false},
	} {
		must(t, s.SetRoomLive(ctx, room, c.live, start.Add(c.at)))
		if live() != c.want {
			t.Errorf("event %d: live %v", i, live())
		}
	}
	must(t, s.SetRoomLive(ctx, newRoom(), true, start))
	n, err := s.DeleteRoomStates(ctx, start.Add(3*time.Second), 10)
	must(t, err)
	same(t, "too young, or live", n, 0)
	n, err = s.DeleteRoomStates(ctx, start.Add(time.Hour), 10)
	must(t, err)
	same(t, "over for long", n, 1)
}

func triesWaitForTheRoom(t *testing.T, s Store) {
	ctx := t.Context()
	room := ways(t, s)
	_, err := s.UpdateTrunk(ctx, "ST_a", func(trunk *trunks.Trunk) error {
		trunk.Arming = trunks.ArmingLive
		return nil
	})
	must(t, err)
	g := newGuesser(t, s, "ada")
	wants := func(what, digits, want string) {
		t.Helper()
		tried := g.try("ST_a", digits)
		same(t, what, sprint(tried.Found, tried.Armed(g.now), tried.Throttled, tried.Charged), want)
	}
	for i := range limits.CallerOnTrunk.Wrong + 1 {
		wants(fmt.Sprint("early ", i), "0001", "true false false []")
	}
	same(t, "not charged, but written", g.standings("ST_a"), "[ 0 0 0s][ST_a 0 0 0s]")
	if again := g.repeat("ST_a", "9999"); !again.Throttled {
		t.Error("a second PIN in the call of an early one")
	}
	wants("wrong", "9999", "false false false [1 1]")
	wants("over", "0003", "true false false [2 2]")
	must(t, s.SetRoomLive(ctx, room, true, start))
	wants("in time", "0001", "true true false []")
	same(t, "a right PIN forgives", g.standings("ST_a"), "[ 2 0 0s][ST_a 0 0 0s]")
	must(t, s.SetRoomLive(ctx, room, false, start.Add(time.Second)))
	wants("late", "0001", "true false false []")
	wrong, err := s.WrongPINs(ctx, start)
	must(t, err)
	same(t, "rates know of the wrong ones alone", wrong, map[string]int{"ST_a": 2})
}
