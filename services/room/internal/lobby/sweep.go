package lobby

import (
	"context"
	"time"
)

const (
	sweepEvery = 5 * time.Second
	sweepBatch = 500
	// sweepTimeout bounds one batch.
	sweepTimeout = 5 * time.Second
)

// Run removes entries that have expired, until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "expired lobby entries stay for now", "error", err)
		}
	}
}

// sweep walks over all entries once.
func (s *Service) sweep(ctx context.Context) error {
	for at := (Key{}); ; {
		next, err := s.sweepPage(ctx, at)
		if err != nil || next == (Key{}) {
			return err
		}
		at = next
	}
}

func (s *Service) sweepPage(ctx context.Context, after Key) (Key, error) {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	return s.Store.Sweep(ctx, after, s.now().Add(-s.Return), sweepBatch) // until then they may return
}
