package throttle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

const (
	budgetInterval = time.Minute
	day            = 24 * time.Hour
)

// BudgetRules say how many wrong PINs a day guard a trunk.
type BudgetRules struct {
	// Risk is the chance in a year that somebody who only guesses finds a room
	// of the trunk, 0 to 1; 0 for no budget.
	Risk float64
	// Spare is how many wrong PINs a day are always let pass: people mistype.
	Spare int
	// Guard is for how long a trunk is guarded after it was last over.
	Guard time.Duration
}

// BudgetStore knows what trunks hold and what was guessed. Errors not named
// here are faults.
type BudgetStore interface {
	// AllTrunks and ArmedPINs are trunks.Store's.
	AllTrunks(ctx context.Context) ([]*trunks.Trunk, error)
	Counter
	// WrongPINs and Guard are BrakeStore's.
	WrongPINs(ctx context.Context, from time.Time) (map[string]int, error)
	Guard(ctx context.Context, trunkID string, now, until time.Time) (began bool, err error)
}

// Sheet is how a trunk stands.
type Sheet struct {
	// Density is the chance that one guess opens some room.
	Density float64
	// Suggested is how many digits would be enough.
	Suggested int
	// Daily is how many wrong PINs a day the trunk can bear; 0 for any number.
	Daily float64
	// Wrong counts the wrong PINs of the last day.
	Wrong int
}

// Budget knows how many wrong PINs trunks can bear, and guards those that had
// more. The brake sees guessing that is fast; this sees what is slow, or spread
// over many callers. Replicas may run one each.
type Budget struct {
	store   BudgetStore
	rules   BudgetRules
	clock   clock.Clock
	log     *slog.Logger
	metrics *budgetMetrics
	census  *census
}

// NewBudget returns a budget on the store.
func NewBudget(store BudgetStore, rules BudgetRules, c clock.Clock, log *slog.Logger, r prometheus.Registerer) (*Budget, error) {
	m, err := newBudgetMetrics(r)
	if err != nil {
		return nil, fmt.Errorf("budget metrics: %w", err)
	}
	return &Budget{store: store, rules: rules, clock: c, log: log, metrics: m, census: newCensus(store, c)}, nil
}

// Of returns how each of the trunks stands. Of trunks with millions of PINs it
// says what was counted some minutes ago. A trunk of which that is not known now
// is left out: these figures are never a reason for a request to fail.
func (b *Budget) Of(ctx context.Context, list ...*trunks.Trunk) map[string]Sheet {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	sheets := make(map[string]Sheet, len(list))
	wrong, err := b.store.WrongPINs(ctx, b.clock.Now().Add(-day))
	if err != nil {
		b.log.WarnContext(ctx, "trunks are shown without their wrong PINs and density", "error", err)
		return sheets
	}
	for _, t := range list {
		armed, err := b.census.of(ctx, t.ID)
		if err != nil {
			b.log.WarnContext(ctx, "a trunk is shown without its density", "trunk", t.ID, "error", err)
			continue
		}
		sheets[t.ID] = b.sheet(armed, wrong[t.ID])
	}
	return sheets
}

func (b *Budget) sheet(armed trunks.Lengths, wrong int) Sheet {
	density := armed.Density()
	return Sheet{
		Density: density, Suggested: trunks.SuggestedPINLength(armed.Total()),
		Daily: trunks.DailyBudget(density, b.rules.Risk), Wrong: wrong,
	}
}

// Run looks at the budgets until ctx ends.
func (b *Budget) Run(ctx context.Context) {
	repeat(ctx, budgetInterval, func() {
		if err := b.Check(ctx); err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "wrong PINs of the day could not be compared with the budgets, trying again later", "error", err)
		}
	})
}

// Check guards every trunk that had more wrong PINs in a day than it can bear,
// and shows in the metrics how all trunks stand.
func (b *Budget) Check(ctx context.Context) error {
	now := b.clock.Now()
	wrong, err := b.store.WrongPINs(ctx, now.Add(-day))
	if err != nil {
		return err
	}
	all, err := b.store.AllTrunks(ctx)
	if err != nil {
		return err
	}
	b.census.keep(all)
	b.metrics.reset()
	var faults []error
	for _, t := range all {
		armed, err := b.census.refreshed(ctx, t.ID)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		sheet := b.sheet(armed, wrong[t.ID])
		over := sheet.Daily > 0 && sheet.Wrong > b.rules.Spare && float64(sheet.Wrong) > sheet.Daily
		b.metrics.show(t.ID, sheet, over)
		if over {
			faults = append(faults, b.guard(ctx, t.ID, sheet, now))
		}
	}
	return errors.Join(faults...)
}

func (b *Budget) guard(ctx context.Context, trunkID string, s Sheet, now time.Time) error {
	began, err := b.store.Guard(ctx, trunkID, now, now.Add(b.rules.Guard))
	if err == nil && began {
		b.log.ErrorContext(ctx, "more wrong PINs in a day than the trunk can bear: it is guarded; give it longer PINs",
			"trunk", trunkID, "wrong", s.Wrong, "budget", s.Daily, "suggested_pin_length", s.Suggested)
	}
	return err
}
