package throttle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/clock"
)

const (
	brakeInterval = 5 * time.Second
	// brakeDelay bounds how often the rates are read while PINs are wrong.
	brakeDelay = 200 * time.Millisecond
	// usual is the time over which a trunk's usual rate is taken.
	usual = 24 * time.Hour
	// busyMinutes is how many minutes with callers make a rate that is usual.
	busyMinutes = 60
	// callersPerSlip is how many callers have to be let in for each wrong PIN that
	// counts as usual. People mistype about one PIN in twenty.
	callersPerSlip = 10
)

// BrakeRules say when a trunk is guarded.
type BrakeRules struct {
	// Rate is how many wrong PINs a minute are always let pass; 0 for no brake.
	Rate int
	// Factor is how many times the usual number a minute is let pass; see usually.
	Factor int
	// Guard is for how long a trunk is guarded after the last minute above.
	Guard time.Duration
}

// Minute is what happened on a trunk in a minute.
type Minute struct {
	// LetIn counts the calls begun in it that were let into a room or its lobby.
	LetIn int
	// Wrong counts the wrong PINs that were tested in it.
	Wrong int
}

// BrakeStore knows the rates of trunks. Errors not named here are faults.
type BrakeStore interface {
	// WrongPINs returns how many wrong PINs were tested since a time on each
	// trunk that had any.
	WrongPINs(ctx context.Context, from time.Time) (map[string]int, error)
	// Minutes returns the minutes of a trunk, of those that begin at from and end
	// before to, in which callers were let in, in any order.
	Minutes(ctx context.Context, trunkID string, from, to time.Time) ([]Minute, error)
	// Guard makes a trunk guarded until a time, or keeps it so for longer, and
	// reports whether it was not guarded at now: to one of many who ask at once.
	// Trunks that are guarded always or never are left alone.
	Guard(ctx context.Context, trunkID string, now, until time.Time) (began bool, err error)
	// Guarded returns the trunks that are guarded at now.
	Guarded(ctx context.Context, now time.Time) ([]string, error)
}

// Brake guards trunks on which too many PINs are guessed. Replicas may run one each.
type Brake struct {
	store   BrakeStore
	rules   BrakeRules
	clock   clock.Clock
	log     *slog.Logger
	guarded *prometheus.GaugeVec
	wrong   chan struct{} // holds one note that a PIN was wrong
	slips   map[string]slips
}

// NewBrake returns a brake on the store.
func NewBrake(store BrakeStore, rules BrakeRules, c clock.Clock, log *slog.Logger, r prometheus.Registerer) (*Brake, error) {
	guarded, err := newGuarded(r)
	if err != nil {
		return nil, fmt.Errorf("brake metrics: %w", err)
	}
	return &Brake{store: store, rules: rules, clock: c, log: log, guarded: guarded, wrong: make(chan struct{}, 1), slips: map[string]slips{}}, nil
}

// Notice makes Run look at the rates soon: a PIN was wrong.
func (b *Brake) Notice() {
	select {
	case b.wrong <- struct{}{}:
	default:
	}
}

// Run looks at the rates until ctx ends: at each interval, for what other
// replicas saw, and soon after a wrong PIN, so that a burst of them does not
// get far.
func (b *Brake) Run(ctx context.Context) {
	tick := time.NewTicker(brakeInterval)
	defer tick.Stop()
	for {
		if err := b.Check(ctx); err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "rates of wrong PINs could not be read, trying again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(brakeDelay):
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-b.wrong:
		}
	}
}

// repeat does something now and then at each interval, until ctx ends.
func repeat(ctx context.Context, interval time.Duration, do func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Check guards every trunk whose rate is above its brake, and shows in the
// metrics which are guarded. One at a time may run.
func (b *Brake) Check(ctx context.Context) error {
	now := b.clock.Now()
	var faults []error
	if b.rules.Rate > 0 {
		wrong, err := b.store.WrongPINs(ctx, now.Add(-time.Minute))
		faults = append(faults, err)
		for trunkID, n := range wrong {
			faults = append(faults, b.check(ctx, trunkID, n, now))
		}
	}
	guarded, err := b.store.Guarded(ctx, now)
	if err != nil {
		return errors.Join(append(faults, err)...)
	}
	b.guarded.Reset()
	for _, trunkID := range guarded {
		b.guarded.WithLabelValues(trunkID).Set(1)
	}
	return errors.Join(faults...)
}

// check looks at one trunk with n wrong PINs in the last minute.
func (b *Brake) check(ctx context.Context, trunkID string, n int, now time.Time) error {
	if n <= b.rules.Rate {
		return nil
	}
	slips, err := b.usually(ctx, trunkID, now)
	if err != nil {
		return err
	}
	limit := max(b.rules.Rate, b.rules.Factor*slips)
	if n <= limit {
		return nil
	}
	began, err := b.store.Guard(ctx, trunkID, now, now.Add(b.rules.Guard))
	if err == nil && began {
		b.log.ErrorContext(ctx, "PINs are being guessed: the trunk is guarded",
			"trunk", trunkID, "wrong_in_a_minute", n, "brake", limit)
	}
	return err
}

// usually returns how many wrong PINs a minute a trunk has when people call: the
// median over the minutes of a day in which callers were let in, so that the
// nights of a trunk with office hours do not count. A minute counts for no more
// slips than its good calls explain. So whoever guesses cannot make a rate usual by
// patience: he lets nobody in. It is read once a minute at most.
func (b *Brake) usually(ctx context.Context, trunkID string, now time.Time) (int, error) {
	to := now.Truncate(time.Minute).Add(-time.Minute) // what is usual was before
	if known := b.slips[trunkID]; known.to.Equal(to) {
		return known.count, nil
	}
	minutes, err := b.store.Minutes(ctx, trunkID, to.Add(-usual), to)
	if err != nil {
		return 0, err
	}
	counts := make([]int, len(minutes))
	for i, m := range minutes {
		counts[i] = min(m.Wrong, m.LetIn/callersPerSlip)
	}
	known := slips{to: to}
	if len(counts) >= busyMinutes {
		slices.Sort(counts)
		known.count = counts[len(counts)/2]
	}
	b.slips[trunkID] = known
	return known.count, nil
}

// slips is what was usual on a trunk before a time.
type slips struct {
	to    time.Time
	count int
}
