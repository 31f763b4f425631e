package accesses

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

const (
	// defaultPage is the number of accesses on a page when none is asked for.
	defaultPage = 20
	// maxTries bounds how often is judged what others keep changing.
	maxTries = 5
)

// Rooms knows rooms. Implemented by rooms.Service; see there for errors.
type Rooms interface {
	Find(ctx context.Context, caller rooms.Caller, idOrSlug string) (rooms.Held, error)
}

// Users knows people.
type Users interface {
	// Get returns the user. Errors: USER_NOT_FOUND, UNAVAILABLE.
	Get(ctx context.Context, id string) (*authv1.User, error)
}

// Parts are what the service is built of.
type Parts struct {
	Store Store
	Rooms Rooms
	Users Users
	Clock clock.Clock
}

// Service is the domain's use cases, each on behalf of a user. It is safe for
// concurrent use. For errors see AccessService.
type Service struct {
	Parts
}

// New returns the service.
func New(parts Parts) *Service { return &Service{parts} }

// Page asks for a part of the list.
type Page struct {
	// Size is the most accesses to return; 0 for the default.
	Size int
	// Token is where the page begins, from the page before; empty for the start.
	Token string
	// Skip accesses from there.
	Skip int
}

// List returns a page of the accesses on the rooms that the user administers.
// next is empty on the last page.
func (s *Service) List(ctx context.Context, user *identity.User, page Page) (list []rooms.Access, next string, total int, err error) {
	query := Query{UserID: user.ID, Skip: page.Skip, Limit: page.Size}
	if query.After, err = parseToken(page.Token); err != nil {
		return nil, "", 0, err
	}
	if query.Limit == 0 {
		query.Limit = defaultPage
	}
	size := query.Limit
	query.Limit++ // one more tells whether there is another page
	list, total, err = s.Store.Administered(ctx, query)
	if err == nil && len(list) > size {
		list = list[:size]
		next = Cursor{CreatedAt: list[size-1].CreatedAt, ID: list[size-1].ID}.token()
	}
	return list, next, total, err
}

// Get returns an access.
func (s *Service) Get(ctx context.Context, user *identity.User, id string) (rooms.Access, error) {
	access, role, err := s.Store.Access(ctx, id, user.ID)
	if err == nil && !role.Administers() {
		err = apierr.New(apierr.PermissionDenied, "")
	}
	return access, err
}

// Create gives a user a role on a room. With dry it only tells what is wrong.
func (s *Service) Create(ctx context.Context, user *identity.User, fields Fields, dry bool) (rooms.Access, error) {
	return again(func() (rooms.Access, error) { return s.create(ctx, user, fields, dry) })
}

func (s *Service) create(ctx context.Context, user *identity.User, fields Fields, dry bool) (rooms.Access, error) {
	mine, err := s.check(ctx, user, fields)
	if err != nil {
		return rooms.Access{}, err
	}
	if err := fields.complete(); err != nil && !dry {
		return rooms.Access{}, err
	}
	if fields.Role == rooms.NoRole {
		fields.Role = rooms.Member
	}
	if fields.Role == rooms.Owner && mine != rooms.Owner && fields.RoomID != "" {
		return rooms.Access{}, onlyOwners()
	}
	access := rooms.Access{
		ID: uuid.NewString(), RoomID: fields.RoomID, UserID: fields.UserID, Role: fields.Role,
		CreatedAt: s.Clock.Now().UTC().Truncate(time.Microsecond),
	}
	if dry {
		return access, nil
	}
	return access, s.Store.AddAccess(ctx, Actor{user.ID, mine}, access)
}

// Update changes the role of an access. With dry it only tells what is wrong.
func (s *Service) Update(ctx context.Context, user *identity.User, id string, fields Fields, dry bool) (rooms.Access, error) {
	return s.retried(ctx, user, id, func(access rooms.Access, mine rooms.Role) (rooms.Access, error) {
		if !mine.Administers() {
			return access, apierr.New(apierr.PermissionDenied, "")
		}
		if _, err := s.check(ctx, user, fields); err != nil {
			return access, err
		}
		if fields.Role == rooms.Owner && mine != rooms.Owner || access.Role == rooms.Owner && access.UserID != user.ID {
			return access, onlyOwners()
		}
		if dry || fields.Role == rooms.NoRole || fields.Role == access.Role {
			return access, nil
		}
		err := s.Store.ChangeAccess(ctx, Actor{user.ID, mine}, access, fields.Role)
		access.Role = fields.Role
		return access, err
	})
}

// Delete takes the role that an access gives.
func (s *Service) Delete(ctx context.Context, user *identity.User, id string) error {
	_, err := s.retried(ctx, user, id, func(access rooms.Access, mine rooms.Role) (rooms.Access, error) {
		if access.Role == rooms.Owner && access.UserID != user.ID || !mine.Administers() {
			return access, apierr.New(apierr.PermissionDenied, "")
		}
		return access, s.Store.RemoveAccess(ctx, Actor{user.ID, mine}, access)
	})
	return err
}

// retried judges and acts on an access, anew when roles are changed in between.
func (s *Service) retried(ctx context.Context, user *identity.User, id string, act func(rooms.Access, rooms.Role) (rooms.Access, error)) (rooms.Access, error) {
	return again(func() (rooms.Access, error) {
		access, mine, err := s.Store.Access(ctx, id, user.ID)
		if err != nil {
			return rooms.Access{}, err
		}
		return act(access, mine)
	})
}

// again does something until nobody changes what it has judged in between.
func again(do func() (rooms.Access, error)) (rooms.Access, error) {
	for try := 1; ; try++ {
		access, err := do()
		switch {
		case !errors.Is(err, ErrChanged):
			return access, err
		case try == maxTries:
			return rooms.Access{}, apierr.Wrap(apierr.Unavailable, err)
		}
	}
}

func onlyOwners() error {
	return apierr.New(apierr.PermissionDenied, "Only owners of a room can assign other users as owners.")
}

// token returns the cursor in a form that is not to be looked into.
func (c Cursor) token() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `[%d,%q]`, c.CreatedAt.UnixMicro(), c.ID))
}

func parseToken(token string) (Cursor, error) {
	if token == "" {
		return Cursor{}, nil
	}
	var micros int64
	var id string
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &[]any{&micros, &id})
	}
	if err != nil || uuid.Validate(id) != nil {
		return Cursor{}, apierr.New(apierr.InvalidPage, "")
	}
	return Cursor{CreatedAt: time.UnixMicro(micros).UTC(), ID: id}, nil
}
