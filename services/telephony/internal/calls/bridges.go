package calls

import (
	"context"
	"log/slog"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/sweep"
)

const (
	bridgeInterval = 15 * time.Second
	// goneAfter is how long a bridge is off the bus before its calls are given up. One
	// that has only lost its connection is back within seconds.
	goneAfter  = 30 * time.Second
	goneReason = "the SIP bridge is gone"
	// promptTime is how long callers take who type a PIN. Of who was in the prompt
	// while the bus was away, and has not been heard of for so long since, LiveKit SIP
	// may have told the end when nobody was there to hear it. It tells nothing twice.
	promptTime   = 2 * time.Minute
	promptReason = "no word from the SIP bridge since the SIP bus was away"
)

// Bus knows which bridges are on it; sipbus.Bus meets it.
type Bus interface {
	// Absent returns those of the bridges that are not there, and whether that is
	// known: not while the bus is away, or nobody answers on it.
	Absent(ctx context.Context, bridges []string) (absent []string, known bool)
}

// Bridges gives up the calls of bridges that have died: nobody else tells of those
// whose callers were still in the prompt, and each would hold one of its trunk's
// lines for as long as silence is no sign that a call is over. So it does with calls
// in the prompt whose end may have been told while the bus was away.
type Bridges struct {
	store  Store
	bus    Bus
	clock  clock.Clock
	log    *slog.Logger
	absent map[string]time.Time // since when, of those that were not there last time
	back   time.Time            // when the bus was back; zero while it is away
	doubts bool                 // whether calls in the prompt may have ended before
}

// NewBridges returns a watch over the bridges on a bus.
func NewBridges(store Store, bus Bus, c clock.Clock, log *slog.Logger) *Bridges {
	return &Bridges{store: store, bus: bus, clock: c, log: log}
}

// Run looks after the bridges until ctx ends. Replicas may do so at once.
func (b *Bridges) Run(ctx context.Context) {
	tick := time.NewTicker(bridgeInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := b.Check(ctx); err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "bridges could not be looked after, trying again later", "error", err)
		}
	}
}

// Check gives up the calls of each bridge that was absent at every check for long
// enough. Where the bus does not say who is there, waiting begins anew.
func (b *Bridges) Check(ctx context.Context) error {
	known := b.absent
	b.absent = nil
	bridges, err := b.store.Bridges(ctx)
	if err != nil {
		return err
	}
	gone, there := b.bus.Absent(ctx, bridges)
	if !there { // readiness tells so
		b.back = time.Time{}
		return nil
	}
	now := b.clock.Now()
	if b.back.IsZero() {
		b.back, b.doubts = now, true
	}
	if err := b.giveUp(ctx, known, gone, now); err != nil {
		return err
	}
	if !b.doubts || now.Sub(b.back) < promptTime {
		return nil
	}
	_, err = sweep.All(ctx, cleanBatch, func(limit int) (int, error) {
		return b.store.FailCalls(ctx, Doubt{Reason: promptReason, Before: b.back, Prompt: true}, now, limit)
	})
	b.doubts = err != nil
	return err
}

// giveUp notes who is gone, and fails the calls of who is for too long.
func (b *Bridges) giveUp(ctx context.Context, known map[string]time.Time, gone []string, now time.Time) error {
	b.absent = make(map[string]time.Time, len(gone))
	for _, bridge := range gone {
		since, again := known[bridge]
		if !again {
			since = now
		}
		b.absent[bridge] = since
		if now.Sub(since) < goneAfter {
			continue
		}
		failed, err := sweep.All(ctx, cleanBatch, func(limit int) (int, error) {
			return b.store.FailCalls(ctx, Doubt{Reason: goneReason, Bridge: bridge}, now, limit)
		})
		if err != nil {
			return err
		}
		if failed == 0 { // another replica was first
			continue
		}
		b.log.WarnContext(ctx, "a SIP bridge is gone, and its calls with it", "bridge", bridge, "calls", failed)
	}
	return nil
}
