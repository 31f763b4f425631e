package accesses

import (
	"context"
	"errors"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Store keeps accesses. Its errors are UNAVAILABLE when the database cannot
// serve, and those named here.
type Store interface {
	// Access returns an access, and the role that the user holds on its room.
	// Errors: NotFound.
	Access(ctx context.Context, id, userID string) (rooms.Access, rooms.Role, error)
	// Administered returns one page of the accesses on all rooms that a user
	// administers, newest first and of those made at once the highest id first,
	// and the number of accesses on all pages.
	Administered(ctx context.Context, query Query) (page []rooms.Access, total int, err error)
	// AddAccess adds an access, if the actor is as judged. Errors: ROOM_NOT_FOUND,
	// ErrChanged (the actor has another role), Taken.
	AddAccess(ctx context.Context, by Actor, access rooms.Access) error
	// ChangeAccess gives an access another role if it has the one that was seen, and
	// the actor is as judged. Errors: NotFound, ErrChanged (one of them has another
	// role), LAST_OWNER (no other access on the room is an owner's, and this would
	// be none).
	ChangeAccess(ctx context.Context, by Actor, seen rooms.Access, role rooms.Role) error
	// RemoveAccess removes an access if it has the role that was seen, and the actor
	// is as judged. Errors: as ChangeAccess.
	RemoveAccess(ctx context.Context, by Actor, seen rooms.Access) error
}

// Actor is who acts on the accesses of a room, with the role on it by which it was
// judged.
type Actor struct {
	UserID string
	Role   rooms.Role
}

// Query asks for a page of accesses.
type Query struct {
	UserID string
	// After is where the page begins: accesses ordered behind it. Zero for the start.
	After Cursor
	// Skip accesses from there, then return at most Limit.
	Skip, Limit int
}

// Cursor is a place in the order of accesses.
type Cursor struct {
	CreatedAt time.Time
	ID        string
}

// ErrChanged says that somebody's role is not any more what it was when it was seen.
var ErrChanged = errors.New("somebody has another role by now")

// NotFound is the error for an access that does not exist. Stores return it.
func NotFound() error { return apierr.New(apierr.AccessNotFound, "") }

// Taken is the error for a second access of one user on one room. Stores return it.
func Taken() error {
	return apierr.InvalidField("non_field_errors", "unique", "Resource access with this User and Resource already exists.")
}
