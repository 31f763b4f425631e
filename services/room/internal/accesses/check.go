package accesses

import (
	"context"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Fields are what somebody says about an access. The ids are canonical UUIDs.
type Fields struct {
	// UserID and RoomID are empty where nothing is said.
	UserID, RoomID string
	// Role is NoRole where nothing is said.
	Role rooms.Role
}

const (
	fieldUser = "user"
	fieldRoom = "resource"
)

// check returns the user's role on the room that the fields name, NoRole when
// they name none. Errors: PERMISSION_DENIED (the user does not administer that
// room), which comes first; INVALID_FIELDS for what does not exist.
func (s *Service) check(ctx context.Context, user *identity.User, fields Fields) (rooms.Role, error) {
	var wrong []apierr.Violation
	held := rooms.Held{}
	if fields.RoomID != "" {
		var err error
		held, err = s.Rooms.Find(ctx, rooms.Caller{User: user}, fields.RoomID)
		switch {
		case apierr.Has(err, apierr.RoomNotFound):
			wrong = append(wrong, unknown(fieldRoom, fields.RoomID))
		case err != nil:
			return rooms.NoRole, err
		case !held.Role.Administers():
			return rooms.NoRole, apierr.New(apierr.PermissionDenied, "You must be administrator or owner of a room to add accesses to it.")
		}
	}
	if fields.UserID != "" && fields.UserID != user.ID {
		_, err := s.Users.Get(ctx, fields.UserID)
		switch {
		case apierr.Has(err, apierr.UserNotFound):
			wrong = append(wrong, unknown(fieldUser, fields.UserID))
		case err != nil:
			return rooms.NoRole, err
		}
	}
	if len(wrong) > 0 {
		return rooms.NoRole, apierr.Invalid(wrong...)
	}
	return held.Role, nil
}

// complete reports what a new access lacks.
func (f Fields) complete() error {
	var wrong []apierr.Violation
	if f.UserID == "" {
		wrong = append(wrong, required(fieldUser))
	}
	if f.RoomID == "" {
		wrong = append(wrong, required(fieldRoom))
	}
	if len(wrong) > 0 {
		return apierr.Invalid(wrong...)
	}
	return nil
}

func unknown(field, id string) apierr.Violation {
	return apierr.Violation{Field: field, Code: "does_not_exist", Text: `Invalid pk "` + id + `" - object does not exist.`}
}

func required(field string) apierr.Violation {
	return apierr.Violation{Field: field, Code: "required", Text: "This field is required."}
}
