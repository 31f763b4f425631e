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
	ArmedPINs(ctx context.Context, trunkIDs []string) (map[string]int64, error)
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
}

// NewBudget returns a budget on the store.
func NewBudget(store BudgetStore, rules BudgetRules, c clock.Clock, log *slog.Logger, r prometheus.Registerer) (*Budget, error) {
	m, err := newBudgetMetrics(r)
	if err != nil {
		return nil, fmt.Errorf("budget metrics: %w", err)
	}
	return &Budget{store: store, rules: rules, clock: c, log: log, metrics: m}, nil
}

// Of returns how each of the trunks stands.
func (b *Budget) Of(ctx context.Context, list ...*trunks.Trunk) (map[string]Sheet, error) {
	wrong, err := b.store.WrongPINs(ctx, b.clock.Now().Add(-day))
	if err != nil {
		return nil, err
	}
	return b.sheets(ctx, wrong, list)
}

func (b *Budget) sheets(ctx context.Context, wrong map[string]int, list []*trunks.Trunk) (map[string]Sheet, error) {
	ids := make([]string, len(list))
	for i, t := range list {
		ids[i] = t.ID
	}
	armed, err := b.store.ArmedPINs(ctx, ids)
	if err != nil {
		return nil, err
	}
	sheets := make(map[string]Sheet, len(list))
	for _, t := range list {
		density := trunks.Density(armed[t.ID], t.PINLength)
		sheets[t.ID] = Sheet{
			Density: density, Suggested: trunks.SuggestedPINLength(armed[t.ID]),
			Daily: trunks.DailyBudget(density, b.rules.Risk), Wrong: wrong[t.ID],
		}
	}
	return sheets, nil
}

// Run looks at the budgets until ctx ends.
func (b *Budget) Run(ctx context.Context) {
	repeat(ctx, budgetInterval, func() {
		if err := b.Check(ctx); err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "wrong PINs of the day could not be compared with the budgets, trying again later", "error", err)
		}
	})
}

// Check guards every trunk that had more wrong PINs in a day than it can bear.
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
	sheets, err := b.sheets(ctx, wrong, b.suspects(all, wrong))
	if err != nil {
		return err
	}
	b.metrics.reset()
	var faults []error
	for _, t := range all {
		sheet, suspect := sheets[t.ID]
		over := suspect && sheet.Daily > 0 && float64(sheet.Wrong) > sheet.Daily
		b.metrics.show(t.ID, wrong[t.ID], over)
		if over {
			faults = append(faults, b.guard(ctx, t.ID, sheet, now))
		}
	}
	return errors.Join(faults...)
}

// suspects returns the trunks that may be over, which spares the others the
// counting of their PINs: all that they hold is at least what is armed.
func (b *Budget) suspects(all []*trunks.Trunk, wrong map[string]int) []*trunks.Trunk {
	var list []*trunks.Trunk
	for _, t := range all {
		least := trunks.DailyBudget(trunks.Density(t.Held, t.PINLength), b.rules.Risk)
		if b.rules.Risk > 0 && wrong[t.ID] > b.rules.Spare && float64(wrong[t.ID]) > least {
			list = append(list, t)
		}
	}
	return list
}

func (b *Budget) guard(ctx context.Context, trunkID string, s Sheet, now time.Time) error {
	began, err := b.store.Guard(ctx, trunkID, now, now.Add(b.rules.Guard))
	if err == nil && began {
		b.log.ErrorContext(ctx, "more wrong PINs in a day than the trunk can bear: it is guarded; give it longer PINs",
			"trunk", trunkID, "wrong", s.Wrong, "budget", s.Daily, "suggested_pin_length", s.Suggested)
	}
	return err
}
