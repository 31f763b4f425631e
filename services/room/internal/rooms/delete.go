package rooms

import (
	"context"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/outbox"
)

// Delete deletes a room. Its PIN is taken back soon after; until then it leads
// to a room that is not found. Errors: UNAUTHENTICATED, ROOM_NOT_FOUND,
// PERMISSION_DENIED, UNAVAILABLE.
func (s *Service) Delete(ctx context.Context, caller Caller, idOrSlug string) error {
	if err := caller.known(); err != nil {
		return err
	}
	held, err := s.Rooms.Find(ctx, ParseKey(idOrSlug), caller.userID())
	if err != nil {
		return err
	}
	if held.Role != Owner && !caller.Operator {
		return apierr.New(apierr.PermissionDenied, "")
	}
	task := s.Outbox.Lease().Task(held.Room.ID, outbox.Release)
	if err := s.Rooms.Delete(ctx, held.Room.ID, task, s.now()); err != nil {
		return err
	}
	s.Outbox.Wake()
	return nil
}
