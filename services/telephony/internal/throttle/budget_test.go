package throttle

import (
	"bytes"
	"context"
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
	armed int64
	asked int // how often PINs were counted
}

func (n *namespace) WrongPINs(context.Context, time.Time) (map[string]int, error) {
	return map[string]int{n.trunk.ID: n.now}, nil
}

func (n *namespace) AllTrunks(context.Context) ([]*trunks.Trunk, error) {
	return []*trunks.Trunk{&n.trunk}, nil
}

func (n *namespace) ArmedPINs(_ context.Context, ids []string) (map[string]int64, error) {
	n.asked += len(ids)
	return map[string]int64{n.trunk.ID: n.armed}, nil
}

func TestTheBudget(t *testing.T) {
	t.Parallel()
	const risk, spare = 0.01, 100
	for name, c := range map[string]struct {
		risk        float64
		length      int
		held, armed int64
		wrong       int
		counted     bool
		want        bool
	}{
		"small and honest":           {risk, 10, 50, 50, 1000, false, false},
		"small, short PINs, slips":   {risk, 4, 5, 5, 100, false, false},
		"small, short PINs, guessed": {risk, 4, 5, 5, 101, true, true},
		"at its safe density":        {risk, 12, 270_000, 270_000, 101, false, false},
		"slips of a large one":       {risk, 12, 270_000, 270_000, 102, true, true},
		"far too dense":              {risk, 10, 100_000, 100_000, 101, true, true},
		"mostly in quarantine":       {risk, 10, 100_000, 10, 101, true, false},
		"nothing to find":            {risk, 10, 100_000, 0, 101, true, false},
		"turned off":                 {0, 10, 100_000, 100_000, 100_000, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &bytes.Buffer{}
			store := &namespace{
				rates: rates{now: c.wrong}, armed: c.armed,
				trunk: trunks.Trunk{ID: "ST_a", PINLength: c.length, Held: c.held},
			}
			b, err := NewBudget(store, BudgetRules{Risk: c.risk, Spare: spare, Guard: time.Hour},
				clock.NewFake(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)), slog.New(slog.NewTextHandler(log, nil)), prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := b.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got := !store.until.IsZero(); got != c.want || (store.asked > 0) != c.counted {
				t.Errorf("guarded %v, PINs counted %d times", got, store.asked)
			}
			if strings.Count(log.String(), "level=ERROR") > 1 || strings.Contains(log.String(), "trunk=ST_a") != c.want {
				t.Errorf("log %s", log)
			}
			over := 0.0
			if c.want {
				over = 1
			}
			if testutil.ToFloat64(b.metrics.over) != over || testutil.ToFloat64(b.metrics.wrong) != float64(c.wrong) {
				t.Error("metrics tell something else")
			}
		})
	}
}

func TestTheSheetOfATrunk(t *testing.T) {
	t.Parallel()
	store := &namespace{rates: rates{now: 3}, armed: 100_000, trunk: trunks.Trunk{ID: "ST_a", PINLength: 10}}
	b, err := NewBudget(store, BudgetRules{Risk: 0.01}, clock.System{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	sheets, err := b.Of(t.Context(), &store.trunk)
	got := sheets["ST_a"]
	if err != nil || got.Density != 1e-5 || got.Suggested != 12 || got.Daily < 2.75 || got.Daily > 2.76 || got.Wrong != 3 {
		t.Errorf("%+v %v", got, err)
	}
}
