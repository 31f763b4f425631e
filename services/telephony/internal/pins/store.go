package pins

import (
	"context"
	"time"
)

// Outcome is what became of an attempt to write a PIN.
type Outcome int

const (
	// Inserted says that the room has the PIN.
	Inserted Outcome = iota + 1
	// Collided says that the digits are taken on this trunk, and of the spare
	// ones as many as Result.Taken says.
	Collided
	// RoomHasPIN says that the room has a current PIN already.
	RoomHasPIN
	// TrunkClosed says that the trunk is gone or takes no new PINs.
	TrunkClosed
	// NothingToReplace says that the room has no current PIN on the trunk to leave.
	NothingToReplace
)

// Draw is a PIN to be written.
type Draw struct {
	TrunkID, Digits, RoomID string
	// Spare are digits to write instead, in this order, where Digits are taken.
	Spare []string
	// Country is kept with the PIN.
	Country string
	Now     time.Time
}

// Candidates returns Digits and then Spare.
func (d Draw) Candidates() []string { return append([]string{d.Digits}, d.Spare...) }

// Result is the outcome of an attempt.
type Result struct {
	Outcome Outcome
	// Taken is how many candidates, from the first on, turned out to be taken
	// before the one written. Where the outcome is Collided it is at least one,
	// and those behind are still to be tried. It is zero for other outcomes.
	Taken int
	// PIN is the one written, or the one that the room has.
	PIN PIN
}

// Retire says what becomes of the PIN that another one replaces.
type Retire struct {
	// Until is when the old PIN stops being accepted.
	Until time.Time
	// On limits the replacement to a room whose current PIN is on this trunk, and
	// to while the trunk is draining; "" for any.
	On string
	// Revoke says that Until is when its quarantine ends, which begins at once,
	// also for PINs of the room that are retiring.
	Revoke bool
}

// State returns what the old PIN is from then on.
func (r Retire) State() State {
	if r.Revoke {
		return Quarantined
	}
	return Retiring
}

// Store keeps PINs and their counters. Errors not named here are faults.
type Store interface {
	// InsertPIN writes the first candidate that is free as a current PIN and
	// counts it, both or neither, unless the trunk is not active (TrunkClosed),
	// the room has a current PIN (RoomHasPIN, with that PIN) or candidates are
	// taken on the trunk in any state (Collided). It takes one round trip where
	// the first candidate is free, and two at most. Any number of callers may
	// try at once. Where two give the same room a PIN at the same moment, the
	// later may be told Collided instead of RoomHasPIN; its next try tells.
	InsertPIN(ctx context.Context, d Draw) (Result, error)
	// ReplacePIN makes the room's current PIN retiring, or quarantined, and writes
	// the new one, both or neither. Outcomes: Inserted, Collided, TrunkClosed,
	// NothingToReplace. A room without a current PIN has nothing to replace.
	ReplacePIN(ctx context.Context, d Draw, old Retire) (Result, error)
	// CountRotation counts a rotation of the room's PIN, unless most of them were
	// counted since a time that is not over; then it returns when that is, else the
	// zero time. The time ends at ends for those that are counted first. However
	// many are counted at once, no more than most are.
	CountRotation(ctx context.Context, roomID string, most int, now, ends time.Time) (until time.Time, err error)
	// DeleteRotations forgets counts whose time is over, limit at most, and
	// returns how many.
	DeleteRotations(ctx context.Context, now time.Time, limit int) (int, error)
	// CurrentPINs returns the current PINs of those rooms that have one.
	CurrentPINs(ctx context.Context, roomIDs []string) ([]PIN, error)
	// NoteCountry keeps a country with the room's current PIN, if it has one.
	NoteCountry(ctx context.Context, roomID, country string) error
	// ReleasePINs puts the current and retiring PINs of a room into quarantine
	// until the given time.
	ReleasePINs(ctx context.Context, roomID string, until time.Time) error
	// Fills returns the fill of every trunk, oldest first. It reads counters,
	// never PINs.
	Fills(ctx context.Context) ([]Fill, error)
	// QuarantineExpired puts retiring PINs whose time is over into quarantine
	// until the given time, limit at most, and returns how many. Replicas that
	// call it at once share the work.
	QuarantineExpired(ctx context.Context, now, until time.Time, limit int) (int, error)
	// DeleteExpired deletes quarantined PINs whose time is over and takes them
	// off the counters, limit at most, and returns how many.
	DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error)
	// CurrentOn returns current PINs of a draining trunk behind the given digits,
	// in ascending order, limit at most; none of a trunk that is not draining.
	CurrentOn(ctx context.Context, trunkID, after string, limit int) ([]PIN, error)
	// FinishDrain disables a draining trunk that has neither current nor
	// retiring PINs, and reports whether it did.
	FinishDrain(ctx context.Context, trunkID string, now time.Time) (bool, error)
	// SetRoomLive notes whether LiveKit has a room, by an event of the given
	// time. The latest event counts, and of two at the same time the one that
	// says live, in whatever order they are noted.
	SetRoomLive(ctx context.Context, roomID string, live bool, at time.Time) error
	// DeleteRoomStates forgets rooms that are not live by events before the
	// time, limit at most, and returns how many.
	DeleteRoomStates(ctx context.Context, before time.Time, limit int) (int, error)
}
