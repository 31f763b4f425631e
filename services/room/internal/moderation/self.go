package moderation

import (
	"context"

	"github.com/parleymeet/parley/services/internal/livekit"
)

// handRaised is the attribute by which hands are shown, in the order of its times.
const handRaised = "handRaisedAt"

// SetHand raises or lowers the hand of the token's bearer. Errors: see ModerationService.
func (s *Service) SetHand(ctx context.Context, who Who, raised bool) error {
	b, err := s.bearer(ctx, who)
	if err != nil {
		return err
	}
	since := ""
	if raised {
		since = s.Clock.Now().UTC().Format("2006-01-02T15:04:05.000000-07:00")
	}
	change := livekit.Change{Attributes: map[string]string{handRaised: since}}
	return s.outcome(ctx, s.Meetings.Change(ctx, b.RoomID, b.Identity, change), "Failed to update participant hand state")
}

// Rename renames the token's bearer in this meeting. Errors: see ModerationService.
func (s *Service) Rename(ctx context.Context, who Who, name string) error {
	b, err := s.bearer(ctx, who)
	if err != nil {
		return err
	}
	return s.outcome(ctx, s.Meetings.Change(ctx, b.RoomID, b.Identity, livekit.Change{Name: name}), "Failed to rename participant")
}
