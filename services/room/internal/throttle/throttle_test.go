package throttle

import (
	"fmt"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
)

func TestTake(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Unix(1768478400, 0))
	l := New(Rate{Limit: 3, Window: time.Minute}, fake)
	for i, step := range []struct {
		after time.Duration
		key   string
		wait  time.Duration
	}{
		{0, "a", 0},
		{10 * time.Second, "a", 0},
		{10 * time.Second, "a", 0},
		{10 * time.Second, "a", 30 * time.Second}, // the first one leaves the window at 60 s
		{0, "b", 0},
		{29 * time.Second, "a", time.Second},
		{time.Second, "a", 0}, // those refused did not count
		{0, "a", 10 * time.Second},
		{time.Hour, "a", 0},
	} {
		fake.Advance(step.after)
		if wait := l.Take(step.key); wait != step.wait {
			t.Errorf("step %d: wait %v, want %v", i, wait, step.wait)
		}
	}
}

// A key that did nothing for a window takes no memory.
func TestForgets(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Unix(1768478400, 0))
	l := New(Rate{Limit: 3, Window: time.Minute}, fake)
	for i := range 1000 {
		l.Take(fmt.Sprint(i))
	}
	fake.Advance(30 * time.Second)
	l.Take("7")
	fake.Advance(30 * time.Second)
	l.Take("late")
	if len(l.taken) != 2 {
		t.Errorf("%d keys are kept, want those of 7 and late", len(l.taken))
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Rate{
		"150/minute": {150, time.Minute}, "1/second": {1, time.Second}, "5/hour": {5, time.Hour}, "9/day": {9, 24 * time.Hour},
		"": {}, "150": {}, "0/minute": {}, "-1/minute": {}, "x/minute": {}, "1/week": {}, "1/": {},
	} {
		var got Rate
		if err := got.UnmarshalText([]byte(text)); (err == nil) != (want != Rate{}) || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
