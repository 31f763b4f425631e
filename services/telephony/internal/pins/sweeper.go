package pins

import (
	"context"
	"log/slog"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/sweep"
)

const (
	sweepInterval = 30 * time.Second
	// sweepBatch keeps each statement short, so that it never makes an
	// allocation wait.
	sweepBatch = 500
	// rememberRooms is for how long the end of a room is known, so that an event
	// from before it, delivered late, does not make it live again.
	rememberRooms = 24 * time.Hour
)

// Sweeper ends the states of PINs when their time is over. Dispatch does not
// rely on it: it compares times itself. Replicas may sweep at once.
type Sweeper struct {
	store Store
	rules Rules
	clock clock.Clock
	log   *slog.Logger
}

// NewSweeper returns a sweeper.
func NewSweeper(store Store, rules Rules, c clock.Clock, log *slog.Logger) *Sweeper {
	return &Sweeper{store: store, rules: rules, clock: c, log: log}
}

// Run sweeps until ctx ends. A failed sweep is logged and done again later.
func (s *Sweeper) Run(ctx context.Context) {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "PINs could not be swept, trying again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep puts every retiring PIN whose time is over into quarantine, deletes
// every quarantined one whose time is over, and forgets rotations of days ago and
// rooms that ended long ago.
func (s *Sweeper) Sweep(ctx context.Context) error {
	now := s.clock.Now()
	quarantined, err := sweep.All(ctx, sweepBatch, func(limit int) (int, error) {
		return s.store.QuarantineExpired(ctx, now, now.Add(s.rules.Quarantine), limit)
	})
	if err != nil {
		return err
	}
	deleted, err := sweep.All(ctx, sweepBatch, func(limit int) (int, error) { return s.store.DeleteExpired(ctx, now, limit) })
	if quarantined+deleted > 0 {
		s.log.InfoContext(ctx, "PINs swept", "quarantined", quarantined, "freed", deleted)
	}
	if err != nil {
		return err
	}
	_, err = sweep.All(ctx, sweepBatch, func(limit int) (int, error) { return s.store.DeleteRotations(ctx, now, limit) })
	if err != nil {
		return err
	}
	_, err = sweep.All(ctx, sweepBatch, func(limit int) (int, error) {
		return s.store.DeleteRoomStates(ctx, now.Add(-rememberRooms), limit)
	})
	return err
}
