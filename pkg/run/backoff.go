package run

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Backoff is the waiting between attempts of a worker that never gives up:
// exponential, with jitter, so that workers that failed together do not come
// back together. It is for one goroutine.
//
//	for wait := run.NewBackoff(time.Second, time.Minute); ; {
//		if err := work(ctx); err == nil {
//			wait.Reset()
//		}
//		if err := wait.Sleep(ctx); err != nil {
//			return err
//		}
//	}
type Backoff struct {
	intervals backoff.ExponentialBackOff
}

// jitter spreads an interval over half of it to one and a half times it.
const jitter = 0.5

// NewBackoff returns a Backoff whose first wait is about initial, each wait
// about twice the one before, and none longer than longest.
func NewBackoff(initial, longest time.Duration) *Backoff {
	// The library caps the interval before jitter. Capping it at two thirds
	// keeps the longest wait with jitter at longest.
	capped := longest * 2 / 3
	return &Backoff{intervals: backoff.ExponentialBackOff{
		InitialInterval:     min(initial, capped),
		RandomizationFactor: jitter,
		Multiplier:          2,
		MaxInterval:         capped,
	}}
}

// Next returns the next wait, for callers that wait in a select of their own.
func (b *Backoff) Next() time.Duration { return b.intervals.NextBackOff() }

// Reset starts over from the initial wait, after a success.
func (b *Backoff) Reset() { b.intervals.Reset() }

// Sleep waits for [Backoff.Next], or returns the error of ctx when that ends
// first.
func (b *Backoff) Sleep(ctx context.Context) error {
	timer := time.NewTimer(b.Next())
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
