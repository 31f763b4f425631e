package imports

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// Outcome is what became of a PIN.
type Outcome string

// The outcomes.
const (
	Imported  Outcome = "imported"
	Present   Outcome = "present"
	Taken     Outcome = "taken"
	Malformed Outcome = "malformed"
)

// races is how often a room may be given another PIN while one is imported for it.
const races = 3

// PIN is a PIN that a room has elsewhere, unchecked.
type PIN struct {
	RoomID, Digits string
}

// Store writes imported PINs. Errors not named here are faults.
type Store interface {
	// Trunk is trunks.Store's.
	Trunk(ctx context.Context, id string) (*trunks.Trunk, error)
	// ImportPIN makes the digits the room's current PIN, and the one it has
	// retiring until the given time, both or neither. Outcomes: Inserted, also
	// when the room held the digits in another state before; RoomHasPIN when they
	// are its current PIN already, or when it was given another one meanwhile;
	// Collided when another room holds them on the trunk, in any state;
	// TrunkClosed. The draw has no spare digits.
	ImportPIN(ctx context.Context, d pins.Draw, until time.Time) (pins.Result, error)
}

// Importer imports PINs. Safe for concurrent use.
type Importer struct {
	store Store
	grace time.Duration
	clock clock.Clock
}

// NewImporter returns an importer; grace is how long a replaced PIN is accepted.
func NewImporter(store Store, grace time.Duration, c clock.Clock) *Importer {
	return &Importer{store: store, grace: grace, clock: c}
}

// Import imports PINs to a trunk and returns the outcome of each. After an error
// those before it are imported. Errors: TRUNK_NOT_FOUND, TRUNK_STATE.
func (i *Importer) Import(ctx context.Context, trunkID string, list []PIN) ([]Outcome, error) {
	trunk, err := i.store.Trunk(ctx, trunkID)
	if err != nil {
		return nil, err
	}
	if trunk.State != trunks.Active {
		return nil, closed()
	}
	outcomes := make([]Outcome, len(list))
	for n, pin := range list {
		if outcomes[n], err = i.one(ctx, trunkID, pin); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

func closed() error {
	return apierr.New(apierr.TrunkState, "PINs are imported to active trunks only.")
}

func (i *Importer) one(ctx context.Context, trunkID string, pin PIN) (Outcome, error) {
	if !wellFormed(pin) {
		return Malformed, nil
	}
	room := uuid.MustParse(pin.RoomID)
	now := i.clock.Now()
	for range races {
		result, err := i.store.ImportPIN(ctx, pins.Draw{TrunkID: trunkID, Digits: pin.Digits, RoomID: room.String(), Now: now}, now.Add(i.grace))
		switch {
		case err != nil:
			return "", err
		case result.Outcome == pins.Inserted:
			return Imported, nil
		case result.Outcome == pins.Collided:
			return Taken, nil
		case result.Outcome == pins.TrunkClosed:
			return "", closed()
		case result.PIN.TrunkID == trunkID && result.PIN.Digits == pin.Digits:
			return Present, nil
		}
	}
	return "", apierr.Wrap(apierr.Unavailable, fmt.Errorf("room %s is given other PINs all the time", room))
}

func wellFormed(pin PIN) bool { return uuid.Validate(pin.RoomID) == nil && pins.WellFormed(pin.Digits) }
