package measure

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// journal notes which series made requests, one entry for each change.
type journal struct {
	mu    sync.Mutex
	turns []string
}

func (j *journal) series(name string, settled *int) Series {
	return Series{
		Name: name,
		Do: func(context.Context, int) error {
			j.mu.Lock()
			defer j.mu.Unlock()
			if len(j.turns) == 0 || j.turns[len(j.turns)-1] != name {
				j.turns = append(j.turns, name)
			}
			return nil
		},
		Settle: func(context.Context) error { *settled++; return nil },
	}
}

func TestRunTakesTurns(t *testing.T) {
	t.Parallel()
	var (
		j    journal
		a, b int
	)
	plan := Plan{Clients: 2, Rounds: 3, Slice: time.Minute, Requests: 5}
	results, err := Run(t.Context(), plan, j.series("a", &a), j.series("b", &b))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "a", "b", "a", "b", "a", "b"}; !slices.Equal(j.turns, want) {
		t.Errorf("turns %v, want %v", j.turns, want)
	}
	if a != 4 || b != 4 {
		t.Errorf("settled %d and %d times, want 4 after warm-up and three rounds", a, b)
	}
	for _, r := range results {
		if r.Count() != 15 || r.Rate() <= 0 {
			t.Errorf("%s: %d requests, rate %v; the warm-up must not count", r.Name, r.Count(), r.Rate())
		}
	}
}

func TestRunEndsWithTheSlice(t *testing.T) {
	t.Parallel()
	began := time.Now()
	_, err := Run(t.Context(), Plan{Clients: 1, Rounds: 1, Slice: 10 * time.Millisecond},
		Series{Name: "a", Do: func(context.Context, int) error { return nil }})
	if took := time.Since(began); err != nil || took < 20*time.Millisecond || took > 10*time.Second {
		t.Errorf("took %v, %v; want two slices of 10ms", took, err)
	}
}

func TestRunStopsAtAFault(t *testing.T) {
	t.Parallel()
	fault := errors.New("wrong answer")
	_, err := Run(t.Context(), Plan{Clients: 2, Rounds: 1, Slice: time.Minute},
		Series{Name: "a", Do: func(context.Context, int) error { return fault }})
	if !errors.Is(err, fault) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Plan{Clients: 1, Rounds: 1, Slice: time.Minute}, Series{Name: "a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run: %v", err)
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	r, peer := &Result{}, &Result{}
	for i := range 100 {
		r.add(slice{latencies: []time.Duration{time.Duration(100-i) * time.Millisecond}, elapsed: time.Second})
		peer.add(slice{latencies: []time.Duration{25 * time.Millisecond, 25 * time.Millisecond}, elapsed: time.Second})
	}
	r.sort()
	peer.sort()
	if r.P50() != 50*time.Millisecond || r.P99() != 99*time.Millisecond || r.Quantile(1) != 100*time.Millisecond {
		t.Errorf("p50 %v, p99 %v, maximum %v", r.P50(), r.P99(), r.Quantile(1))
	}
	if r.Times(peer) != 2 || r.RateOf(peer) != 0.5 {
		t.Errorf("times %v, rate of %v", r.Times(peer), r.RateOf(peer))
	}
	if empty := (&Result{}); empty.P50() != 0 || empty.Rate() != 0 || empty.Times(empty) == empty.Times(empty) {
		t.Error("an empty result must have no ratio")
	}
}
