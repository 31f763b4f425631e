package live

import (
	"context"
	"time"
)

const (
	// payEvery is how often debts are looked for.
	payEvery = time.Second
	// payBatch is how many are paid in one go.
	payBatch = 64
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

// payMetadata pushes what meetings were not given. One that fails is enough to
// know that LiveKit is away, and the rest wait.
func (s *Service) payMetadata(ctx context.Context) {
	debts, err := s.Store.MetadataOwed(ctx, payBatch)
	if s.reading.Note(ctx, err); err != nil {
		return
	}
	for _, debt := range debts {
		if err := s.payOne(ctx, debt); err != nil {
			return
		}
	}
}

func (s *Service) payOne(ctx context.Context, debt Debt) error {
	ctx, cancel := context.WithTimeout(ctx, payTimeout)
	defer cancel()
	err := s.Meetings.PushMetadata(ctx, debt.RoomID)
	s.pushing.Note(ctx, err)
	if err != nil {
		return err
	}
	return s.Store.MetadataPaid(ctx, debt)
}
