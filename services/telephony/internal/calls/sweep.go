package calls

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/sweep"
)

const (
	// countInterval is how old the number of live calls is in the metrics at most.
	countInterval = 15 * time.Second

	cleanInterval = time.Minute
	// cleanBatch keeps each statement short, so that it never makes a call wait.
	cleanBatch = 500
	// LiveKit SIP repeats the state of a call so often.
	repeatAfter  = 10 * time.Minute
	silentAfter  = 2*repeatAfter + time.Minute
	silentReason = "no sign of life from the SIP bridge"
)

// Sweep cleans and counts calls now and then until ctx ends. Replicas may sweep at
// once.
func (r *Recorder) Sweep(ctx context.Context) {
	clean, count := time.NewTicker(cleanInterval), time.NewTicker(countInterval)
	defer clean.Stop()
	defer count.Stop()
	for {
		if err := r.Count(ctx); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "live calls could not be counted, trying again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-count.C:
			continue
		case <-clean.C:
		}
		if err := r.Clean(ctx); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "call records could not be cleaned, trying again later", "error", err)
		}
	}
}

// Count shows in the metrics how many calls each trunk has, or nothing when that
// is not known.
func (r *Recorder) Count(ctx context.Context) error {
	loads, err := r.store.Loads(ctx, r.clock.Now().Add(-silentAfter))
	r.metrics.live.set(loads)
	return err
}

// Clean ends all calls that nobody has heard of for too long, deletes all records
// that are too old, and forgets all numbers that are. Where nobody repeats states, a
// participant in a live room is as good: LiveKit is asked which rooms are live, so
// that a lost word of its leaving ends with the room.
func (r *Recorder) Clean(ctx context.Context) error {
	now := r.clock.Now()
	for _, do := range []func(limit int) (int, error){
		func(limit int) (int, error) {
			if !r.keep.ByParticipant {
				return 0, nil
			}
			return r.store.RenewCalls(ctx, now.Add(-repeatAfter), now, limit)
		},
		func(limit int) (int, error) {
			return r.store.FailCalls(ctx, Doubt{Reason: silentReason, Before: now.Add(-silentAfter)}, now, limit)
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
