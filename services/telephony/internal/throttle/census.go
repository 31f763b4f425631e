package throttle

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

const (
	// countTimeout bounds the counts that somebody waits for.
	countTimeout = time.Second
	// quick is how long a count takes at most that is done anew whenever somebody
	// asks; what takes longer is done in the background alone.
	quick = 50 * time.Millisecond
	// rest is how many times as long as a count took it is left alone by the
	// background, so that counting takes one per cent of the time at most.
	rest = 100
)

// errNotCounted says that a count was too slow to be had at once.
var errNotCounted = errors.New("the PINs are still to be counted")

// Counter counts the armed PINs of a trunk: trunks.Store.
type Counter interface {
	ArmedPINs(ctx context.Context, trunkID string) (trunks.Lengths, error)
}

// census remembers how many PINs of trunks are armed, since counting millions
// takes seconds. Safe for concurrent use.
type census struct {
	store Counter
	clock clock.Clock

	mu     sync.Mutex
	counts map[string]count
}

// count is what is known of a trunk. armed is nil where a count failed and none
// succeeded before.
type count struct {
	armed trunks.Lengths
	at    time.Time
	took  time.Duration
}

func newCensus(store Counter, c clock.Clock) *census {
	return &census{store: store, clock: c, counts: map[string]count{}}
}

// of returns the count of a trunk for somebody who waits: a new one if that is
// quick or none is known, else the last one.
func (c *census) of(ctx context.Context, trunkID string) (trunks.Lengths, error) {
	last, known := c.last(trunkID)
	if !known || last.took <= quick {
		armed, err := c.take(ctx, trunkID)
		if err == nil || last.armed == nil {
			return armed, err
		}
	}
	if last.armed == nil {
		return nil, errNotCounted
	}
	return last.armed, nil
}

// refreshed returns the count of a trunk for the background: the last one, or a
// new one if it is time.
func (c *census) refreshed(ctx context.Context, trunkID string) (trunks.Lengths, error) {
	last, _ := c.last(trunkID)
	if last.armed != nil && c.clock.Now().Sub(last.at) < rest*last.took {
		return last.armed, nil
	}
	return c.take(ctx, trunkID)
}

func (c *census) take(ctx context.Context, trunkID string) (trunks.Lengths, error) {
	began := c.clock.Now()
	armed, err := c.store.ArmedPINs(ctx, trunkID)
	now := c.clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := count{armed: armed, at: now, took: now.Sub(began)}
	if err != nil {
		taken.armed, taken.at = c.counts[trunkID].armed, c.counts[trunkID].at
	}
	c.counts[trunkID] = taken
	return armed, err
}

func (c *census) last(trunkID string) (count, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, known := c.counts[trunkID]
	return last, known
}

// keep forgets all but these trunks.
func (c *census) keep(all []*trunks.Trunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := make(map[string]count, len(all))
	for _, t := range all {
		if last, known := c.counts[t.ID]; known {
			kept[t.ID] = last
		}
	}
	c.counts = kept
}
