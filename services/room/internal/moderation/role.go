package moderation

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// ChangeRole makes a user in the meeting member or administrator of the room,
// and shows it in the meeting. synced is false when the role is changed but the
// meeting could not be told; the call may then be repeated. Errors: see
// ModerationService.
func (s *Service) ChangeRole(ctx context.Context, who Who, identity string, role rooms.Role) (synced bool, err error) {
	held, err := s.mayChangeRoles(ctx, who)
	if err != nil {
		return false, err
	}
	if identity == who.Caller.User.Sub {
		return false, refused("You cannot change your own role.")
	}
	if !s.present(ctx, held.Room.ID, identity) {
		return false, apierr.New(apierr.ParticipantNotFound, "Participant is not connected to this meeting.")
	}
	user, err := s.Users.BySub(ctx, identity)
	if apierr.Has(err, apierr.UserNotFound) {
		return false, apierr.New(apierr.ParticipantNotFound, "This participant has no user account and cannot be assigned a role.")
	} else if err != nil {
		return false, err
	}
	err = s.Roles.SetRole(ctx, who.Caller.User.ID, rooms.Access{
		ID: uuid.NewString(), RoomID: held.Room.ID, UserID: user.GetId(), Role: role,
		CreatedAt: s.Clock.Now().UTC().Truncate(time.Microsecond),
	})
	if apierr.Has(err, apierr.LastOwner) {
		return false, refused("Room owners cannot be demoted.")
	} else if err != nil {
		return false, err
	}
	change := livekit.Change{Attributes: map[string]string{"room_role": role.String()}}
	if err := s.Meetings.Change(ctx, held.Room.ID, identity, change); err != nil {
		s.Logger.WarnContext(ctx, "a meeting is not told of a new role", "room_id", held.Room.ID, "error", err)
		return false, nil
	}
	return true, nil
}
