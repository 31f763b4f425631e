package rooms

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/structpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/outbox"
)

// Draft is a room to create.
type Draft struct {
	Name string
	// AccessLevel is NoAccessLevel for the user's default, else the server's.
	AccessLevel AccessLevel
	// Configuration is nil or empty for the user's default.
	Configuration *structpb.Struct
	PhoneAccess   PhoneAccess
	PhoneCountry  string
	// OwnerID is for the operator, who must name the owner, and for nobody else.
	OwnerID string
	// CallbackID lets whoever knows it learn of the new room; empty for nobody.
	CallbackID string
	// ValidateOnly makes Create fail as it would for the fields, and do nothing else.
	ValidateOnly bool
}

// Create creates a room. Errors: UNAUTHENTICATED, PERMISSION_DENIED (an owner
// named by a user), INVALID_FIELDS, UNAVAILABLE.
//
// UNAVAILABLE always means that nothing was created, so that the call can be
// repeated without finding its own slug taken. Hence all that may fail comes
// before the transaction: the owner's defaults (a person who chose "restricted"
// must not be given a public room because auth is away; a request that leaves
// no default open does without), and the connection, which needs no more than
// the id drawn here. After the commit only the PIN is missing, and follows.
func (s *Service) Create(ctx context.Context, caller Caller, draft Draft) (View, error) {
	if err := caller.known(); err != nil {
		return View{}, err
	}
	room, err := s.newRoom(draft)
	if err != nil || draft.ValidateOnly {
		return View{}, err
	}
	owner, err := s.owner(ctx, caller, draft, room)
	if err != nil {
		return View{}, err
	}
	if err := s.applyDefaults(&room, owner); err != nil {
		return View{}, err
	}
	held := Held{Room: room, Role: Owner}
	var connection *tokenv1.Connection
	if caller.Operator {
		held.Role = NoRole
	} else if !caller.Application {
		if connection, err = s.Connect(ctx, caller, held); err != nil {
			return View{}, err
		}
	}
	access := Access{ID: uuid.NewString(), RoomID: room.ID, UserID: owner.GetId(), Role: Owner, CreatedAt: room.CreatedAt}
	lease := s.Outbox.Lease()
	task := lease.Task(room.ID, outbox.Allocate)
	task.Country = room.PhoneCountry
	creation := Creation{Room: room, Owner: access, Task: task, Due: lease.Until, Callback: s.callback(draft.CallbackID)}
	if err := s.Rooms.Create(ctx, creation); err != nil {
		return View{}, err
	}
	return View{
		Held:       held,
		Connection: connection,
		DialIn:     s.Outbox.DeliverAllocation(ctx, lease, task),
		Accesses:   []UserAccess{{access, owner}},
	}, nil
}

// newRoom checks what was sent and reports everything that is wrong at once.
func (s *Service) newRoom(draft Draft) (Room, error) {
	name, slug, wrongName := parseName(draft.Name)
	configuration, wrong := ParseConfiguration(draft.Configuration)
	country, wrongCountry := parseCountry(draft.PhoneCountry)
	if wrongCountry != nil {
		wrong = append(wrong, *wrongCountry)
	}
	if wrongName != nil {
		wrong = append([]apierr.Violation{*wrongName}, wrong...)
	}
	now := s.now()
	return Room{
		ID: uuid.NewString(), Name: name, Slug: slug,
		AccessLevel: draft.AccessLevel, Configuration: configuration, PhoneAccess: draft.PhoneAccess,
		PhoneCountry: country,
		CreatedAt:    now, UpdatedAt: now,
	}, invalid(wrong)
}

// owner returns the owner-to-be, from auth where it matters: for an open
// default, and to be sure that the owner whom the operator names exists. An
// application leaves no default open.
func (s *Service) owner(ctx context.Context, caller Caller, draft Draft, room Room) (*authv1.User, error) {
	if caller.Operator {
		return s.namedOwner(ctx, draft.OwnerID)
	}
	if draft.OwnerID != "" {
		return nil, apierr.New(apierr.PermissionDenied, "")
	}
	switch {
	case caller.Application: // which is not told who has access
		return caller.user(caller.User.ID), nil
	case room.AccessLevel != NoAccessLevel && !room.Configuration.Empty():
		return s.shown(ctx, caller), nil
	}
	return s.Users.Get(ctx, caller.User.ID)
}

// shown returns the caller as auth shows it, else as it is known without.
func (s *Service) shown(ctx context.Context, caller Caller) *authv1.User {
	users, err := s.Users.ByIDs(ctx, []string{caller.User.ID})
	s.userTrouble.Note(ctx, err)
	if user := users[caller.User.ID]; user != nil {
		return user
	}
	return caller.user(caller.User.ID)
}

func (s *Service) namedOwner(ctx context.Context, id string) (*authv1.User, error) {
	if id == "" {
		return nil, apierr.InvalidField("owner_id", "required", "This field is required.")
	}
	canonical, ok := parseID(id)
	if !ok {
		return nil, apierr.InvalidField("owner_id", "invalid", "Must be a valid UUID.")
	}
	user, err := s.Users.Get(ctx, canonical)
	if apierr.Has(err, apierr.UserNotFound) {
		return nil, apierr.InvalidField("owner_id", "does_not_exist", `Invalid pk "%s" - object does not exist.`, canonical)
	}
	return user, err
}

// applyDefaults fills what was left open with the owner's defaults, else the
// server's. A default outside the schema is refused like a sent one: dropping it
// would open the room wider than its owner wants.
func (s *Service) applyDefaults(room *Room, owner *authv1.User) error {
	if room.AccessLevel == NoAccessLevel {
		room.AccessLevel = s.DefaultAccessLevel
		if preferred := owner.GetDefaultRoomAccessLevel(); preferred != "" {
			room.AccessLevel = ParseAccessLevel(preferred)
		}
		if room.AccessLevel == NoAccessLevel {
			return apierr.Invalid(wrongChoice(owner.GetDefaultRoomAccessLevel()))
		}
	}
	if room.Configuration.Empty() {
		configuration, wrong := ParseConfiguration(owner.GetDefaultRoomConfiguration())
		if err := invalid(wrong); err != nil {
			return err
		}
		room.Configuration = configuration
	}
	return nil
}

func wrongChoice(level string) apierr.Violation {
	return apierr.Violation{Field: fieldAccessLevel, Code: "invalid_choice", Text: `"` + level + `" is not a valid choice.`}
}
