package phones

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/lobby"
)

const (
	// sweepEvery is how often rooms in which callers wait are looked at.
	sweepEvery = time.Second
	// attendants look at so many rooms side by side.
	attendants = 32
	// attendTimeout bounds looking at one room.
	attendTimeout = 5 * time.Second
)

// Run attends to callers until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	if s.Server == nil {
		return nil
	}
	var crew errgroup.Group
	crew.SetLimit(attendants)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		s.sweep(ctx, &crew)
		select {
		case <-ctx.Done():
			return crew.Wait() // no attendant returns an error
		case <-tick.C:
		case <-s.wake:
		}
	}
}

// sweep sends an attendant to every room in which somebody is on the list. It does
// not wait for them: a room whose LiveKit does not answer holds up no other. Only
// while all are busy it waits for one, so that every room has its turn.
func (s *Service) sweep(ctx context.Context, crew *errgroup.Group) {
	phones, err := s.Store.Phones(ctx, "")
	if s.store.Note(ctx, err); err != nil {
		return
	}
	for i, phone := range phones { // ordered by room
		if i > 0 && phones[i-1].RoomID == phone.RoomID || !s.take(phone.RoomID) {
			continue
		}
		crew.Go(func() error {
			defer s.leave(phone.RoomID)
			s.attendRoom(ctx, phone.RoomID)
			return nil
		})
	}
}

// take reports whether nobody attends to a room, and has it attended to. A room has
// one attendant at a time, so that each acts on what it sees; one that is taken is
// looked at again afterwards.
func (s *Service) take(roomID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, taken := s.attended[roomID]
	s.attended[roomID] = taken
	return !taken
}

// leave ends what take began.
func (s *Service) leave(roomID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attended[roomID] {
		s.wakeUp()
	}
	delete(s.attended, roomID)
}

// attendRoom compares the callers on a room's list, as it is now, with who is in
// it.
func (s *Service) attendRoom(ctx context.Context, roomID string) {
	ctx, cancel := context.WithTimeout(ctx, attendTimeout)
	defer cancel()
	phones, err := s.Store.Phones(ctx, roomID)
	if s.store.Note(ctx, err); err != nil || len(phones) == 0 {
		return
	}
	people, err := s.Server.People(ctx, roomID)
	s.livekit.Note(ctx, err)
	if err != nil {
		return
	}
	present := make(map[string]*livekit.Person, len(people))
	for i := range people {
		present[people[i].Identity] = &people[i]
	}
	for _, phone := range phones {
		if err := s.attend(ctx, phone, present[phone.Identity]); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "a caller in a lobby is not served yet",
				"room_id", roomID, "status", string(phone.Status), "error", err)
		}
	}
	if slices.ContainsFunc(phones, func(p Phone) bool { return p.Status == lobby.Waiting }) {
		s.Bell.Ring(roomID)
	}
}
