package moderation

import (
	"context"
	"log/slog"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Rooms knows rooms and moderators. Implemented by rooms.Service; see there for errors.
type Rooms interface {
	Find(ctx context.Context, caller rooms.Caller, idOrSlug string) (rooms.Held, error)
	Moderated(ctx context.Context, caller rooms.Caller, idOrSlug string) (rooms.Held, error)
}

// Meetings acts on people in meetings. A method that names a participant fails
// with PARTICIPANT_NOT_FOUND when it is not there, and Change with INVALID_FIELDS
// when it is too much to keep.
type Meetings interface {
	Present(ctx context.Context, roomID, identity string) (bool, error)
	Mute(ctx context.Context, roomID, identity, track string) error
	Remove(ctx context.Context, roomID, identity string) error
	Change(ctx context.Context, roomID, identity string, change livekit.Change) error
}

// Roles keeps roles of users.
type Roles interface {
	// SetRole gives a user the role on the room, in place of another if it has
	// one; the id and time of an access in place stay. by is the user who does.
	// Errors: ROOM_NOT_FOUND, PERMISSION_DENIED (who does administers the room no
	// more), LAST_OWNER: an owner stays one.
	SetRole(ctx context.Context, by string, access rooms.Access) error
}

// Lobby lets people wait.
type Lobby interface {
	// Forget takes the place of who has the identity in the meeting.
	Forget(ctx context.Context, roomID, identity string) error
}

// Phones are the callers in the lobby, who wait in the meeting itself.
type Phones interface {
	// Deny refuses to let the caller with the identity in, and reports whether it
	// was in the lobby.
	Deny(ctx context.Context, roomID, identity string) (bool, error)
}

// Users knows people.
type Users interface {
	// BySub returns the user with the subject. Errors: USER_NOT_FOUND, UNAVAILABLE.
	BySub(ctx context.Context, sub string) (*authv1.User, error)
}

// Tokens checks meeting tokens.
type Tokens interface {
	// Verify returns whom the token proves. Errors: TOKEN_INVALID, UNAVAILABLE.
	Verify(ctx context.Context, token string) (Bearer, error)
}

// Bearer is whom a meeting token proves.
type Bearer struct {
	RoomID, Identity string
}

// Parts are what the service is built of. Meetings may be nil: LiveKit then
// counts as failing.
type Parts struct {
	Rooms    Rooms
	Meetings Meetings
	Roles    Roles
	Lobby    Lobby
	Phones   Phones
	Users    Users
	Tokens   Tokens
	Clock    clock.Clock
	Logger   *slog.Logger
}

// Service is the domain's use cases. It is safe for concurrent use.
type Service struct {
	Parts
}

// New returns the service.
func New(parts Parts) *Service {
	if parts.Meetings == nil {
		parts.Meetings = noMeetings{}
	}
	return &Service{parts}
}

// outcome turns an error of Meetings into the caller's: what the caller can mend,
// or LIVEKIT_FAILED with a text that says what was not done.
func (s *Service) outcome(ctx context.Context, err error, text string) error {
	if err == nil || apierr.Has(err, apierr.ParticipantNotFound) || apierr.Has(err, apierr.InvalidFields) {
		return err
	}
	s.Logger.WarnContext(ctx, "LiveKit did not do what it was asked", "what", text, "error", err)
	return &apierr.Error{Reason: apierr.LiveKitFailed, Text: text, Cause: err}
}

// noMeetings is LiveKit where none is configured.
type noMeetings struct{}

func (noMeetings) fault() error {
	return apierr.New(apierr.LiveKitFailed, "LIVEKIT_API_URL is not set")
}

func (n noMeetings) Present(context.Context, string, string) (bool, error)        { return false, n.fault() }
func (n noMeetings) Mute(context.Context, string, string, string) error           { return n.fault() }
func (n noMeetings) Remove(context.Context, string, string) error                 { return n.fault() }
func (n noMeetings) Change(context.Context, string, string, livekit.Change) error { return n.fault() }
