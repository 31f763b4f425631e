package storetest

import (
	"testing"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

func importedPINs(t *testing.T, s Store) {
	ctx := t.Context()
	addTrunk(t, s, "ST_a", 4)
	addTrunk(t, s, "ST_b", 4)
	room, other := newRoom(), newRoom()
	until := start.Add(time.Hour)
	importTo := func(trunkID, digits, room string) pins.Result {
		t.Helper()
		r, err := s.ImportPIN(ctx, pins.Draw{TrunkID: trunkID, Digits: digits, RoomID: room, Now: start}, until)
		must(t, err)
		return r
	}
	want := func(what, trunkID, digits, room string, outcome pins.Outcome) {
		t.Helper()
		same(t, what, importTo(trunkID, digits, room).Outcome, outcome)
	}
	states := func() string {
		t.Helper()
		text := ""
		for _, digits := range []string{"0001", "0000000002", "0003"} {
			l, err := s.LookupPIN(ctx, "ST_a", digits)
			must(t, err)
			if l.Found && l.RoomID != room {
				t.Errorf("PIN %s is of another room", digits)
			}
			text += string(l.PINState) + " "
		}
		return text
	}
	want("the first", "ST_a", "0001", room, pins.Inserted)
	same(t, "again", importTo("ST_a", "0001", room),
		pins.Result{Outcome: pins.RoomHasPIN, PIN: pins.PIN{TrunkID: "ST_a", Digits: "0001", RoomID: room, State: pins.Current}})
	want("another room's", "ST_a", "0001", other, pins.Collided)
	want("of another length", "ST_a", "0000000002", room, pins.Inserted)
	same(t, "the old one retires", states(), "retiring current  ")
	want("back again", "ST_a", "0001", room, pins.Inserted)
	same(t, "and comes back", states(), "current retiring  ")
	must(t, s.ReleasePINs(ctx, room, until))
	want("a room's, in quarantine", "ST_a", "0001", other, pins.Collided)
	want("its own, in quarantine", "ST_a", "0001", room, pins.Inserted)
	same(t, "taken out of it", states(), "current quarantined  ")
	same(t, "counted once", held(t, s, "ST_a"), 1)
	want("another trunk", "ST_b", "0003", room, pins.Inserted)
	same(t, "retires across trunks", states(), "retiring quarantined  ")
	setState(t, s, "ST_a", trunks.Draining)
	want("closed, its own", "ST_a", "0001", room, pins.TrunkClosed)
	want("closed, new", "ST_a", "0003", room, pins.TrunkClosed)
	want("no trunk", "ST_none", "0003", room, pins.TrunkClosed)
	current, err := s.CurrentPINs(ctx, []string{room, other})
	must(t, err)
	same(t, "failures change nothing", current, []pins.PIN{{TrunkID: "ST_b", Digits: "0003", RoomID: room, State: pins.Current}})
}
