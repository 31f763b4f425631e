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

// Who asks how long to wait is told what the next Take would say, and changes nothing.
func TestWait(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Unix(1768478400, 0))
	l := New(Rate{Limit: 1, Window: time.Minute}, fake)
	for range 3 {
		if wait := l.Wait("a"); wait != 0 || len(l.taken) != 0 {
			t.Fatalf("wait %v, %d keys are kept", wait, len(l.taken))
		}
	}
	l.Take("a")
	fake.Advance(20 * time.Second)
	for range 3 {
		if wait := l.Wait("a"); wait != 40*time.Second {
			t.Fatalf("wait %v", wait)
		}
	}
	fake.Advance(40 * time.Second)
	if wait := l.Wait("a"); wait != 0 {
		t.Fatalf("wait %v after the window", wait)
	}
	if wait := l.Take("a"); wait != 0 {
		t.Fatalf("wait %v: the asking counted", wait)
	}
}

// TestTakeMany: all or none, and what is given back may be taken again.
func TestTakeMany(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Unix(1768478400, 0))
	l := New(Rate{Limit: 5, Window: time.Minute}, fake)
	for i, step := range []struct {
		after time.Duration
		n     int
		wait  time.Duration
	}{
		{0, 6, time.Minute},
		{0, 2, 0},
		{10 * time.Second, 2, 0},
		{0, 2, 50 * time.Second},
		{0, 1, 0},
		{0, 3, time.Minute}, // the two, and one of those ten seconds later
	} {
		fake.Advance(step.after)
		if wait := l.TakeMany("a", step.n); wait != step.wait {
			t.Errorf("step %d: wait %v, want %v", i, wait, step.wait)
		}
	}
	l.GiveBack("a", 3)
	if wait := l.TakeMany("a", 3); wait != 0 {
		t.Errorf("what was given back: wait %v", wait)
	}
	l.GiveBack("a", 9)
	l.GiveBack("b", 1)
	if len(l.taken) != 0 {
		t.Errorf("kept: %v", l.taken)
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

// However many callers come, so many are told apart; the rest share what one may do.
func TestKeysAreBounded(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Unix(1768478400, 0))
	l := New(Rate{Limit: 2, Window: time.Minute}, fake)
	l.most = 3
	for i := range 3 {
		l.Take(fmt.Sprint(i))
	}
	for i, wait := range []time.Duration{0, 0, time.Minute, time.Minute} {
		if got := l.Take(fmt.Sprint("late ", i)); got != wait {
			t.Errorf("late %d: wait %v, want %v", i, got, wait)
		}
	}
	if got := l.Take("0"); got != 0 {
		t.Errorf("one who is known waits %v for those who are not", got)
	}
	if len(l.taken) != 4 {
		t.Errorf("%d keys are kept", len(l.taken))
	}
}

func TestAddressKey(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"192.0.2.1", "::ffff:192.0.2.1"},
		{"2001:db8:0:1::1", "2001:db8:0:1:ffff::", "2001:db8:0:1::1%eth0"},
		{"", "garbage", "192.0.2.1:80"},
	} {
		for _, address := range same[1:] {
			if AddressKey(address) != AddressKey(same[0]) {
				t.Errorf("%q and %q are two callers", address, same[0])
			}
		}
	}
	for _, other := range []string{"192.0.2.2", "2001:db8:0:2::1", ""} {
		if AddressKey(other) == AddressKey("192.0.2.1") || AddressKey(other) == AddressKey("2001:db8:0:1::1") {
			t.Errorf("%q is somebody else", other)
		}
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
