package clock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
)

var (
	_ clock.Clock = clock.System{}
	_ clock.Clock = (*clock.Fake)(nil)
)

func TestSystemIsUTC(t *testing.T) {
	before := time.Now()
	now := clock.System{}.Now()
	if now.Location() != time.UTC {
		t.Errorf("location %v, want UTC", now.Location())
	}
	if now.Before(before) || now.After(time.Now()) {
		t.Errorf("%v is not the present time", now)
	}
}

func TestFake(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("east", 3600))
	steps := []struct {
		name string
		move func(*clock.Fake)
		want time.Time
	}{
		{"stands", func(*clock.Fake) {}, start},
		{"forward", func(f *clock.Fake) { f.Advance(time.Minute) }, start.Add(time.Minute)},
		{"back", func(f *clock.Fake) { f.Advance(-time.Hour) }, start.Add(-time.Hour)},
		{"set", func(f *clock.Fake) { f.Set(start.AddDate(1, 0, 0)) }, start.AddDate(1, 0, 0)},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			f := clock.NewFake(start)
			step.move(f)
			// == and not Equal: the clock promises UTC.
			if got := f.Now(); got != step.want.UTC() {
				t.Errorf("got %v, want %v", got, step.want.UTC())
			}
		})
	}
}

func TestFakeIsSafeForConcurrentUse(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := clock.NewFake(start)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			f.Advance(time.Second)
			_ = f.Now()
		})
	}
	wg.Wait()
	if want := start.Add(100 * time.Second); f.Now() != want {
		t.Errorf("got %v, want %v", f.Now(), want)
	}
}
