package trunks

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/e164"
)

// maxAge is how long a directory may be behind what another replica wrote. A
// trunk disabled there still rings here for that long; a PIN is never accepted
// on it, since that look-up reads the trunk's state anew.
const maxAge = time.Second

// loadTimeout bounds one load, which callers share, apart from their own deadlines.
const loadTimeout = 5 * time.Second

// Directory is a read-only copy of all trunks, for calls and dial-ins, which
// would otherwise ask storage the same thing again and again. It is at most a
// second old. Safe for concurrent use.
type Directory struct {
	store Store
	clock clock.Clock
	load  singleflight.Group

	mu      sync.Mutex
	listing *Listing
	loaded  time.Time
	changes int // counts Forget, so that a load begun before it is not kept
}

// NewDirectory returns an empty directory; its first reader fills it.
func NewDirectory(store Store, c clock.Clock) *Directory {
	return &Directory{store: store, clock: c}
}

// Listing is the trunks at one moment. It must not be changed.
type Listing struct {
	// Trunks are oldest first.
	Trunks   []*Trunk
	byID     map[string]*Trunk
	byNumber map[string]*Trunk
	// byNational has the number that is dialled so in its own country, "" where
	// several are.
	byNational map[string]string
}

func newListing(all []*Trunk) *Listing {
	l := &Listing{Trunks: all, byID: make(map[string]*Trunk, len(all)), byNumber: map[string]*Trunk{}, byNational: map[string]string{}}
	for _, t := range all {
		l.byID[t.ID] = t
		for _, n := range t.Numbers {
			l.byNumber[n.E164] = t
			if n.Country == "" {
				continue // it is dialled the same everywhere
			}
			for _, digits := range e164.Nationals(n.E164) {
				if _, taken := l.byNational[digits]; taken {
					l.byNational[digits] = ""
					continue
				}
				l.byNational[digits] = n.E164
			}
		}
	}
	return l
}

// ByID returns a trunk, nil for none.
func (l *Listing) ByID(id string) *Trunk { return l.byID[id] }

// ByNumber returns the trunk that has the number, nil for none.
func (l *Listing) ByNumber(number string) *Trunk { return l.byNumber[number] }

// National returns the number of a trunk that is dialled so in its own country, ""
// for none and where several are.
func (l *Listing) National(digits string) string { return l.byNational[digits] }

// BySource returns the trunk that lists the address: the one with the smallest
// network where several do, nil where none or no single one does.
func (l *Listing) BySource(addr netip.Addr) *Trunk {
	var found *Trunk
	longest := -1
	addr = addr.Unmap().WithZone("")
	for _, t := range l.Trunks {
		bits := -1
		for _, prefix := range t.Allowed {
			if prefix.Contains(addr) {
				bits = max(bits, prefix.Bits())
			}
		}
		switch {
		case bits > longest:
			found, longest = t, bits
		case bits == longest && bits >= 0:
			found = nil
		}
	}
	return found
}

// Numbers returns the numbers of active trunks, the oldest trunk's first one,
// which is the default number, first.
func (l *Listing) Numbers() []Number {
	var numbers []Number
	for _, t := range l.Trunks {
		if t.State == Active {
			numbers = append(numbers, t.Numbers...)
		}
	}
	return slices.Clip(numbers)
}

// Listing returns the trunks as of at most a second ago.
func (d *Directory) Listing(ctx context.Context) (*Listing, error) {
	d.mu.Lock()
	listing, age, changes := d.listing, d.clock.Now().Sub(d.loaded), d.changes
	d.mu.Unlock()
	if listing != nil && age < maxAge && age >= 0 {
		return listing, nil
	}
	// The load outlives the caller that began it: others wait for it too.
	done := d.load.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return d.read(ctx, changes)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*Listing), nil
	}
}

// Forget makes the next reader load anew, after a change by this process.
func (d *Directory) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listing = nil
	d.changes++
	d.load.Forget("")
}

func (d *Directory) read(ctx context.Context, changes int) (*Listing, error) {
	began := d.clock.Now()
	all, err := d.store.AllTrunks(ctx)
	if err != nil {
		return nil, err
	}
	l := newListing(all)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changes == changes {
		d.listing, d.loaded = l, began
	}
	return l, nil
}
