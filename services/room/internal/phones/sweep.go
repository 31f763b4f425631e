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
	attendants = 8
	// attendTimeout bounds looking at one room.
	attendTimeout = 5 * time.Second
)

// Run attends to callers until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	if s.Server == nil {
		return nil
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		s.sweep(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.wake:
		}
	}
}

// sweep looks once at every room in which somebody is on the list. A room is
// looked at by one attendant at a time, so that each acts on what it sees.
func (s *Service) sweep(ctx context.Context) {
	phones, err := s.Store.Phones(ctx, "")
	if s.store.Note(ctx, err); err != nil {
		return
	}
	var group errgroup.Group
	group.SetLimit(attendants)
	for len(phones) > 0 {
		next := slices.IndexFunc(phones, func(p Phone) bool { return p.RoomID != phones[0].RoomID })
		if next < 0 {
			next = len(phones)
		}
		inRoom := phones[:next]
		phones = phones[next:]
		group.Go(func() error {
			s.attendRoom(ctx, inRoom)
			return nil
		})
	}
	_ = group.Wait() // no attendant returns an error
}

// attendRoom compares the callers on a room's list with who is in it.
func (s *Service) attendRoom(ctx context.Context, phones []Phone) {
	ctx, cancel := context.WithTimeout(ctx, attendTimeout)
	defer cancel()
	roomID := phones[0].RoomID
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
