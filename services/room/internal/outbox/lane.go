package outbox

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// batch is how many tasks are claimed and settled by one statement each.
	batch = 128
	// parallel is how many of them are delivered at once.
	parallel = 16
)

// lane delivers the tasks of one action, in rounds.
type lane struct {
	outbox  *Outbox
	action  Action
	deliver func(context.Context, Task) error
	wake    chan struct{} // of capacity 1: a wake-up is kept, not counted
	log     *slog.Logger
	// trouble is what stopped the last round: unavailable, exhausted or empty.
	// While it lasts a round is one task.
	trouble outcome
	// storeDown says that the store failed, to log it once.
	storeDown bool
}

// result is the end of one delivery.
type result struct {
	task    Task
	outcome outcome
	err     error
}

// reason says what went wrong, for the operator who looks at the table.
func (r result) reason() string {
	if r.err == nil {
		return string(r.outcome)
	}
	return r.err.Error()
}

func newLane(o *Outbox, action Action, deliver func(context.Context, Task) error) *lane {
	return &lane{
		outbox: o, action: action, deliver: deliver,
		wake: make(chan struct{}, 1), log: o.log.With("action", string(action)),
	}
}

func (l *lane) wakeUp() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lane) run(ctx context.Context) error {
	for ctx.Err() == nil {
		wait := l.round(ctx)
		wake := l.wake
		if l.trouble != "" || l.storeDown {
			wake = nil // new tasks are no reason to ask sooner
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// round delivers what is due, up to a batch, and returns how long to wait.
func (l *lane) round(ctx context.Context) time.Duration {
	limit := batch
	if l.trouble != "" {
		limit = 1
	}
	lease := l.outbox.Lease()
	tasks, err := l.outbox.store.Claim(ctx, l.action, lease.Until.Add(-leaseTime), lease.Until, limit)
	if l.noteStore(ctx, err); err != nil {
		return unavailableRetry
	}
	if len(tasks) == 0 {
		return pollInterval
	}
	results := l.deliverAll(ctx, lease, tasks)
	l.outbox.settle(ctx, l.action, results)
	if ctx.Err() == nil {
		l.noteTrouble(ctx, results)
	}
	switch {
	case l.trouble != "":
		wait, _ := l.trouble.retry(0)
		return wait
	case len(tasks) == limit:
		return 0 // there may be more
	default:
		return pollInterval
	}
}

// deliverAll delivers tasks side by side. After an answer that would be the same
// for all of them, the rest is not begun.
func (l *lane) deliverAll(ctx context.Context, lease Lease, tasks []Task) []result {
	results := make([]result, len(tasks))
	ctx, cancel := lease.context(ctx)
	defer cancel()
	stop, stopNow := context.WithCancel(ctx)
	defer stopNow()
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, task := range tasks {
		results[i] = result{task: task, outcome: skipped}
		if stop.Err() != nil || lease.spent() {
			continue
		}
		group.Go(func() error {
			err := l.deliver(ctx, task)
			results[i].outcome, results[i].err = outcomeOf(err), err
			l.outbox.metrics.count(l.action, results[i].outcome)
			if results[i].outcome.blocks() {
				stopNow()
			}
			return nil
		})
	}
	_ = group.Wait() // no delivery returns an error
	return results
}

// noteTrouble keeps and logs what stops the lane, when that changes.
func (l *lane) noteTrouble(ctx context.Context, results []result) {
	var now outcome
	var cause error
	for _, r := range results {
		if r.outcome.blocks() {
			now, cause = r.outcome, r.err
		}
		if r.outcome == failed {
			l.log.WarnContext(ctx, "outbox: delivery failed", "room_id", r.task.RoomID,
				"attempts", r.task.Attempts+1, "error", r.err)
		}
	}
	if now == l.trouble {
		return
	}
	l.trouble = now
	switch now {
	case exhausted:
		// Telephony knows whether that is a fault, and then says so loudly.
		l.log.WarnContext(ctx, "outbox: there is no PIN to be had, rooms wait for one", "error", cause)
	case unavailable:
		l.log.WarnContext(ctx, "outbox: telephony is away, tasks wait for it", "error", cause)
	default:
		l.log.InfoContext(ctx, "outbox: telephony serves again")
	}
}

// noteStore logs a failure of the store and its end, once each.
func (l *lane) noteStore(ctx context.Context, err error) {
	down := err != nil && ctx.Err() == nil
	if down && !l.storeDown {
		l.log.WarnContext(ctx, "outbox: the database does not serve, retrying", "error", err)
	}
	l.storeDown = down
}
