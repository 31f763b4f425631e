package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/rules"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

func setLiveKitTrunk(t *testing.T, s Store, id, liveKitTrunk string) error {
	t.Helper()
	_, err := s.UpdateTrunk(t.Context(), id, func(trunk *trunks.Trunk) error {
		trunk.LiveKitTrunk = liveKitTrunk
		return nil
	})
	return err
}

func liveKitTrunks(t *testing.T, s Store) {
	a := trunkNamed("ST_a", 4)
	a.LiveKitTrunk = "ST_livekit"
	must(t, s.CreateTrunk(t.Context(), a))
	got, err := s.Trunk(t.Context(), "ST_a")
	must(t, err)
	same(t, "kept", got.LiveKitTrunk, "ST_livekit")
	b := trunkNamed("ST_b", 4)
	b.LiveKitTrunk = "ST_livekit"
	if err := s.CreateTrunk(t.Context(), b); !errors.Is(err, trunks.ErrLiveKitTrunkTaken) {
		t.Fatalf("a second one: %v", err)
	}
	addTrunk(t, s, "ST_b", 4)
	addTrunk(t, s, "ST_c", 4) // any number have none
	if err := setLiveKitTrunk(t, s, "ST_b", "ST_livekit"); !errors.Is(err, trunks.ErrLiveKitTrunkTaken) {
		t.Fatalf("a second one, later: %v", err)
	}
	must(t, setLiveKitTrunk(t, s, "ST_a", ""))
	must(t, setLiveKitTrunk(t, s, "ST_b", "ST_livekit"))
}

func rulesAreWanted(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 4)
	addTrunk(t, s, "ST_b", 4)
	must(t, setLiveKitTrunk(t, s, "ST_a", "ST_livekit"))
	live, over, elsewhere := newRoom(), newRoom(), newRoom()
	give(t, s, "ST_a", "0001", live)
	give(t, s, "ST_a", "0002", over)
	give(t, s, "ST_b", "0003", elsewhere)
	for room, is := range map[string]bool{live: true, over: false, elsewhere: true, newRoom(): true} {
		must(t, s.SetRoomLive(ctx, room, is, start))
	}
	wants := func(what string, at time.Time, want ...string) {
		t.Helper()
		list, err := s.WantedRules(ctx, at)
		must(t, err)
		expected := make([]rules.Rule, 0, len(want))
		for _, pin := range want {
			expected = append(expected, rules.Rule{TrunkID: "ST_a", PIN: pin, RoomID: live, LiveKitTrunk: "ST_livekit"})
		}
		same(t, what, list, expected)
	}
	wants("a live room", start, "0001")
	result, err := s.ReplacePIN(ctx, pins.Draw{TrunkID: "ST_a", Digits: "0000", RoomID: live, Now: start}, pins.Retire{Until: start.Add(time.Hour)})
	must(t, err)
	same(t, "replaced", result.Outcome, pins.Inserted)
	wants("with the retiring PIN", start.Add(time.Hour-time.Microsecond), "0000", "0001")
	wants("whose time is over", start.Add(time.Hour), "0000")
	setState(t, s, "ST_a", trunks.Draining)
	wants("on a draining trunk", start, "0000", "0001")
	setState(t, s, "ST_a", trunks.Disabled)
	wants("on a disabled trunk", start)
	setState(t, s, "ST_a", trunks.Active)
	must(t, s.ReleasePINs(ctx, live, start.Add(time.Hour)))
	wants("in quarantine", start)
}

func rulesAreNoted(t *testing.T, s Store) {
	ctx := t.Context()
	rule := rules.Rule{TrunkID: "ST_a", PIN: "0001", RoomID: newRoom(), LiveKitTrunk: "ST_livekit", ClaimedUntil: start}
	other := rules.Rule{TrunkID: "ST_a", PIN: "0000", RoomID: newRoom(), LiveKitTrunk: "ST_livekit", ClaimedUntil: start}
	noted := func(what string, want ...rules.Rule) {
		t.Helper()
		list, err := s.Rules(ctx)
		must(t, err)
		same(t, what, list, want)
	}
	does := func(what string, did bool, err error, want bool) {
		t.Helper()
		must(t, err)
		same(t, what, did, want)
	}
	for _, r := range []rules.Rule{rule, other} {
		did, err := s.ClaimRule(ctx, r)
		does("claimed", did, err, true)
	}
	again := rule
	again.RoomID, again.ClaimedUntil = other.RoomID, start.Add(time.Hour)
	did, err := s.ClaimRule(ctx, again)
	does("claimed twice", did, err, false)
	noted("both", other, rule)

	named := rule
	named.ID = "SDR_1"
	late := named
	late.ClaimedUntil = start.Add(time.Second)
	did, err = s.KeepRule(ctx, late)
	does("another claim", did, err, false)
	did, err = s.KeepRule(ctx, named)
	does("kept", did, err, true)
	did, err = s.KeepRule(ctx, named)
	does("kept twice", did, err, false)
	noted("with its ID", other, named)
	must(t, s.DropRule(ctx, rule)) // as the claim that it was
	must(t, s.DropRule(ctx, late))
	noted("another is not dropped", other, named)
	must(t, s.DropRule(ctx, named))
	must(t, s.DropRule(ctx, other))
	noted("dropped")
}

func rushOnOneRule(t *testing.T, s Store) {
	var (
		claimed atomic.Int32
		running sync.WaitGroup
	)
	for i := range 16 {
		running.Go(func() {
			did, err := s.ClaimRule(t.Context(), rules.Rule{
				TrunkID: "ST_a", PIN: "0001", RoomID: newRoom(), LiveKitTrunk: "ST_livekit", ClaimedUntil: start.Add(time.Duration(i)),
			})
			if err != nil {
				t.Error(err)
			}
			if did {
				claimed.Add(1)
			}
		})
	}
	running.Wait()
	same(t, "claims", claimed.Load(), int32(1))
}
