package throttle

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// namespace is a store of one trunk.
type namespace struct {
	rates
	trunk trunks.Trunk
	armed trunks.Lengths
	wrong error // of counting, if any
	slow  func()
	asked int // how often PINs were counted
}

func (n *namespace) WrongPINs(context.Context, time.Time) (map[string]int, error) {
	return map[string]int{n.trunk.ID: n.now}, nil
}

func (n *namespace) AllTrunks(context.Context) ([]*trunks.Trunk, error) {
	return []*trunks.Trunk{&n.trunk}, nil
}

func (n *namespace) ArmedPINs(context.Context, string) (trunks.Lengths, error) {
	n.asked++
	if n.slow != nil {
		n.slow()
	}
	return n.armed, n.wrong
}

func TestTheBudget(t *testing.T) {
	t.Parallel()
	const risk, spare = 0.01, 100
	for name, c := range map[string]struct {
		risk  float64
		armed trunks.Lengths
		wrong int
		want  bool
	}{
		"small and honest":           {risk, trunks.Lengths{10: 50}, 1000, false},
		"small, short PINs, slips":   {risk, trunks.Lengths{4: 5}, 100, false},
		"small, short PINs, guessed": {risk, trunks.Lengths{4: 5}, 101, true},
		"at its safe density":        {risk, trunks.Lengths{12: 270_000}, 101, false},
		"slips of a large one":       {risk, trunks.Lengths{12: 270_000}, 102, true},
		"far too dense":              {risk, trunks.Lengths{10: 100_000}, 101, true},
		"old PINs are shorter":       {risk, trunks.Lengths{6: 5_000, 12: 10}, 101, true},
		"nothing to find":            {risk, nil, 101, false},
		"turned off":                 {0, trunks.Lengths{10: 100_000}, 100_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &bytes.Buffer{}
			store := &namespace{rates: rates{now: c.wrong}, armed: c.armed, trunk: trunks.Trunk{ID: "ST_a", PINLength: 12}}
			b := newBudget(t, store, BudgetRules{Risk: c.risk, Spare: spare, Guard: time.Hour},
				clock.NewFake(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)), log)
			for range 2 {
				if err := b.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got := !store.until.IsZero(); got != c.want {
				t.Errorf("guarded %v", got)
			}
			if strings.Count(log.String(), "level=ERROR") > 1 || strings.Contains(log.String(), "trunk=ST_a") != c.want {
				t.Errorf("log %s", log)
			}
			over, budgets := 0.0, 1
			if c.want {
				over = 1
			}
			if c.risk == 0 || len(c.armed) == 0 {
				budgets = 0
			}
			if testutil.ToFloat64(b.metrics.over) != over || testutil.ToFloat64(b.metrics.wrong) != float64(c.wrong) ||
				testutil.ToFloat64(b.metrics.density) != c.armed.Density() || testutil.CollectAndCount(b.metrics.daily) != budgets {
				t.Error("metrics tell something else")
			}
		})
	}
}

func newBudget(t *testing.T, store BudgetStore, rules BudgetRules, c clock.Clock, log io.Writer) *Budget {
	t.Helper()
	b, err := NewBudget(store, rules, c, slog.New(slog.NewTextHandler(log, nil)), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheSheetOfATrunk(t *testing.T) {
	t.Parallel()
	store := &namespace{rates: rates{now: 3}, armed: trunks.Lengths{10: 100_000, 16: 1}, trunk: trunks.Trunk{ID: "ST_a", PINLength: 16}}
	b := newBudget(t, store, BudgetRules{Risk: 0.01}, clock.System{}, io.Discard)
	got := b.Of(t.Context(), &store.trunk)["ST_a"]
	if got.Density != 1e-5 || got.Suggested != 12 || got.Daily < 2.75 || got.Daily > 2.76 || got.Wrong != 3 {
		t.Errorf("%+v", got)
	}
}

// TestCounting: counts that take long are neither waited for nor made often.
func TestCounting(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	store := &namespace{armed: trunks.Lengths{10: 1}, trunk: trunks.Trunk{ID: "ST_a"}}
	b := newBudget(t, store, BudgetRules{}, now, io.Discard)
	takes := func(long time.Duration) { store.slow = func() { now.Advance(long) } }
	shown := func(what string, density float64, counts int) {
		t.Helper()
		store.asked = 0
		if got := b.Of(t.Context(), &store.trunk)["ST_a"].Density; got != density || store.asked != counts {
			t.Errorf("%s: density %g after %d counts, want %g after %d", what, got, store.asked, density, counts)
		}
	}
	watched := func(what string, counts int) {
		t.Helper()
		store.asked = 0
		if err := b.Check(t.Context()); err != nil || store.asked != counts {
			t.Errorf("%s: %d counts, want %d; %v", what, store.asked, counts, err)
		}
	}
	takes(quick)
	shown("the first time", 1e-10, 1)
	store.armed = trunks.Lengths{10: 2}
	shown("quick", 2e-10, 1)
	takes(quick + time.Millisecond)
	shown("slower", 2e-10, 1)
	store.armed = trunks.Lengths{10: 3}
	shown("not counted again for who asks", 2e-10, 0)
	watched("and not too often", 0)
	now.Advance(rest * (quick + time.Millisecond))
	watched("but then", 1)
	shown("as counted then", 3e-10, 0)
	store.wrong = errors.New("too slow")
	now.Advance(time.Hour)
	if err := b.Check(t.Context()); !errors.Is(err, store.wrong) {
		t.Errorf("error %v", err)
	}
	shown("the last that is known", 3e-10, 0)
	store.trunk.ID = "ST_b"
	shown("of a trunk that cannot be counted", 0, 1)
	shown("of which that is known", 0, 0)
}
