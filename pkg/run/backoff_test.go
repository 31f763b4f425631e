package run

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoffGrowsWithinBounds(t *testing.T) {
	t.Parallel()
	const initial, longest = 100 * time.Millisecond, 10 * time.Second
	for range 200 {
		b := NewBackoff(initial, longest)
		interval := initial
		for i := range 20 {
			got := b.Next()
			if got < interval/2 || got > interval*3/2+1 || got > longest {
				t.Fatalf("wait %d is %s, want about %s and at most %s", i, got, interval, longest)
			}
			interval = min(2*interval, longest*2/3)
		}
		b.Reset()
		if got := b.Next(); got > initial*3/2+1 {
			t.Fatalf("wait after Reset is %s", got)
		}
	}
}

func TestBackoffNeverExceedsLongest(t *testing.T) {
	t.Parallel()
	for range 200 {
		if got := NewBackoff(time.Hour, time.Second).Next(); got > time.Second {
			t.Fatalf("wait is %s, want at most 1s", got)
		}
	}
}

func TestBackoffHasJitter(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for range 20 {
		seen[NewBackoff(time.Second, time.Minute).Next()] = true
	}
	if len(seen) < 2 {
		t.Errorf("20 first waits are all the same: %v", seen)
	}
}

func TestBackoffSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBackoff(time.Second, time.Minute)
		began := time.Now()
		if err := b.Sleep(t.Context()); err != nil {
			t.Errorf("Sleep: %v", err)
		}
		if took := time.Since(began); took < time.Second/2 || took > time.Second*3/2 {
			t.Errorf("slept %s", took)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		began = time.Now()
		if err := b.Sleep(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Sleep: %v", err)
		}
		if took := time.Since(began); took != time.Millisecond {
			t.Errorf("slept %s past the end of the context", took)
		}
	})
}
