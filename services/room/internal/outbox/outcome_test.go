package outbox

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
)

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	for want, errs := range map[outcome][]error{
		delivered:   {nil},
		unavailable: {apierr.New(apierr.Unavailable, ""), context.DeadlineExceeded},
		exhausted:   {apierr.New(apierr.PinsExhausted, "")},
		skipped:     {context.Canceled},
		failed:      {errors.New("boom"), apierr.New(apierr.Internal, ""), apierr.New(apierr.InvalidFields, "")},
	} {
		for _, err := range errs {
			if got := outcomeOf(err); got != want {
				t.Errorf("%v: %s, want %s", err, got, want)
			}
		}
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		outcome  outcome
		attempts int
		wait     time.Duration
		then     int
	}{
		{unavailable, 0, time.Second, 0},
		{unavailable, 9, time.Second, 9},
		{exhausted, 9, 2 * time.Second, 9},
		{skipped, 3, 0, 3},
		{failed, 0, time.Second, 1},
		{failed, 1, 2 * time.Second, 2},
		{failed, 5, 32 * time.Second, 6},
		{failed, 6, time.Minute, 7},
		{failed, 500, time.Minute, 501},
	} {
		wait, then := c.outcome.retry(c.attempts)
		if wait != c.wait || then != c.then {
			t.Errorf("%s after %d: %v and %d", c.outcome, c.attempts, wait, then)
		}
	}
}
