package outbox

import (
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
)

// outcome is what a delivery came to. Its text is a metric label.
type outcome string

const (
	// delivered: the task is done.
	delivered outcome = "delivered"
	// unavailable: telephony did not answer; asking for other rooms is useless.
	unavailable outcome = "unavailable"
	// exhausted: telephony has no PIN left for any room.
	exhausted outcome = "exhausted"
	// failed: telephony answered, but not for this room.
	failed outcome = "failed"
	// skipped: the delivery was not begun, or cut by our own stop.
	skipped outcome = "skipped"
)

const (
	unavailableRetry = time.Second
	exhaustedRetry   = 2 * time.Second
	failedRetryFirst = time.Second
	failedRetryMax   = time.Minute
)

// outcomeOf reads an answer of telephony.
func outcomeOf(err error) outcome {
	if err == nil {
		return delivered
	}
	switch apierr.ReasonOf(err) {
	case apierr.Unavailable, apierr.DeadlineExceeded:
		return unavailable
	case apierr.PinsExhausted:
		return exhausted
	case apierr.Cancelled:
		return skipped
	default:
		return failed
	}
}

// blocks reports whether the other tasks of the lane would end alike.
func (o outcome) blocks() bool { return o == unavailable || o == exhausted }

// retry returns when a task that ended so is due again, and its new attempts.
// Only a failure of its own lets the waits of a task grow: a long outage must
// not make any room wait for long after its end.
func (o outcome) retry(attempts int) (time.Duration, int) {
	switch o {
	case unavailable:
		return unavailableRetry, attempts
	case exhausted:
		return exhaustedRetry, attempts
	case failed:
		wait := failedRetryMax
		if attempts < 6 { // 2^6 s is past the longest wait
			wait = failedRetryFirst << attempts
		}
		return wait, attempts + 1
	default:
		return 0, attempts
	}
}
