package pins_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// TestWishesSteerNewPINs: rotations and drains go where a room wants its number,
// else to where it was, else anywhere.
func TestWishesSteerNewPINs(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_fr", "+33123456789", "FR")
	for range 30 {
		b.allocate(t, "")
	}
	b.trunk(t, "ST_de", "+493012345678", "DE")
	b.trunk(t, "ST_it", "+390612345678", "IT")
	rotate := func(what string, pin pins.PIN, country, want string) pins.PIN {
		t.Helper()
		got, _, err := b.Rotate(t.Context(), pin.RoomID, pins.Rotation{Country: country, Unlimited: true})
		must(t, err)
		if got.TrunkID != want {
			t.Errorf("%s: on %s, want %s", what, got.TrunkID, want)
		}
		return got
	}
	pin := b.allocate(t, "FR")
	pin = rotate("no wish stays", pin, "", "ST_fr")
	pin = rotate("a wish moves", pin, "DE", "ST_de")
	pin = rotate("one that nobody meets stays", pin, "ES", "ST_de")
	pin = rotate("and back", pin, "FR", "ST_fr")
	noted, err := b.Allocate(t.Context(), pin.RoomID, "IT")
	must(t, err)
	if noted.Digits != pin.Digits || noted.TrunkID != "ST_fr" {
		t.Errorf("a new wish moved the PIN to %s", noted.TrunkID)
	}
	_, err = b.store.UpdateTrunk(t.Context(), "ST_fr", func(trunk *trunks.Trunk) error {
		trunk.State = trunks.Draining
		return nil
	})
	must(t, err)
	b.clock.Advance(time.Second)
	must(t, b.drainer.Drain(t.Context()))
	moved, err := b.store.CurrentPINs(t.Context(), []string{pin.RoomID})
	must(t, err)
	if moved[0].TrunkID != "ST_it" || moved[0].Country != "IT" {
		t.Errorf("drained to %s, wish %q", moved[0].TrunkID, moved[0].Country)
	}
}

func TestRotateWithoutPIN(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_a", "+33123456789", "FR")
	pin, until, err := b.Rotate(t.Context(), uuid.NewString(), pins.Rotation{})
	must(t, err)
	if pin.Digits == "" || !until.IsZero() {
		t.Errorf("PIN of %d digits, old one until %v", len(pin.Digits), until)
	}
}

// TestRevocation: of all PINs that a room had, the new one alone opens it.
func TestRevocation(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_a", "+33123456789", "FR")
	first := b.allocate(t, "")
	second, _, err := b.Rotate(t.Context(), first.RoomID, pins.Rotation{})
	must(t, err)
	third, until, err := b.Rotate(t.Context(), first.RoomID, pins.Rotation{Revoke: true})
	must(t, err)
	if !until.IsZero() {
		t.Errorf("the old PIN is accepted until %v", until)
	}
	for digits, want := range map[string]pins.State{first.Digits: pins.Quarantined, second.Digits: pins.Quarantined, third.Digits: pins.Current} {
		l, err := b.store.LookupPIN(t.Context(), "ST_a", digits)
		must(t, err)
		if l.PINState != want || (want == pins.Quarantined && !l.Until.Equal(b.clock.Now().Add(365*24*time.Hour))) {
			t.Errorf("a PIN is %s until %v, want %s", l.PINState, l.Until, want)
		}
	}
	must(t, b.Release(t.Context(), first.RoomID))
	if pin, _, err := b.Rotate(t.Context(), first.RoomID, pins.Rotation{Revoke: true}); err != nil || pin.Digits == "" {
		t.Errorf("a room without PIN: %v", err)
	}
}

func TestRotationsAreLimited(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_a", "+33123456789", "FR")
	room := b.allocate(t, "").RoomID
	rotate := func(r pins.Rotation) *apierr.Error {
		t.Helper()
		_, _, err := b.Rotate(t.Context(), room, r)
		return apierr.From(err)
	}
	for range 2 {
		if err := rotate(pins.Rotation{}); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Hour)
	}
	if err := rotate(pins.Rotation{Revoke: true}); err == nil || err.Reason != apierr.Throttled || err.RetryAfter != 22*time.Hour {
		t.Errorf("one too many: %v", err)
	}
	if err := rotate(pins.Rotation{Unlimited: true}); err != nil {
		t.Errorf("an operator: %v", err)
	}
	other := b.allocate(t, "").RoomID
	if _, _, err := b.Rotate(t.Context(), other, pins.Rotation{}); err != nil {
		t.Errorf("another room: %v", err)
	}
	b.clock.Advance(22 * time.Hour)
	if err := rotate(pins.Rotation{}); err != nil {
		t.Errorf("the next day: %v", err)
	}
}
