package pins

import (
	"context"
	"io"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
)

// Rules are the settings of PINs.
type Rules struct {
	// MaxDraws is how many random draws are tried before a gap is searched.
	MaxDraws int
	// Quarantine is how long a PIN given back is not used again.
	Quarantine time.Duration
	// Grace is how long a replaced PIN is still accepted.
	Grace time.Duration
	// Rotations is how many a room may have in a day; 0 for any number.
	Rotations int
}

// rotationWindow is the day of Rules.Rotations; it begins with the first.
const rotationWindow = 24 * time.Hour

// Rotation is how a room's PIN is replaced.
type Rotation struct {
	// Country is where the room would have its number; "" for where it has it now.
	Country string
	// Revoke puts the old PIN, and those still retiring, into quarantine at once.
	Revoke bool
	// Unlimited does without the limit of a day.
	Unlimited bool
}

// Allocator gives and takes PINs. Safe for concurrent use.
type Allocator struct {
	store   Store
	rules   Rules
	clock   clock.Clock
	random  io.Reader
	log     *slog.Logger
	board   *board
	metrics *Metrics
	// noTrunk and noPIN are said once in a while, for as long as they hold.
	noTrunk, noPIN rate.Sometimes
}

// NewAllocator returns an allocator that draws from random, which is
// crypto/rand.Reader outside of tests.
func NewAllocator(store Store, rules Rules, c clock.Clock, random io.Reader, log *slog.Logger, m *Metrics) *Allocator {
	return &Allocator{
		store: store, rules: rules, clock: c, random: random, log: log,
		board: newBoard(store, c), metrics: m,
		noTrunk: rate.Sometimes{Interval: time.Hour}, noPIN: rate.Sometimes{Interval: time.Minute},
	}
}

// Allocate returns the current PIN of the room, a new one unless it has one. A
// new one is on a trunk with a number in the country, if one has a PIN left; of
// one that the room has, the country is noted for its next.
// Errors: PINS_EXHAUSTED.
func (a *Allocator) Allocate(ctx context.Context, roomID, country string) (PIN, error) {
	result, err := a.place(ctx, wish{{country}}, roomID, func(ctx context.Context, d Draw) (Result, error) {
		d.Country = country
		return a.store.InsertPIN(ctx, d)
	})
	switch {
	case apierr.Has(err, apierr.PinsExhausted):
		// A room that has its PIN needs no other: it may have been given it by a
		// call whose answer was lost, and all trunks have filled up since.
		current, currentErr := a.store.CurrentPINs(ctx, []string{roomID})
		if currentErr != nil {
			return PIN{}, currentErr
		}
		if len(current) == 0 {
			a.exhausted(ctx, roomID, country)
			return PIN{}, err
		}
		result.PIN = current[0]
	case err != nil || result.Outcome == Inserted:
		return result.PIN, err
	}
	return result.PIN, a.store.NoteCountry(ctx, roomID, country)
}

// Rotate gives the room a new current PIN, in the wished country, or else one of
// the old one's, if it can be. It returns until when the old one is accepted: zero
// when there was none, or it is revoked. Errors: PINS_EXHAUSTED, THROTTLED.
func (a *Allocator) Rotate(ctx context.Context, roomID string, r Rotation) (pin PIN, oldUntil time.Time, err error) {
	old, err := a.store.CurrentPINs(ctx, []string{roomID})
	if err != nil {
		return PIN{}, time.Time{}, err
	}
	if len(old) > 0 {
		if err := a.limitRotation(ctx, roomID, r); err != nil {
			return PIN{}, time.Time{}, err
		}
		retire := Retire{Until: a.clock.Now().Add(a.rules.Grace)}
		oldUntil = retire.Until
		if r.Revoke {
			retire, oldUntil = Retire{Until: a.clock.Now().Add(a.rules.Quarantine), Revoke: true}, time.Time{}
		}
		result, err := a.replace(ctx, old[0], r.Country, retire)
		if err != nil || result.Outcome == Inserted {
			return result.PIN, oldUntil, err
		}
	}
	// There was none, or it was released meanwhile.
	if r.Revoke {
		if err := a.Release(ctx, roomID); err != nil {
			return PIN{}, time.Time{}, err
		}
	}
	pin, err = a.Allocate(ctx, roomID, r.Country)
	return pin, time.Time{}, err
}

// limitRotation counts a rotation. Each takes a PIN from its trunk for as long as
// the quarantine lasts, and a small trunk has few.
func (a *Allocator) limitRotation(ctx context.Context, roomID string, r Rotation) error {
	if a.rules.Rotations == 0 || r.Unlimited {
		return nil
	}
	now := a.clock.Now()
	until, err := a.store.CountRotation(ctx, roomID, a.rules.Rotations, now, now.Add(rotationWindow))
	if err != nil || until.IsZero() {
		return err
	}
	return &apierr.Error{Reason: apierr.Throttled, RetryAfter: until.Sub(now)}
}

// Move gives the room of a PIN another one on another trunk, chosen as in a
// rotation, and reports whether it did: not if that PIN is no longer its current one, or its trunk no longer
// draining. Errors: PINS_EXHAUSTED.
func (a *Allocator) Move(ctx context.Context, pin PIN) (bool, error) {
	result, err := a.replace(ctx, pin, pin.Country, Retire{Until: a.clock.Now().Add(a.rules.Grace), On: pin.TrunkID})
	return result.Outcome == Inserted, err
}

func (a *Allocator) replace(ctx context.Context, old PIN, country string, retire Retire) (Result, error) {
	present, err := a.board.countries(ctx, old.TrunkID)
	if err != nil {
		return Result{}, err
	}
	result, err := a.place(ctx, wish{{country}, present}, old.RoomID, func(ctx context.Context, d Draw) (Result, error) {
		d.Country = country
		return a.store.ReplacePIN(ctx, d, retire)
	})
	if apierr.Has(err, apierr.PinsExhausted) {
		a.exhausted(ctx, old.RoomID, country)
	}
	return result, err
}

// Release puts every PIN of the room into quarantine. A room without PIN is no error.
func (a *Allocator) Release(ctx context.Context, roomID string) error {
	return a.store.ReleasePINs(ctx, roomID, a.clock.Now().Add(a.rules.Quarantine))
}

// Refresh reads the counters anew, for the metrics of a process that allocates nothing.
func (a *Allocator) Refresh(ctx context.Context) error { return a.board.refresh(ctx) }
