package moderation

import (
	"context"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Who is somebody who wants to do something to people in a room.
type Who struct {
	Caller   rooms.Caller
	IDOrSlug string
	// Token is a meeting token; where one is taken it counts alone.
	Token string
}

// Action is what somebody wants to do.
type Action int

// The actions.
const (
	ActionMute Action = iota + 1
	ActionModerate
	ActionChangeRole
	ActionSelf
)

// Authorize does nothing but to fail as the action would before it looks at
// what is to be done.
func (s *Service) Authorize(ctx context.Context, who Who, action Action) error {
	var err error
	switch action {
	case ActionMute:
		_, _, err = s.mayMute(ctx, who)
	case ActionModerate:
		_, err = s.Rooms.Moderated(ctx, who.Caller, who.IDOrSlug)
	case ActionChangeRole:
		_, err = s.mayChangeRoles(ctx, who)
	default:
		_, err = s.bearer(ctx, who)
	}
	return err
}

// bearer returns the participant that the token proves, in the room that the
// request names. Without any proof it is PERMISSION_DENIED, not UNAUTHENTICATED:
// so the contract has it where no session is asked for.
func (s *Service) bearer(ctx context.Context, who Who) (Bearer, error) {
	b, _, err := s.bearerIn(ctx, who)
	return b, err
}

func (s *Service) bearerIn(ctx context.Context, who Who) (b Bearer, held rooms.Held, err error) {
	if who.Token != "" {
		if b, err = s.Tokens.Verify(ctx, who.Token); err != nil {
			return Bearer{}, rooms.Held{}, err
		}
	}
	held, err = s.Rooms.Find(ctx, rooms.Caller{}, who.IDOrSlug)
	switch {
	case err != nil:
		return Bearer{}, rooms.Held{}, err
	case who.Token == "":
		return Bearer{}, rooms.Held{}, noCredentials()
	case b.RoomID != held.Room.ID:
		return Bearer{}, rooms.Held{}, apierr.New(apierr.PermissionDenied, "")
	}
	return b, held, nil
}

// mayMute returns the room in which the caller may mute others, and the bearer
// of the token if it comes with one.
func (s *Service) mayMute(ctx context.Context, who Who) (held rooms.Held, b *Bearer, err error) {
	if who.Token != "" {
		proven, held, err := s.bearerIn(ctx, who)
		if err != nil {
			return rooms.Held{}, nil, err
		}
		if can, chosen := held.Room.Configuration.EveryoneCanMute(); chosen && !can {
			return rooms.Held{}, nil, apierr.New(apierr.PermissionDenied, "")
		}
		return held, &proven, nil
	}
	held, err = s.Rooms.Find(ctx, who.Caller, who.IDOrSlug)
	switch {
	case err != nil:
		return rooms.Held{}, nil, err
	case who.Caller.User == nil:
		return rooms.Held{}, nil, noCredentials()
	case !held.Role.Administers():
		return rooms.Held{}, nil, apierr.New(apierr.PermissionDenied, "")
	}
	return held, nil, nil
}

// mayChangeRoles returns the room that the caller moderates from within.
func (s *Service) mayChangeRoles(ctx context.Context, who Who) (rooms.Held, error) {
	held, err := s.Rooms.Moderated(ctx, who.Caller, who.IDOrSlug)
	if err != nil {
		return rooms.Held{}, err
	}
	if who.Caller.User == nil || !s.present(ctx, held.Room.ID, who.Caller.User.Sub) {
		return rooms.Held{}, apierr.New(apierr.PermissionDenied, "You must be connected to the meeting to perform this action.")
	}
	return held, nil
}

// present reports whether LiveKit says that the participant is in the room.
func (s *Service) present(ctx context.Context, roomID, identity string) bool {
	there, err := s.Meetings.Present(ctx, roomID, identity)
	if err != nil {
		s.Logger.WarnContext(ctx, "somebody counts as absent", "room_id", roomID, "error", err)
	}
	return there
}

func noCredentials() error {
	return apierr.New(apierr.PermissionDenied, "Authentication credentials were not provided.")
}

func refused(text string) error { return apierr.New(apierr.ModerationRefused, "%s", text) }
