package measure

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Series is one kind of request.
type Series struct {
	Name string
	// Do makes one request and checks its answer; worker is from 0 to Clients-1.
	// An error ends the run: a wrong answer has no speed.
	Do func(ctx context.Context, worker int) error
	// Settle, if set, waits until what the requests left to be done in the
	// background is done, so that it does not burden the next series' slice.
	Settle func(ctx context.Context) error
}

// Plan says how series are measured.
type Plan struct {
	// Clients make requests at the same time, each one after the other.
	Clients int
	// Rounds is how many slices each series gets, after one to warm up.
	Rounds int
	// Slice is how long one slice lasts.
	Slice time.Duration
	// Requests ends a slice early after so many requests. 0: no bound.
	Requests int64
}

// Run measures the series, a slice of each in turn.
func Run(ctx context.Context, plan Plan, series ...Series) ([]*Result, error) {
	results := make([]*Result, len(series))
	for i, s := range series {
		results[i] = &Result{Name: s.Name}
	}
	for round := range plan.Rounds + 1 {
		for i, s := range series {
			slice, err := plan.slice(ctx, s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			if round > 0 {
				results[i].add(slice)
			}
		}
	}
	for _, r := range results {
		r.sort()
	}
	return results, nil
}

// slice is what one slice of one series gave.
type slice struct {
	latencies []time.Duration
	elapsed   time.Duration
}

// slice lets all clients work until the time is over. Requests that have begun
// are finished.
func (p Plan) slice(ctx context.Context, s Series) (slice, error) {
	var (
		clients   sync.WaitGroup
		begun     atomic.Int64
		latencies = make([][]time.Duration, p.Clients)
		faults    = make([]error, p.Clients)
		start     = time.Now()
		end       = start.Add(p.Slice)
	)
	for worker := range p.Clients {
		clients.Go(func() {
			for now := time.Now(); now.Before(end) && ctx.Err() == nil; {
				if p.Requests > 0 && begun.Add(1) > p.Requests {
					return
				}
				if faults[worker] = s.Do(ctx, worker); faults[worker] != nil {
					return
				}
				done := time.Now()
				latencies[worker] = append(latencies[worker], done.Sub(now))
				now = done
			}
		})
	}
	clients.Wait()
	result := slice{elapsed: time.Since(start)}
	for worker := range p.Clients {
		if err := faults[worker]; err != nil {
			return slice{}, err
		}
		result.latencies = append(result.latencies, latencies[worker]...)
	}
	if s.Settle != nil {
		if err := s.Settle(ctx); err != nil {
			return slice{}, fmt.Errorf("settle: %w", err)
		}
	}
	return result, ctx.Err()
}
