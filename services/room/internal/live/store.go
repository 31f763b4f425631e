package live

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/internal/livekit"
)

// State is whether people may be in a room, since when.
type State struct {
	RoomID string
	Live   bool
	// ChangedAt is when Live was found to have changed: UTC, to the microsecond,
	// and later for each change of the room.
	ChangedAt time.Time
}

// Debt is metadata that the people in a room have not been given.
type Debt struct {
	RoomID string
	// OwedAt names the debt; a room changed again owes anew.
	OwedAt time.Time
}

// Store keeps the last known life of each room. Errors are UNAVAILABLE when the
// database cannot serve. What is said of a room that does not exist, or no
// longer, changes nothing and is no error. Instants are kept to the microsecond.
type Store interface {
	// Begun notes that the session is on, and reports whether that is news. It is
	// not if it is known, on or ended, or began before the one that is. News is
	// owed to telephony.
	Begun(ctx context.Context, session livekit.Session, now time.Time) (news bool, err error)
	// Ended notes that the session is over, and reports whether that is news. It
	// is not if it is known to be over, or a later one is known. That of a session
	// never heard of is: it began unseen. News is owed to telephony if the room
	// was live.
	Ended(ctx context.Context, session livekit.Session, now time.Time) (news bool, err error)
	// On returns the sessions that are on and were known before the instant.
	On(ctx context.Context, before time.Time) ([]livekit.Session, error)
	// Untold returns up to limit states owed to telephony, the longest owed first.
	Untold(ctx context.Context, limit int) ([]State, error)
	// Told settles a state, unless the room has changed since.
	Told(ctx context.Context, state State) error
	// MetadataOwed returns up to limit debts, the longest owed first.
	MetadataOwed(ctx context.Context, limit int) ([]Debt, error)
	// MetadataPaid settles a debt, unless there is a later one.
	MetadataPaid(ctx context.Context, debt Debt) error
}
