package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/clock"
)

// Telephony is told. Its errors are *apierr.Error; both calls are idempotent.
type Telephony interface {
	// Allocate gives the room a PIN unless it has one, if it can be with a number in
	// the country, and returns how to dial in.
	Allocate(ctx context.Context, roomID, country string) (*telephonyv1.DialIn, error)
	// Release takes every PIN of the room back.
	Release(ctx context.Context, roomID string) error
}

const (
	// pollInterval is how long a task that comes due waits at most.
	pollInterval = 500 * time.Millisecond
	// gaugeInterval is how often the waiting rooms are counted.
	gaugeInterval = 2 * time.Second
	// settleTimeout bounds the statement that ends deliveries.
	settleTimeout = 2 * time.Second
)

// Outbox delivers tasks. It is safe for concurrent use.
type Outbox struct {
	store             Store
	telephony         Telephony
	clock             clock.Clock
	log               *slog.Logger
	metrics           *metrics
	allocate, release *lane
}

// New returns an outbox that delivers what is in the store, once it runs.
func New(store Store, telephony Telephony, c clock.Clock, log *slog.Logger, registry prometheus.Registerer) (*Outbox, error) {
	m, err := newMetrics(registry)
	if err != nil {
		return nil, err
	}
	o := &Outbox{store: store, telephony: telephony, clock: c, log: log, metrics: m}
	o.allocate = newLane(o, Allocate, func(ctx context.Context, t Task) error {
		_, err := telephony.Allocate(ctx, t.RoomID, t.Country)
		return err
	})
	o.release = newLane(o, Release, func(ctx context.Context, t Task) error { return telephony.Release(ctx, t.RoomID) })
	return o, nil
}

// Lease returns a lease that begins now.
func (o *Outbox) Lease() Lease { return newLease(o.clock) }

// Deliver tells telephony at once, within the lease under which the task was
// stored, and settles the task. When that fails the worker goes on with it, so
// a failure needs no answer but to do without the result.
func (o *Outbox) Deliver(ctx context.Context, lease Lease, task Task, call func(ctx context.Context) error) error {
	callCtx, cancel := lease.context(ctx)
	defer cancel()
	err := call(callCtx)
	came := outcomeOf(err)
	o.metrics.count(task.Action, came)
	o.settle(ctx, task.Action, []result{{task, came, err}})
	return err
}

// DeliverAllocation is Deliver for a room's PIN. The dial-in is nil when it failed.
func (o *Outbox) DeliverAllocation(ctx context.Context, lease Lease, task Task) *telephonyv1.DialIn {
	var dialIn *telephonyv1.DialIn
	err := o.Deliver(ctx, lease, task, func(ctx context.Context) (err error) {
		dialIn, err = o.telephony.Allocate(ctx, task.RoomID, task.Country)
		return err
	})
	if err != nil {
		o.log.WarnContext(ctx, "telephony did not answer for a room's PIN; the answer follows", "room_id", task.RoomID, "error", err)
		return nil
	}
	return dialIn
}

// Wake makes the worker look for releases at once. Releases may still wait for
// the end of a lease.
func (o *Outbox) Wake() { o.release.wakeUp() }

// Run delivers tasks until ctx ends. It returns nil.
func (o *Outbox) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return o.allocate.run(ctx) })
	group.Go(func() error { return o.release.run(ctx) })
	group.Go(func() error { return o.gauge(ctx) })
	return group.Wait()
}

// gauge counts the rooms that wait for a PIN.
func (o *Outbox) gauge(ctx context.Context) error {
	tick := time.NewTicker(gaugeInterval)
	defer tick.Stop()
	for {
		if n, err := o.store.Pending(ctx, Allocate); err == nil { // else the lanes log it
			o.metrics.pending.Set(float64(n))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// settle ends deliveries in the store. It outlives ctx: a caller that went away
// is no reason to deliver again. When it fails the leases end by themselves and
// the tasks are delivered once more, which telephony does not mind.
func (o *Outbox) settle(ctx context.Context, action Action, results []result) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	now := o.clock.Now().Truncate(time.Microsecond)
	var done []Task
	var later []Postponed
	for _, r := range results {
		if r.outcome == delivered {
			done = append(done, r.task)
			continue
		}
		wait, attempts := r.outcome.retry(r.task.Attempts)
		r.task.Attempts = attempts
		later = append(later, Postponed{Task: r.task, Due: now.Add(wait), Reason: r.reason()})
	}
	if err := o.store.Settle(ctx, done, later); err != nil {
		o.log.WarnContext(ctx, "outbox: deliveries could not be settled and will be repeated",
			"action", string(action), "tasks", len(results), "error", err)
	}
}
