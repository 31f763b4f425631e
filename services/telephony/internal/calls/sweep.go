package calls

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/sweep"
)

const (
	cleanInterval = time.Minute
	// cleanBatch keeps each statement short, so that it never makes a call wait.
	cleanBatch = 500
	// LiveKit SIP repeats the state of a call every ten minutes.
	silentAfter  = 2*10*time.Minute + time.Minute
	silentReason = "no sign of life from the SIP bridge"
)

// Sweep cleans now and then until ctx ends. Replicas may sweep at once.
func (r *Recorder) Sweep(ctx context.Context) {
	clean := time.NewTicker(cleanInterval)
	defer clean.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-clean.C:
		}
		if err := r.Clean(ctx); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "call records could not be cleaned, trying again later", "error", err)
		}
	}
}

// Clean ends all calls that nobody has heard of for too long, deletes all records
// that are too old, and forgets all numbers that are.
func (r *Recorder) Clean(ctx context.Context) error {
	now := r.clock.Now()
	for _, do := range []func(limit int) (int, error){
		func(limit int) (int, error) {
			return r.store.FailSilentCalls(ctx, now.Add(-silentAfter), now, silentReason, limit)
		},
		func(limit int) (int, error) { return r.store.DeleteCalls(ctx, now.Add(-r.keep.Records), limit) },
		func(limit int) (int, error) { return r.store.ForgetNumbers(ctx, now.Add(-r.keep.Numbers), limit) },
	} {
		if _, err := sweep.All(ctx, cleanBatch, do); err != nil {
			return err
		}
	}
	return nil
}
