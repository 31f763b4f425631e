package phones

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/room/internal/lobby"
)

// Phone is a caller in the lobby. Its Identity is that in the meeting, and with
// RoomID the key; ParticipantID is what moderators call it. CreatedAt is when its
// wait began, ExpiresAt when it ends if nobody decides.
type Phone struct {
	lobby.Entry
	// CalledAt is when its call was last asked about: UTC, to the microsecond.
	CalledAt time.Time
	// Seen says that it was in the LiveKit room since.
	Seen bool
}

// Store keeps callers. Errors are UNAVAILABLE when the database cannot serve, and
// those named here.
type Store interface {
	// Wait returns the caller of the draft's room and identity. One that is there
	// gets the draft's ExpiresAt and CalledAt and is no longer seen; all else
	// stays. Where there is none the draft is stored. Errors: ROOM_NOT_FOUND.
	Wait(ctx context.Context, draft Phone) (Phone, error)
	// Phones returns all callers of a room, or of all rooms when roomID is empty,
	// ordered by room and, in it, by the begin of the wait.
	Phones(ctx context.Context, roomID string) ([]Phone, error)
	// DenyPhone denies the caller with the identity, and reports whether there is one.
	DenyPhone(ctx context.Context, roomID, identity string) (bool, error)
	// DecidePhone sets the status of the caller with the key. One that waits and
	// has expired does not exist. Errors: LOBBY_ENTRY_NOT_FOUND.
	DecidePhone(ctx context.Context, key lobby.Key, status lobby.Status, now time.Time) error
	// See marks the caller as seen, unless its call was asked about again since.
	See(ctx context.Context, phone Phone) error
	// Hangup removes the caller, unless its call was asked about again since or stands
	// otherwise, and reports whether it did.
	Hangup(ctx context.Context, phone Phone) (bool, error)
}
