package throttle

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parleymeet/parley/pkg/clock"
)

// rates is a store of one trunk with so many wrong PINs now, and minutes before.
type rates struct {
	now     int
	minutes []Minute
	read    int // how often the minutes were
	until   time.Time
}

func (r *rates) WrongPINs(context.Context, time.Time) (map[string]int, error) {
	return map[string]int{"ST_a": r.now}, nil
}

func (r *rates) Minutes(context.Context, string, time.Time, time.Time) ([]Minute, error) {
	r.read++
	return r.minutes, nil
}

func (r *rates) Guard(_ context.Context, _ string, now, until time.Time) (bool, error) {
	began := !r.until.After(now)
	r.until = until
	return began, nil
}

func (r *rates) Guarded(_ context.Context, now time.Time) ([]string, error) {
	if r.until.After(now) {
		return []string{"ST_a"}, nil
	}
	return nil, nil
}

func TestTheBrake(t *testing.T) {
	t.Parallel()
	day := func(minutes, letIn, wrong int) []Minute {
		list := make([]Minute, minutes)
		for i := range list {
			list[i] = Minute{LetIn: letIn, Wrong: wrong}
		}
		return list
	}
	for name, c := range map[string]struct {
		rate    int
		now     int
		minutes []Minute
		want    bool
	}{
		"as always":                       {10, 10, nil, false},
		"too many":                        {10, 11, nil, true},
		"a busy trunk":                    {10, 20, day(1440, 80, 4), false},
		"too many for it":                 {10, 21, day(1440, 80, 4), true},
		"busy in office hours":            {10, 55, day(600, 209, 11), false},
		"too many for them":               {10, 56, day(600, 209, 11), true},
		"an hour is enough":               {10, 55, day(60, 209, 11), false},
		"less is not":                     {10, 11, day(59, 209, 11), true},
		"quiet hours beside them":         {10, 20, append(day(60, 80, 4), day(59, 1, 0)...), false},
		"mostly quiet hours":              {10, 11, append(day(60, 80, 4), day(61, 1, 0)...), true},
		"a patient guesser":               {10, 11, day(1440, 1, 10), true},
		"a patient guesser, busy trunk":   {10, 101, day(1440, 200, 10_000), true},
		"what calls explain, and no more": {10, 100, day(1440, 200, 10_000), false},
		"turned off":                      {0, 1000, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &rates{now: c.now, minutes: c.minutes}
			time0 := clock.NewFake(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
			log := &bytes.Buffer{}
			b, err := NewBrake(store, BrakeRules{Rate: c.rate, Factor: 5, Guard: time.Minute}, time0,
				slog.New(slog.NewTextHandler(log, nil)), prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := b.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got := testutil.CollectAndCount(b.guarded) == 1; got != c.want || strings.Count(log.String(), "level=ERROR") > 1 {
				t.Errorf("guarded %v, log %s", got, log)
			}
			if store.read > 1 {
				t.Errorf("a day was read %d times in a minute", store.read)
			}
			if c.want != strings.Contains(log.String(), "trunk=ST_a") {
				t.Errorf("log %s", log)
			}
			store.now = 0
			time0.Advance(time.Minute)
			if err := b.Check(t.Context()); err != nil || testutil.CollectAndCount(b.guarded) != 0 {
				t.Errorf("it does not end: %v", err)
			}
		})
	}
}

// counted is rates that counts how often they are read.
type counted struct {
	rates
	reads atomic.Int64
}

func (c *counted) WrongPINs(ctx context.Context, from time.Time) (map[string]int, error) {
	c.reads.Add(1)
	return c.rates.WrongPINs(ctx, from)
}

// TestTheBrakeIsFast sends a wrong PIN each millisecond: the rates are read soon,
// and not once for each.
func TestTheBrakeIsFast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &counted{}
		b, err := NewBrake(store, BrakeRules{Rate: 10, Factor: 5, Guard: time.Minute}, clock.System{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go b.Run(ctx)
		time.Sleep(4 * time.Second)
		if n := store.reads.Load(); n != 1 {
			t.Errorf("read %d times while nothing happened", n)
		}
		for range 100 {
			b.Notice()
			time.Sleep(time.Millisecond)
		}
		if n := store.reads.Load(); n != 2 {
			t.Errorf("read %d times after a wrong PIN, want once more", n)
		}
		time.Sleep(brakeDelay)
		if n := store.reads.Load(); n != 3 {
			t.Errorf("read %d times after the others, want once more", n)
		}
		time.Sleep(time.Minute)
		if n := store.reads.Load(); n < 3+11 || n > 3+13 {
			t.Errorf("read %d times, want each %v", n, brakeInterval)
		}
		cancel()
		synctest.Wait()
	})
}
