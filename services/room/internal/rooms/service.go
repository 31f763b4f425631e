package rooms

import (
	"log/slog"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/trouble"
)

// Settings are the rules that the operator may set.
type Settings struct {
	// DefaultAccessLevel is for rooms of users without a preference.
	DefaultAccessLevel AccessLevel
	// DefaultSources may be published by moderators, and by everybody where the
	// room's configuration does not say otherwise.
	DefaultSources []string
	// EditDisplayName lets logged-in people choose the name that is shown.
	EditDisplayName bool
	// ExternalPublic lets applications create public rooms.
	ExternalPublic bool
	// CallbackTimeout is how long somebody may learn of a room by callback.
	CallbackTimeout time.Duration
}

// Parts are what the service is built of. LiveRooms may be nil: then nobody is
// told of changes while they meet.
type Parts struct {
	Rooms     Store
	Accesses  AccessStore
	Outbox    *outbox.Outbox
	Users     Users
	Tokens    Tokens
	DialIns   DialIns
	LiveRooms LiveRooms
	// Owed is signalled when the people in a room may have to be told of a change.
	Owed   chan<- struct{}
	Clock  clock.Clock
	Logger *slog.Logger
}

// Service is the domain's use cases. It is safe for concurrent use.
type Service struct {
	Settings
	Parts
	dialInTrouble trouble.Log
	userTrouble   trouble.Log
}

// New returns the service.
func New(settings Settings, parts Parts) *Service {
	return &Service{
		Settings:      settings,
		Parts:         parts,
		dialInTrouble: trouble.Log{Logger: parts.Logger, What: "rooms are shown without dial-in"},
		userTrouble:   trouble.Log{Logger: parts.Logger, What: "accesses are shown without their users' details"},
	}
}

// Caller is on whose behalf something is done.
type Caller struct {
	// User is nil for an anonymous visitor and for the operator.
	User *identity.User
	// Operator is the operator's command line: it sees and deletes every room,
	// but enters none.
	Operator bool
	// Application says that an application acts for the user: it sees how to
	// dial in, but enters no room and is not told who has access.
	Application bool
	// DisplayName is the name that the person asks to be shown; may be empty.
	DisplayName string
	// Guest is who the person is in the lobby; nil for who did not come through it.
	Guest *Guest
}

// Guest is a person in the lobby, who is the same one in the meeting.
type Guest struct {
	// ID is a UUID: the identity in the meeting of a person without a user.
	ID string
	// Color is shown with the person in lobby and meeting.
	Color string
}

func (c Caller) userID() string {
	if c.User == nil {
		return ""
	}
	return c.User.ID
}

// known returns UNAUTHENTICATED for an anonymous visitor.
func (c Caller) known() error {
	if c.User == nil && !c.Operator {
		return apierr.New(apierr.Unauthenticated, "")
	}
	return nil
}

// Enters reports whether the person may enter the room at once.
func (c Caller) Enters(h Held) bool {
	return !c.Operator && !c.Application && h.Room.AccessLevel.admits(c.User != nil, h.Role)
}

// seesDialIn is Enters, the operator, and an application of a user with a role.
func (c Caller) seesDialIn(h Held) bool {
	return c.Operator || c.Enters(h) || c.Application && h.Role != NoRole
}

// seesAccesses reports whether the person may know who has access.
func (c Caller) seesAccesses(h Held) bool {
	return c.Operator || !c.Application && h.Role.Administers()
}

// now returns the present time as stores keep it.
func (s *Service) now() time.Time { return s.Clock.Now().Truncate(time.Microsecond) }
