package live

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// payEvery is how often debts are looked for.
	payEvery = time.Second
	// payBatch is how many are paid in one go.
	payBatch = 64
	// payers pay meetings side by side.
	payers = 8
	// payTimeout bounds one payment.
	payTimeout = 2 * time.Second
)

// tell tells telephony which rooms have begun or ended. One room of which it
// cannot be told is enough to know that telephony is away, and the rest wait.
func (s *Service) tell(ctx context.Context) {
	states, err := s.Store.Untold(ctx, payBatch)
	if s.reading.Note(ctx, err); err != nil {
		return
	}
	for _, state := range states {
		if err := s.tellOne(ctx, state); err != nil {
			return
		}
	}
	if len(states) == payBatch {
		s.wakeUp() // there may be more
	}
}

func (s *Service) tellOne(ctx context.Context, state State) error {
	ctx, cancel := context.WithTimeout(ctx, payTimeout)
	defer cancel()
	err := s.Telephony.SetRoomLive(ctx, state)
	s.telling.Note(ctx, err)
	if err != nil {
		return err
	}
	return s.Store.Told(ctx, state)
}

func (s *Service) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// payMetadata tells meetings how their rooms are by now, so many side by side.
// One that LiveKit does not take keeps no other waiting.
func (s *Service) payMetadata(ctx context.Context) {
	debts, err := s.Store.MetadataOwed(ctx, payBatch)
	if s.reading.Note(ctx, err); err != nil || len(debts) == 0 {
		return
	}
	var group errgroup.Group
	group.SetLimit(payers)
	for _, debt := range debts {
		group.Go(func() error { return s.payOne(ctx, debt) })
	}
	s.pushing.Note(ctx, group.Wait())
}

func (s *Service) payOne(ctx context.Context, debt Debt) error {
	ctx, cancel := context.WithTimeout(ctx, payTimeout)
	defer cancel()
	if err := s.Meetings.PushMetadata(ctx, debt.RoomID); err != nil {
		return err
	}
	return s.Store.MetadataPaid(ctx, debt)
}
