package measure

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func TestBeat(t *testing.T) {
	t.Parallel()
	var asked [3]atomic.Int64
	fault := errors.New("wrong answer")
	got, err := Beat{Askers: 3, Clients: 2, Interval: 100 * time.Millisecond, Length: time.Second}.Run(t.Context(),
		func(_ context.Context, asker int) error {
			if asked[asker].Add(1) == 1 && asker == 1 {
				return fault
			}
			return nil
		})
	if err != nil || got.Wrong != 1 || !errors.Is(got.First, fault) {
		t.Fatalf("%d wrong, first %v; %v", got.Wrong, got.First, err)
	}
	for asker := range asked {
		if n := asked[asker].Load(); n < 5 || n > 10 {
			t.Errorf("asker %d asked %d times in ten intervals", asker, n)
		}
	}
	if rate := got.Rate(); rate > 30 || rate < 15 {
		t.Errorf("%v answers a second, want about 30", rate)
	}
}

// TestBeatCountsWaiting: who could not ask in time because another was slow has
// waited all the same.
func TestBeatCountsWaiting(t *testing.T) {
	t.Parallel()
	first := true
	got, err := Beat{Askers: 2, Clients: 1, Interval: 20 * time.Millisecond, Length: 100 * time.Millisecond}.Run(t.Context(),
		func(context.Context, int) error {
			if first {
				time.Sleep(60 * time.Millisecond)
			}
			first = false
			return nil
		})
	if err != nil || got.Quantile(1) < 60*time.Millisecond || got.P50() < 5*time.Millisecond {
		t.Errorf("p50 %v, maximum %v, %v", got.P50(), got.Quantile(1), err)
	}
}
