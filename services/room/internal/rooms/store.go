package rooms

import (
	"context"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/outbox"
)

// Store keeps rooms. Its errors are UNAVAILABLE when the database cannot serve,
// and those named here.
type Store interface {
	// Create adds all that belongs to a new room, or nothing. A callback in the
	// place of this one goes, as do those that have expired when the room is
	// created. Errors: SlugTaken.
	Create(ctx context.Context, creation Creation) error
	// ClaimCreated returns the slug of the room that was created with the callback, once.
	// ok is false when there is none, or it has expired.
	ClaimCreated(ctx context.Context, callback string, now time.Time) (slug string, ok bool, err error)
	// Find returns the room and the role that the user holds on it. An empty
	// userID holds none. Errors: ROOM_NOT_FOUND, also for the zero key.
	Find(ctx context.Context, key Key, userID string) (Held, error)
	// List returns one page of rooms, ordered by the bytes of the name and then
	// by id, and the number of rooms on all pages.
	List(ctx context.Context, query ListQuery) (page []Held, total int, err error)
	// Update changes the fields that are set, and the time of update, and
	// returns the room. With another access level or configuration than before it
	// is owed to the people in the room, as live.Store has it, at now or, if
	// something is owed already, later than that. Errors: ROOM_NOT_FOUND, SlugTaken.
	Update(ctx context.Context, id string, change Change, now time.Time) (Room, error)
	// Delete removes the room with its accesses and puts the task in the place
	// of the room's task, or does nothing. A task in place keeps its due time if
	// that is later, and the new one gets a higher version. Errors: ROOM_NOT_FOUND.
	Delete(ctx context.Context, id string, task outbox.Task, due time.Time) error
	// Hold stores the task for a room that exists, and returns it as stored. A
	// task in place keeps its due time if that is later, and its version is
	// raised. Errors: ROOM_NOT_FOUND.
	Hold(ctx context.Context, task outbox.Task, due time.Time) (outbox.Task, error)
}

// AccessStore keeps who may do what.
type AccessStore interface {
	// Accesses returns every access on the rooms, newest first.
	Accesses(ctx context.Context, roomIDs []string) ([]Access, error)
}

// Creation is a new room and what is stored with it.
type Creation struct {
	Room  Room
	Owner Access
	// Task is due at Due.
	Task outbox.Task
	Due  time.Time
	// Callback is nil for nobody.
	Callback *Callback
}

// Callback is how somebody who knows its key learns which room was created.
type Callback struct {
	Key     string
	Expires time.Time
}

// ListQuery asks for a page of rooms.
type ListQuery struct {
	// UserID limits the list to rooms on which the user holds a role; empty for
	// all rooms, without roles.
	UserID string
	// After is where the page begins: rooms ordered behind it. Zero for the start.
	After Cursor
	// Skip rooms from there, then return at most Limit.
	Skip, Limit int
}

// Cursor is a place in the order of rooms.
type Cursor struct {
	Name, ID string
}

// Change is what UpdateRoom writes; nil fields stay.
type Change struct {
	// Name and Slug are set together.
	Name, Slug    *string
	AccessLevel   *AccessLevel
	Configuration *Configuration
	PhoneAccess   *PhoneAccess
	PhoneCountry  *string
}

// NotFound is the error for a room that does not exist. Stores return it.
func NotFound() error { return apierr.New(apierr.RoomNotFound, "") }
