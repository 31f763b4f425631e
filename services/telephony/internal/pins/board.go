package pins

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

const (
	// boardAge is how long the counters of other processes may be unknown here.
	// Each process spreads its own rooms evenly whatever the others do, so the
	// fills drift apart by less than what is allocated in this time.
	boardAge = 250 * time.Millisecond
	// boardTimeout bounds one read of the counters, which callers share.
	boardTimeout = 5 * time.Second
)

// board is this process's copy of the fills. Choosing a trunk adds to the copy
// at once, so that allocations running at the same time do not all choose the
// same one.
type board struct {
	store Store
	clock clock.Clock
	load  singleflight.Group

	mu    sync.Mutex
	fills []Fill
	read  time.Time // zero: never, or not to be trusted
}

func newBoard(store Store, c clock.Clock) *board { return &board{store: store, clock: c} }

// wish is in which countries a room would have its number, the dearest first. A
// number elsewhere is better than none.
type wish [][]string

// reserve returns the trunk with the lowest fill, of those that meet the wish best
// and are not in tried, and counts one more PIN on it. Before it says that there is none it
// reads the counters anew: they may be late, and a trunk may have been added.
func (b *board) reserve(ctx context.Context, w wish, tried []string) (Fill, bool, error) {
	fresh := false
	for {
		if !b.recent() {
			if err := b.refresh(ctx); err != nil {
				return Fill{}, false, err
			}
			fresh = true
		}
		fill, found := b.take(w, tried)
		if found || fresh {
			return fill, found, nil
		}
		b.distrust()
	}
}

func (b *board) take(w wish, tried []string) (Fill, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var best *Fill
	for _, countries := range w {
		if best == nil {
			best = b.lowest(func(f *Fill) bool { return f.in(countries) }, tried)
		}
	}
	if best == nil {
		best = b.lowest(func(*Fill) bool { return true }, tried)
	}
	if best == nil {
		return Fill{}, false
	}
	best.Held++
	return *best, true
}

func (b *board) lowest(meets func(*Fill) bool, tried []string) *Fill {
	var best *Fill
	for i := range b.fills {
		f := &b.fills[i]
		switch {
		// A PIN on a trunk without numbers is one that nobody can dial.
		case f.State != trunks.Active, f.Numbers == 0, f.Held >= f.Capacity():
		case !meets(f):
		case slices.Contains(tried, f.TrunkID):
		case best == nil || f.Ratio() < best.Ratio():
			best = f
		}
	}
	return best
}

// giveBack undoes a reservation that led to no PIN.
func (b *board) giveBack(trunkID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.fills {
		if b.fills[i].TrunkID == trunkID {
			b.fills[i].Held--
		}
	}
}

// countries returns those of a trunk's numbers.
func (b *board) countries(ctx context.Context, trunkID string) ([]string, error) {
	if !b.recent() {
		if err := b.refresh(ctx); err != nil {
			return nil, err
		}
	}
	for _, f := range b.snapshot() {
		if f.TrunkID == trunkID {
			return f.Countries, nil
		}
	}
	return nil, nil
}

// distrust makes the next reader read the counters anew.
func (b *board) distrust() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read = time.Time{}
}

func (b *board) recent() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	age := b.clock.Now().Sub(b.read)
	return age >= 0 && age < boardAge
}

func (b *board) snapshot() []Fill {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.fills)
}

// refresh reads the counters; callers at the same time share one read, which
// outlives the one that began it.
func (b *board) refresh(ctx context.Context) error {
	done := b.load.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), boardTimeout)
		defer cancel()
		fills, err := b.store.Fills(ctx)
		if err != nil {
			return nil, err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.fills, b.read = fills, b.clock.Now()
		return nil, nil
	})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case result := <-done:
		return result.Err
	}
}
