package accesses

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// deposed is a room whose administrator loses the role while it acts.
type deposed struct {
	Store
	role   rooms.Role
	judged []rooms.Role
}

func (d *deposed) Find(context.Context, rooms.Caller, string) (rooms.Held, error) {
	return rooms.Held{Role: d.role}, nil
}

func (d *deposed) AddAccess(_ context.Context, by Actor, _ rooms.Access) error {
	d.judged = append(d.judged, by.Role)
	d.role = rooms.Member
	return ErrChanged
}

// TestCreateJudgesAnew: who administers the room no more when the access would be
// added is judged as what it is by then.
func TestCreateJudgesAnew(t *testing.T) {
	t.Parallel()
	d := &deposed{role: rooms.Administrator}
	ada := &identity.User{ID: uuid.NewString()}
	s := New(Parts{Store: d, Rooms: d, Clock: clock.NewFake(time.Unix(1768478400, 0))})
	_, err := s.Create(t.Context(), ada, Fields{UserID: ada.ID, RoomID: uuid.NewString()}, false)
	if !apierr.Has(err, apierr.PermissionDenied) || len(d.judged) != 1 || d.judged[0] != rooms.Administrator {
		t.Errorf("judged as %v: %v", d.judged, err)
	}
}
