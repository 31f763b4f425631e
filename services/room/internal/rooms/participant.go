package rooms

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/internal/color"
)

// Participant is who a person is in the LiveKit room.
type Participant struct {
	// Identity is unique in the room: the user's sub, or a UUID for one visit.
	Identity string
	Name     string
	// Moderates gives the right to moderate through LiveKit.
	Moderates bool
	// Sources may be published; none when empty.
	Sources    []string
	Attributes map[string]string
	// TimeToLive is how long the token is good; 0 for the default.
	TimeToLive time.Duration
}

// anonymousName is shown for visitors who give no name.
const anonymousName = "Anonymous"

// Connect mints the caller's way into the room, whether or not the room is open
// to it. Errors: UNAVAILABLE.
func (s *Service) Connect(ctx context.Context, caller Caller, h Held) (*tokenv1.Connection, error) {
	return s.Tokens.Mint(ctx, h.Room.ID, s.participant(caller, h))
}

func (s *Service) participant(caller Caller, h Held) Participant {
	p := Participant{
		Identity:  uuid.NewString(),
		Name:      s.displayName(caller),
		Moderates: h.Role.Administers(),
		Sources:   s.sources(h),
	}
	if caller.Guest != nil {
		p.Identity = caller.Guest.ID
	}
	if caller.User != nil {
		p.Identity = caller.User.Sub
	}
	shade := color.Of(p.Identity)
	if caller.Guest != nil {
		shade = caller.Guest.Color
	}
	p.Attributes = map[string]string{
		"color":            shade,
		"is_authenticated": strconv.FormatBool(caller.User != nil),
	}
	if h.Role != NoRole { // an empty value makes the frontend announce a new role
		p.Attributes["room_role"] = h.Role.String()
	}
	return p
}

// displayName follows the table of the contract.
func (s *Service) displayName(caller Caller) string {
	if caller.User == nil {
		return firstOf(caller.DisplayName, anonymousName)
	}
	if s.EditDisplayName && caller.DisplayName != "" {
		return caller.DisplayName
	}
	return nameOf(caller.User)
}

func nameOf(user *identity.User) string { return firstOf(user.FullName, user.Email, user.ID) }

func firstOf(names ...string) string {
	for _, name := range names {
		if name != "" {
			return name
		}
	}
	return ""
}

// sources returns what may be published with the role.
func (s *Service) sources(h Held) []string {
	if chosen, ok := h.Room.Configuration.CanPublishSources(); ok && !h.Role.Administers() {
		return chosen
	}
	return s.DefaultSources
}
