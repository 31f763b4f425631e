package lobby

import (
	"context"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
)

// Store keeps entries. An entry has expired when its ExpiresAt is not after now;
// for all methods but Sweep it then does not exist. Errors are UNAVAILABLE when
// the database cannot serve, and those named here.
type Store interface {
	// Ask notes at the terms' instant that people ask to enter and returns their
	// entries, in order; the zero Entry where there is no such room. The drafts
	// differ in their keys; there may be none.
	//
	//   - One who waits has the draft's Identity from now on, and lives for twice
	//     the time since the question before, at least Waiting, at most Return.
	//   - One who was decided on has the draft's Identity from now on.
	//   - One who waited, and has expired for less than Return, waits again with
	//     all of the draft, but since when it did.
	//   - Anybody else waits from now on.
	//
	// What Ask notes everybody sees at once, but a loss of power may undo what came
	// last: people ask again, and so it need not wait for the disk.
	Ask(ctx context.Context, drafts []Draft, terms Terms) ([]Entry, error)
	// Lasting returns the drafts' entries, in order, as far as they have the draft's
	// identity and Ask need not write them again: they were decided on, or they
	// wait, were noted to ask after a time and live until another at least. It
	// returns the zero Entry for all others.
	Lasting(ctx context.Context, drafts []Draft, l Lasting) ([]Entry, error)
	// Queue returns at most limit entries of the room that wait, longest first.
	Queue(ctx context.Context, roomID string, now time.Time, limit int) ([]Entry, error)
	// Latest is Queue of those who came last, the last one first.
	Latest(ctx context.Context, roomID string, now time.Time, limit int) ([]Entry, error)
	// Decide sets status and expiry of an entry, whatever its status.
	// Errors: LOBBY_ENTRY_NOT_FOUND.
	Decide(ctx context.Context, key Key, status Status, expires, now time.Time) error
	// Forget removes every entry of the room with the identity.
	Forget(ctx context.Context, roomID, identity string) error
	// Clear removes every entry of the room whose wait began before the instant.
	Clear(ctx context.Context, roomID string, before time.Time) error
	// Sweep removes those that have expired among the next limit entries behind
	// after, in the order of keys, and returns the last of them, removed or not;
	// the zero Key at the end. It begins at the zero Key.
	Sweep(ctx context.Context, after Key, now time.Time, limit int) (Key, error)
}

// Draft is who asks.
type Draft struct {
	Key
	Identity, Username, Color string
}

// Terms are the instant of a question, in UTC and to the microsecond, and how
// long who asks lives.
type Terms struct {
	Now             time.Time
	Waiting, Return time.Duration
}

// Lasting says which entries of people who ask at Now need not be written: those
// that live until Until and were noted to ask after AskedAfter. In UTC and to the
// microsecond.
type Lasting struct {
	Now, Until, AskedAfter time.Time
}

// Key names an entry.
type Key struct {
	RoomID, ParticipantID string
}

// NotFound is the error for an entry that does not exist. Stores return it.
func NotFound() error { return apierr.New(apierr.LobbyEntryNotFound, "") }
