package storetest

import (
	"errors"
	"testing"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/telephony/internal/page"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

func trunksAreKept(t *testing.T, s Store) {
	must(t, s.Ready(t.Context()))
	first := trunkNamed("ST_b", 10, "+33123456789", "+33123456780")
	first.AuthUsername, first.SealedPassword = "carrier", []byte{0, 1, 2}
	must(t, s.CreateTrunk(t.Context(), first))
	second := trunkNamed("ST_a", 4)
	second.Created, second.Allowed = start.Add(1000), nil
	must(t, s.CreateTrunk(t.Context(), second))

	got, err := s.Trunk(t.Context(), "ST_b")
	must(t, err)
	same(t, "trunk", *got, *first)
	_, err = s.Trunk(t.Context(), "ST_none")
	wantReason(t, err, apierr.TrunkNotFound)

	all, err := s.AllTrunks(t.Context())
	must(t, err)
	if len(all) != 2 || all[0].ID != "ST_b" || all[1].ID != "ST_a" || len(all[1].Allowed) != 0 {
		t.Fatalf("trunks %v, want ST_b then ST_a", all)
	}
	window, total, err := s.Trunks(t.Context(), page.Window{Limit: 1, Offset: 1})
	must(t, err)
	if total != 2 || len(window) != 1 || window[0].ID != "ST_a" {
		t.Fatalf("second page: %v of %d", window, total)
	}
	taken := trunkNamed("ST_c", 10, "+33100000000", "+33123456780")
	var gone *trunks.NumberTakenError
	if err := s.CreateTrunk(t.Context(), taken); !errors.As(err, &gone) || gone.E164 != "+33123456780" {
		t.Fatalf("a taken number: %v", err)
	}
	_, err = s.Trunk(t.Context(), "ST_c")
	wantReason(t, err, apierr.TrunkNotFound)
}

func trunkUpdates(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 10, "+33123456789")
	give(t, s, "ST_a", "1234", newRoom())
	got, err := s.UpdateTrunk(t.Context(), "ST_a", func(trunk *trunks.Trunk) error {
		trunk.Name, trunk.State, trunk.PINLength, trunk.Allowed = "New", trunks.Disabled, 4, nil
		trunk.AuthUsername, trunk.SealedPassword = "u", []byte("sealed")
		trunk.Updated = start.Add(1000)
		return nil
	})
	must(t, err)
	if got.Held != 1 {
		t.Errorf("held %d, want the count of the new length", got.Held)
	}
	read, err := s.Trunk(t.Context(), "ST_a")
	must(t, err)
	same(t, "trunk", *read, *got)
	if got.Name != "New" || got.State != trunks.Disabled || string(got.SealedPassword) != "sealed" || len(got.Numbers) != 1 {
		t.Errorf("trunk %+v", got)
	}
	refused := errors.New("refused")
	_, err = s.UpdateTrunk(t.Context(), "ST_a", func(trunk *trunks.Trunk) error {
		trunk.Name = "Never"
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("error %v, want the callback's", err)
	}
	if read, err = s.Trunk(t.Context(), "ST_a"); err != nil || read.Name != "New" {
		t.Errorf("trunk %v %v after a refused update", read, err)
	}
	_, err = s.UpdateTrunk(t.Context(), "ST_none", func(*trunks.Trunk) error { return nil })
	wantReason(t, err, apierr.TrunkNotFound)
}

func trunkDeletion(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 4, "+33123456789")
	room := newRoom()
	give(t, s, "ST_a", "1234", room)
	wantReason(t, s.DeleteTrunk(t.Context(), "ST_a"), apierr.TrunkNotEmpty)
	must(t, s.ReleasePINs(t.Context(), room, start.Add(1000)))
	must(t, s.DeleteTrunk(t.Context(), "ST_a"))
	wantReason(t, s.DeleteTrunk(t.Context(), "ST_a"), apierr.TrunkNotFound)
	// Its number and its digits are free again.
	addTrunk(t, s, "ST_a", 4, "+33123456789")
	if n := held(t, s, "ST_a"); n != 0 {
		t.Errorf("%d PINs held by a new trunk", n)
	}
	give(t, s, "ST_a", "1234", room)
}

func numbers(t *testing.T, s Store) {
	addTrunk(t, s, "ST_a", 10, "+33200000000")
	addTrunk(t, s, "ST_b", 10)
	ctx := t.Context()
	must(t, s.AddNumber(ctx, "ST_a", trunks.Number{E164: "+33100000000", Country: "FR", Label: "L", Kind: trunks.TollFree}))
	for _, trunkID := range []string{"ST_a", "ST_b"} {
		var gone *trunks.NumberTakenError
		if err := s.AddNumber(ctx, trunkID, trunks.Number{E164: "+33100000000"}); !errors.As(err, &gone) {
			t.Errorf("a taken number on %s: %v", trunkID, err)
		}
	}
	wantReason(t, s.AddNumber(ctx, "ST_none", trunks.Number{E164: "+33100000001"}), apierr.TrunkNotFound)
	got, err := s.Trunk(ctx, "ST_a")
	must(t, err)
	if len(got.Numbers) != 2 || got.Numbers[1] != (trunks.Number{E164: "+33100000000", Country: "FR", Label: "L", Kind: trunks.TollFree}) {
		t.Errorf("numbers %v, want the new one last", got.Numbers)
	}
	wantReason(t, s.RemoveNumber(ctx, "ST_b", "+33100000000"), apierr.NumberNotFound)
	wantReason(t, s.RemoveNumber(ctx, "ST_none", "+33100000000"), apierr.TrunkNotFound)
	must(t, s.RemoveNumber(ctx, "ST_a", "+33100000000"))
	must(t, s.AddNumber(ctx, "ST_b", trunks.Number{E164: "+33100000000"}))
}

func armedPINs(t *testing.T, s Store) {
	room := ways(t, s) // three current, two retiring, one given back
	give(t, s, "ST_a", "00011", newRoom())
	addTrunk(t, s, "ST_0", 4)
	want := func(what, trunkID string, want trunks.Lengths) {
		t.Helper()
		armed, err := s.ArmedPINs(t.Context(), trunkID)
		must(t, err)
		same(t, what, armed, want)
	}
	want("always", "ST_a", trunks.Lengths{4: 5, 5: 1})
	want("of an empty trunk", "ST_0", trunks.Lengths{})
	want("of no trunk", "ST_none", trunks.Lengths{})
	_, err := s.UpdateTrunk(t.Context(), "ST_a", func(trunk *trunks.Trunk) error {
		trunk.Arming, trunk.PINLength = trunks.ArmingLive, 12
		return nil
	})
	must(t, err)
	want("of live rooms", "ST_a", trunks.Lengths{})
	must(t, s.SetRoomLive(t.Context(), room, true, start))
	want("of live rooms, one", "ST_a", trunks.Lengths{4: 1})
}
