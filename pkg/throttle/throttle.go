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

// Take counts once for the key and returns 0, or counts nothing and returns how
// long to wait until it would.
func (l *Limiter) Take(key string) time.Duration { return l.ask(key, true) }

// Wait returns what Take would, and counts nothing.
func (l *Limiter) Wait(key string) time.Duration { return l.ask(key, false) }

func (l *Limiter) ask(key string, count bool) time.Duration {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) >= l.rate.Window {
		l.sweep(now)
	}
	if _, known := l.taken[key]; !known && len(l.taken) >= l.most {
		key = others
	}
	times := l.fresh(l.taken[key], now)
	full := len(times) >= l.rate.Limit
	if count && !full {
		times = append(times, now)
	}
	l.taken[key] = times
	switch {
	case full:
		return times[0].Add(l.rate.Window).Sub(now)
	case len(times) == 0:
		delete(l.taken, key)
	}
	return 0
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
