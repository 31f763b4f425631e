package pins

import (
	"context"
	"log/slog"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

const (
	drainInterval = 15 * time.Second
	drainBatch    = 200
)

// Drainer moves the rooms of draining trunks to other trunks and disables a
// trunk when no PIN on it is accepted any more. Replicas may drain at once:
// the second to move a room finds nothing to replace.
type Drainer struct {
	store     Store
	allocator *Allocator
	directory *trunks.Directory
	clock     clock.Clock
	log       *slog.Logger
	wake      chan struct{}
}

// NewDrainer returns a drainer.
func NewDrainer(store Store, a *Allocator, d *trunks.Directory, c clock.Clock, log *slog.Logger) *Drainer {
	return &Drainer{store: store, allocator: a, directory: d, clock: c, log: log, wake: make(chan struct{}, 1)}
}

// Wake makes the drainer look for work now.
func (d *Drainer) Wake() {
	select {
	case d.wake <- struct{}{}:
	default: // it is about to look
	}
}

// Run drains until ctx ends.
func (d *Drainer) Run(ctx context.Context) {
	tick := time.NewTicker(drainInterval)
	defer tick.Stop()
	for {
		if err := d.Drain(ctx); err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "trunks could not be drained, trying again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-d.wake:
		}
	}
}

// Drain moves the rooms of every draining trunk. It stops at the first room
// for which there is no PIN elsewhere. Of a trunk that stops draining meanwhile it
// moves no more rooms.
func (d *Drainer) Drain(ctx context.Context) error {
	fills, err := d.store.Fills(ctx)
	if err != nil {
		return err
	}
	for _, f := range fills {
		if f.State != trunks.Draining {
			continue
		}
		if err := d.drain(ctx, f.TrunkID); err != nil {
			return err
		}
	}
	return nil
}

func (d *Drainer) drain(ctx context.Context, trunkID string) error {
	moved, after := 0, ""
	for {
		batch, err := d.store.CurrentOn(ctx, trunkID, after, drainBatch)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		for _, pin := range batch {
			left, err := d.allocator.Move(ctx, pin)
			if err != nil {
				return err
			}
			if left {
				moved++
			}
		}
		after = batch[len(batch)-1].Digits
	}
	if moved > 0 {
		d.log.InfoContext(ctx, "rooms moved off a draining trunk", "trunk", trunkID, "rooms", moved)
	}
	done, err := d.store.FinishDrain(ctx, trunkID, d.clock.Now())
	if done {
		d.directory.Forget()
		d.log.InfoContext(ctx, "trunk is drained and disabled", "trunk", trunkID)
	}
	return err
}
