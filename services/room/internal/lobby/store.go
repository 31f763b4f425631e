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
	// Ask returns the entry of the draft's key. One that waits gets the draft's
	// Identity and ExpiresAt, one that was decided the Identity alone; all else
	// stays. Where there is none the draft is stored. Errors: ROOM_NOT_FOUND.
	Ask(ctx context.Context, draft Entry, now time.Time) (Entry, error)
	// Queue returns at most limit entries of the room that wait, longest first.
	Queue(ctx context.Context, roomID string, now time.Time, limit int) ([]Entry, error)
	// Decide sets status and expiry of an entry, whatever its status.
	// Errors: LOBBY_ENTRY_NOT_FOUND.
	Decide(ctx context.Context, key Key, status Status, expires, now time.Time) error
	// Forget removes every entry of the room with the identity, that of a caller
	// too.
	Forget(ctx context.Context, roomID, identity string) error
	// Clear removes every entry of the room whose wait began before the instant.
	Clear(ctx context.Context, roomID string, before time.Time) error
	// Sweep removes those that have expired among the next limit entries behind
	// after, in the order of keys, and returns the last of them, removed or not;
	// the zero Key at the end. It begins at the zero Key.
	Sweep(ctx context.Context, after Key, now time.Time, limit int) (Key, error)
}

// Key names an entry.
type Key struct {
	RoomID, ParticipantID string
}

// NotFound is the error for an entry that does not exist. Stores return it.
func NotFound() error { return apierr.New(apierr.LobbyEntryNotFound, "") }
