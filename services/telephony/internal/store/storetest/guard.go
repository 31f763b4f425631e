package storetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

func ratesAreKnown(t *testing.T, s Store) {
	ctx := t.Context()
	ways(t, s)
	for i, at := range []time.Duration{0, 59 * time.Second, time.Minute, 3 * time.Minute} {
		g := newGuesser(t, s, fmt.Sprint(i))
		g.now = start.Add(at)
		g.try("ST_a", "9999")
	}
	loud := newGuesser(t, s, "loud")
	for range limits.CallerOnTrunk.Wrong + 2 {
		loud.try("ST_b", "9999")
	}
	wrong, err := s.WrongPINs(ctx, start.Add(59*time.Second))
	must(t, err)
	same(t, "since then", wrong, map[string]int{"ST_a": 3})
	wrong, err = s.WrongPINs(ctx, start)
	must(t, err)
	same(t, "without what was refused", wrong, map[string]int{"ST_a": 4, "ST_b": limits.CallerOnTrunk.Wrong})
}

// minutesAreKnown: those in which callers were let in, with their wrong PINs.
func minutesAreKnown(t *testing.T, s Store) {
	ways(t, s)
	for i, at := range []time.Duration{0, 59 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute} {
		g := newGuesser(t, s, fmt.Sprint(i))
		g.now = start.Add(at)
		g.try("ST_a", "9999")
	}
	room := newRoom()
	for i, c := range []struct {
		trunk, room, refusal string
		at                   time.Duration
	}{
		{"ST_a", room, "", -time.Second}, {"ST_a", room, "", 0}, {"ST_a", room, "", time.Second}, {"ST_a", room, "", 3 * time.Minute},
		{"ST_a", room, "", 2*time.Minute + time.Second}, {"ST_a", room, "", 4 * time.Minute},
		{"ST_a", "", "", time.Minute}, {"ST_a", room, "room_denied", time.Minute}, {"ST_b", room, "", time.Minute},
	} {
		call := calls.Event{ID: fmt.Sprint("SCL_", i), TrunkID: c.trunk, RoomID: c.room, Refusal: c.refusal, Started: start.Add(c.at), Updated: start.Add(c.at)}
		must(t, s.RecordCalls(t.Context(), call))
	}
	minutes, err := s.Minutes(t.Context(), "ST_a", start, start.Add(4*time.Minute))
	must(t, err)
	slices.SortFunc(minutes, func(a, b throttle.Minute) int { return b.LetIn*10 + b.Wrong - a.LetIn*10 - a.Wrong })
	same(t, "minutes", minutes, []throttle.Minute{{LetIn: 2, Wrong: 2}, {LetIn: 1, Wrong: 1}, {LetIn: 1, Wrong: 1}})
}

func guardedTrunks(t *testing.T, s Store) {
	ctx := t.Context()
	ways(t, s)
	until := func() time.Time {
		t.Helper()
		trunk, err := s.Trunk(ctx, "ST_a")
		must(t, err)
		return trunk.GuardedUntil
	}
	guard := func(now, until time.Time) bool {
		t.Helper()
		began, err := s.Guard(ctx, "ST_a", now, until)
		must(t, err)
		return began
	}
	if !until().IsZero() {
		t.Errorf("guarded from the beginning: %v", until())
	}
	same(t, "begins", guard(start, start.Add(time.Minute)), true)
	same(t, "goes on", guard(start.Add(time.Second), start.Add(time.Hour)), false)
	same(t, "is not cut short", guard(start.Add(time.Second), start.Add(time.Minute)), false)
	setState(t, s, "ST_a", trunks.Draining) // an update leaves it alone
	same(t, "until", until(), start.Add(time.Hour))
	began, err := s.Guard(ctx, "ST_none", start, start.Add(time.Hour))
	must(t, err)
	same(t, "no trunk", began, false)
	for now, want := range map[time.Time][]string{start: {"ST_a"}, start.Add(time.Hour): {}} {
		ids, err := s.Guarded(ctx, now)
		must(t, err)
		same(t, "guarded", ids, want)
	}

	hidden, ada := newGuesser(t, s, ""), newGuesser(t, s, "ada")
	hidden.wants("withheld", "ST_a", "0001", "true true []")
	hidden.wants("withheld, wrong", "ST_a", "9999", "false true []")
	same(t, "counted", hidden.standings("ST_a"), "[ST_a 0 2 0s]")
	hidden.wants("another trunk", "ST_b", "9999", "false false [1]")
	same(t, "with a number", sprint(ada.try("ST_a", "0001").Throttled), "false")
	hidden.now = start.Add(time.Hour)
	hidden.wants("over", "ST_a", "0001", "true false []")
	same(t, "begins again", guard(start.Add(time.Hour), start.Add(2*time.Hour)), true)
}

func guardIsOverridden(t *testing.T, s Store) {
	ctx := t.Context()
	room := ways(t, s)
	mode := func(guard trunks.Guard) {
		t.Helper()
		_, err := s.UpdateTrunk(ctx, "ST_a", func(trunk *trunks.Trunk) error {
			trunk.Guard = guard
			return nil
		})
		must(t, err)
	}
	ada, hidden := newGuesser(t, s, "ada"), newGuesser(t, s, "")
	expect := func(what string, guarded []string, ofAda, ofHidden string) {
		t.Helper()
		ids, err := s.Guarded(ctx, start)
		must(t, err)
		same(t, what, ids, guarded)
		tried := ada.try("ST_a", "0001")
		same(t, what+": with a number", sprint(tried.Armed(start), tried.LobbyForced(start), tried.Throttled, tried.Charged), ofAda)
		tried = hidden.try("ST_a", "0001")
		same(t, what+": withheld", sprint(tried.Throttled, tried.Charged), ofHidden)
	}
	expect("auto, and calm", []string{}, "true false false []", "false []")
	mode(trunks.GuardOn)
	expect("on", []string{"ST_a"}, "false true false []", "true []")
	began, err := s.Guard(ctx, "ST_a", start, start.Add(time.Hour))
	must(t, err)
	same(t, "no alarm for what is always guarded", began, false)
	must(t, s.SetRoomLive(ctx, room, true, start))
	expect("on, room is live", []string{"ST_a"}, "true true false []", "true []")
	mode(trunks.GuardOff)
	expect("off", []string{}, "true false false []", "false []")
	began, err = s.Guard(ctx, "ST_a", start, start.Add(time.Hour))
	must(t, err)
	same(t, "no alarm where guarding is off", began, false)
	mode(trunks.GuardAuto)
	began, err = s.Guard(ctx, "ST_a", start, start.Add(time.Hour))
	must(t, err)
	same(t, "alarm", began, true)
	expect("auto, and guessed", []string{"ST_a"}, "true true false []", "true []")
	must(t, s.SetRoomLive(ctx, room, false, start.Add(time.Second)))
	expect("auto, guessed, room not live", []string{"ST_a"}, "false true false []", "true []")
}

// rushOfGuards lets a crowd of replicas see the same rate: one raises the alarm.
func rushOfGuards(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4)
	var alarms atomic.Int32
	rush(func(int) {
		began, err := s.Guard(t.Context(), "ST_a", start, start.Add(time.Hour))
		if err != nil {
			t.Error(err)
		}
		if began {
			alarms.Add(1)
		}
	})
	same(t, "alarms", alarms.Load(), 1)
}
