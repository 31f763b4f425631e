package moderation

import (
	"context"

	"github.com/parleymeet/parley/services/internal/livekit"
)

// Mute mutes one track of a participant. Errors: see ModerationService.
func (s *Service) Mute(ctx context.Context, who Who, identity, track string) error {
	held, bearer, err := s.mayMute(ctx, who)
	if err != nil {
		return err
	}
	// A token stays good after its bearer has left or was removed.
	if bearer != nil && !s.present(ctx, held.Room.ID, bearer.Identity) {
		return refused("Could not verify caller presence")
	}
	return s.outcome(ctx, s.Meetings.Mute(ctx, held.Room.ID, identity, track), "Failed to mute participant")
}

// Remove ends a participant's meeting and its place in the lobby, so that it has
// to ask again. A caller who waits in the meeting is denied to enter, which is
// carried out a moment later, or when LiveKit is back. Errors: see
// ModerationService.
func (s *Service) Remove(ctx context.Context, who Who, identity string) error {
	held, err := s.Rooms.Moderated(ctx, who.Caller, who.IDOrSlug)
	if err != nil {
		return err
	}
	if denied, err := s.Phones.Deny(ctx, held.Room.ID, identity); err != nil || denied {
		return err
	}
	if err := s.Lobby.Forget(ctx, held.Room.ID, identity); err != nil {
		return err
	}
	return s.outcome(ctx, s.Meetings.Remove(ctx, held.Room.ID, identity), "Failed to remove participant")
}

// Update changes a participant. Errors: see ModerationService.
func (s *Service) Update(ctx context.Context, who Who, identity string, change livekit.Change) error {
	held, err := s.Rooms.Moderated(ctx, who.Caller, who.IDOrSlug)
	if err != nil {
		return err
	}
	return s.outcome(ctx, s.Meetings.Change(ctx, held.Room.ID, identity, change), "Failed to update participant")
}
