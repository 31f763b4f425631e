package rooms

import (
	"context"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/outbox"
)

// RotatePin gives the room a new PIN, and revokes the old ones if so asked; for
// those who administer it, and for the operator, who has no limit.
// Errors: UNAUTHENTICATED, ROOM_NOT_FOUND, PERMISSION_DENIED, PINS_EXHAUSTED,
// THROTTLED, UNAVAILABLE.
//
// The rotation holds the room's task while it lasts. So the release of a room
// that is deleted meanwhile waits for it, and no PIN is left behind. Should this
// process die, the task that remains asks for a PIN that is there already.
func (s *Service) RotatePin(ctx context.Context, caller Caller, idOrSlug string, revoke bool) (View, error) {
	if err := caller.known(); err != nil {
		return View{}, err
	}
	held, err := s.Rooms.Find(ctx, ParseKey(idOrSlug), caller.userID())
	if err != nil {
		return View{}, err
	}
	if !caller.seesAccesses(held) {
		return View{}, apierr.New(apierr.PermissionDenied, "")
	}
	// The rest of the answer comes first: if it failed after the rotation, the
	// caller would rotate once more.
	view, err := s.view(ctx, caller, held)
	if err != nil {
		return View{}, err
	}
	view.DialIn, err = s.rotate(ctx, held.Room.ID, Rotation{
		Revoke: revoke, Country: held.Room.PhoneCountry, Unlimited: caller.Operator,
	})
	return view, err
}

func (s *Service) rotate(ctx context.Context, roomID string, r Rotation) (dialIn *telephonyv1.DialIn, err error) {
	lease := s.Outbox.Lease()
	task, err := s.Rooms.Hold(ctx, lease.Task(roomID, outbox.Allocate), lease.Until)
	if err != nil {
		return nil, err
	}
	err = s.Outbox.Deliver(ctx, lease, task, func(ctx context.Context) (err error) {
		dialIn, err = s.DialIns.Rotate(ctx, roomID, r)
		return err
	})
	return dialIn, err
}
