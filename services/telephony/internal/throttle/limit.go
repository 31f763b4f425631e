package throttle

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Forever is a refusal that ends only when an operator forgives.
const Forever time.Duration = math.MaxInt64

// The words of a limit in a setting.
const (
	off     = "off"
	forever = "forever"
)

// Limit is how many wrong PINs an account may have. Its zero value is no limit.
type Limit struct {
	// Wrong is how many PINs, within Window of the first of them, are too many.
	Wrong  int
	Window time.Duration
	// Refuse is for how long the account is refused after the last of them.
	Refuse time.Duration
}

// UnmarshalText reads "5/30m/1h": five wrong PINs in half an hour, refused for
// an hour. The last part may be "forever"; the whole may be "off".
func (l *Limit) UnmarshalText(text []byte) error {
	if string(text) == off {
		*l = Limit{}
		return nil
	}
	parts := strings.Split(string(text), "/")
	if len(parts) != 3 {
		return fmt.Errorf("%q is no limit: write it as 5/30m/1h, 25/720h/forever or off", text)
	}
	wrong, err := strconv.ParseUint(parts[0], 10, 31)
	window, err2 := time.ParseDuration(parts[1])
	refuse, err3 := Forever, error(nil)
	if parts[2] != forever {
		refuse, err3 = time.ParseDuration(parts[2])
	}
	if err := errors.Join(err, err2, err3); err != nil {
		return fmt.Errorf("limit %q: %w", text, err)
	}
	if wrong == 0 || window <= 0 || refuse <= 0 {
		return fmt.Errorf("limit %q: every part must be above 0; write off for no limit", text)
	}
	*l = Limit{Wrong: int(wrong), Window: window, Refuse: refuse}
	return nil
}

// String writes the limit as UnmarshalText reads it.
func (l Limit) String() string {
	switch {
	case l.Wrong == 0:
		return off
	case l.Refuse == Forever:
		return fmt.Sprintf("%d/%s/%s", l.Wrong, l.Window, forever)
	default:
		return fmt.Sprintf("%d/%s/%s", l.Wrong, l.Window, l.Refuse)
	}
}

// Most returns how many wrong PINs are too many, a number out of reach without
// limit.
func (l Limit) Most() int {
	if l.Wrong == 0 {
		return math.MaxInt32
	}
	return l.Wrong
}

// RefusedSince returns the time after which the last wrong PIN of a refused
// account was.
func (l Limit) RefusedSince(now time.Time) time.Time {
	if l.Refuse == Forever {
		return time.Time{}
	}
	return now.Add(-l.Refuse)
}

// end returns until when what begins now lasts.
func (l Limit) end(now time.Time) time.Time {
	if l.Refuse == Forever {
		return now.AddDate(100, 0, 0)
	}
	return now.Add(l.Refuse)
}

// Refuses reports whether an account so charged is refused.
func (l Limit) Refuses(s Standing, now time.Time) bool {
	return l.Wrong > 0 && s.Wrong >= l.Wrong && s.Last.After(l.RefusedSince(now))
}
