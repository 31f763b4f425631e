package throttle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
)

// Rate is so many times in each window. As a setting it is written "150/minute".
type Rate struct {
	Limit  int
	Window time.Duration
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rate) UnmarshalText(text []byte) error {
	number, unit, _ := strings.Cut(string(text), "/")
	limit, err := strconv.Atoi(number)
	window := map[string]time.Duration{
		"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour,
	}[unit]
	if err != nil || limit < 1 || window == 0 {
		return fmt.Errorf("%q is no rate such as 150/minute", text)
	}
	*r = Rate{Limit: limit, Window: window}
	return nil
}

// maxKeys is how many callers a limiter tells apart.
const maxKeys = 100_000

// others is the key of all callers beyond maxKeys.
const others = ""

// Limiter counts by key. It is safe for concurrent use.
type Limiter struct {
	rate  Rate
	clock clock.Clock
	most  int // keys

	mu    sync.Mutex
	taken map[string][]time.Time // oldest first
	swept time.Time
}

// New returns a limiter for which nobody has done anything yet.
func New(rate Rate, c clock.Clock) *Limiter {
	return &Limiter{rate: rate, clock: c, most: maxKeys, taken: map[string][]time.Time{}, swept: c.Now()}
}

// Limit is the most that a key may take in a window.
func (l *Limiter) Limit() int { return l.rate.Limit }

// Take counts once for the key and returns 0, or counts nothing and returns how
// long to wait until it would.
func (l *Limiter) Take(key string) time.Duration { return l.ask(key, 1, true) }

// Wait returns what Take would, and counts nothing.
func (l *Limiter) Wait(key string) time.Duration { return l.ask(key, 1, false) }

// TakeMany is Take of n at once, all or none of them. More than Limit never fits.
func (l *Limiter) TakeMany(key string, n int) time.Duration { return l.ask(key, n, true) }

func (l *Limiter) ask(key string, n int, count bool) time.Duration {
	if n > l.rate.Limit {
		return l.rate.Window
	}
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) >= l.rate.Window {
		l.sweep(now)
	}
	key = l.known(key)
	times := l.fresh(l.taken[key], now)
	over := len(times) + n - l.rate.Limit
	if count && over <= 0 {
		for range n {
			times = append(times, now)
		}
	}
	l.taken[key] = times
	switch {
	case over > 0:
		return times[over-1].Add(l.rate.Window).Sub(now)
	case len(times) == 0:
		delete(l.taken, key)
	}
	return 0
}

// GiveBack uncounts n that the key has just taken, and was refused elsewhere.
func (l *Limiter) GiveBack(key string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key = l.known(key)
	times := l.taken[key]
	if times = times[:max(len(times)-n, 0)]; len(times) > 0 {
		l.taken[key] = times
	} else {
		delete(l.taken, key)
	}
}

// known returns the key under which a caller is counted.
func (l *Limiter) known(key string) string {
	if _, known := l.taken[key]; !known && len(l.taken) >= l.most {
		return others
	}
	return key
}

// sweep forgets keys that did nothing in the last window.
func (l *Limiter) sweep(now time.Time) {
	l.swept = now
	for key, times := range l.taken {
		if now.Sub(times[len(times)-1]) >= l.rate.Window {
			delete(l.taken, key)
		}
	}
}

// fresh drops what is older than a window.
func (l *Limiter) fresh(times []time.Time, now time.Time) []time.Time {
	old := 0
	for old < len(times) && now.Sub(times[old]) >= l.rate.Window {
		old++
	}
	return slices.Delete(times, 0, old)
}
