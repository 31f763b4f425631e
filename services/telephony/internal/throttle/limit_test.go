package throttle

import (
	"testing"
	"time"
)

func TestLimitsAreReadAndWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Limit{
		"5/30m0s/1h0m0s":      {Wrong: 5, Window: 30 * time.Minute, Refuse: time.Hour},
		"25/720h0m0s/forever": {Wrong: 25, Window: 720 * time.Hour, Refuse: Forever},
		"off":                 {},
	} {
		var got Limit
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "5/30m", "5/30m/1h/1h", "0/30m/1h", "-1/30m/1h", "5/0s/1h", "5/30m/-1h", "x/30m/1h", "5/x/1h", "5/30m/x", "9999999999/1h/1h"} {
		var got Limit
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

func TestLimitsRefuse(t *testing.T) {
	t.Parallel()
	last := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	hour := Limit{Wrong: 3, Window: time.Minute, Refuse: time.Hour}
	always := Limit{Wrong: 3, Window: time.Minute, Refuse: Forever}
	for name, c := range map[string]struct {
		limit Limit
		wrong int
		after time.Duration
		want  bool
	}{
		"too few":         {hour, 2, 0, false},
		"enough":          {hour, 3, 0, true},
		"at the end":      {hour, 3, time.Hour - 1, true},
		"over":            {hour, 3, time.Hour, false},
		"for ever":        {always, 3, 100 * 365 * 24 * time.Hour, true},
		"without a limit": {Limit{}, 1000, 0, false},
	} {
		if got := c.limit.Refuses(Standing{Wrong: c.wrong, Last: last}, last.Add(c.after)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
