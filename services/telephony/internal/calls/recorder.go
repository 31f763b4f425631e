package calls

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/services/telephony/internal/page"
)

const (
	// queueSize holds a database away for a minute at some 60 calls a second.
	queueSize    = 4096
	writeTimeout = 5 * time.Second
	retryFirst   = 50 * time.Millisecond
	retryMax     = 5 * time.Second

	cleanInterval = time.Minute
	cleanBatch    = 500
	// LiveKit SIP repeats the state of a call every ten minutes.
	silentAfter  = 2*10*time.Minute + time.Minute
	silentReason = "no sign of life from the SIP bridge"
)

// Recorder writes call records in the background.
type Recorder struct {
	store     Store
	clock     clock.Clock
	log       *slog.Logger
	retention time.Duration
	queue     chan Event
	dropped   prometheus.Counter
	closing   chan struct{}
	closeOnce sync.Once
}

// NewRecorder returns a recorder that deletes records older than retention.
func NewRecorder(store Store, retention time.Duration, c clock.Clock, log *slog.Logger, r prometheus.Registerer) (*Recorder, error) {
	rec := &Recorder{
		store: store, clock: c, log: log, retention: retention,
		queue:   make(chan Event, queueSize),
		closing: make(chan struct{}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parley_telephony_call_queue_dropped_total",
			Help: "Events of calls that were lost because the queue to the database was full.",
		}),
	}
	return rec, r.Register(rec.dropped)
}

// Record queues an event and returns at once. Events without a call id are not
// about a call that could be found again, and are left out.
func (r *Recorder) Record(e Event) {
	if e.ID == "" {
		return
	}
	e.Updated = r.clock.Now()
	select {
	case r.queue <- e:
	default:
		r.dropped.Inc()
		r.log.Error("call record lost: the queue to the database is full", "call", e.ID)
	}
}

// Run writes events until Close has been called and the queue is empty, or ctx ends.
func (r *Recorder) Run(ctx context.Context) {
	clean := time.NewTicker(cleanInterval)
	defer clean.Stop()
	for {
		select {
		case e := <-r.queue:
			r.write(ctx, e)
		case <-clean.C:
			r.Clean(ctx)
		case <-r.closing:
			for len(r.queue) > 0 && ctx.Err() == nil {
				r.write(ctx, <-r.queue)
			}
			return
		case <-ctx.Done():
			return
		}
	}
}

// Close makes Run write what is queued and return.
func (r *Recorder) Close() { r.closeOnce.Do(func() { close(r.closing) }) }

// Closing is closed when Close has been called.
func (r *Recorder) Closing() <-chan struct{} { return r.closing }

// write tries for as long as the database is away: order matters, and the queue
// holds what comes meanwhile. While closing, an event gets one try. An event
// that the database refuses is given up, lest it block those behind it.
func (r *Recorder) write(ctx context.Context, e Event) {
	for wait := run.NewBackoff(retryFirst, retryMax); ; {
		tryCtx, cancel := context.WithTimeout(ctx, writeTimeout)
		err := r.store.RecordCall(tryCtx, e)
		cancel()
		switch {
		case err == nil:
			return
		case !retryable(err):
			r.log.ErrorContext(ctx, "call record refused by the database", "call", e.ID, "error", err)
			return
		}
		r.log.WarnContext(ctx, "call record not written yet", "call", e.ID, "error", err)
		select {
		case <-r.closing:
			return
		case <-ctx.Done():
			return
		case <-time.After(wait.Next()):
		}
	}
}

func retryable(err error) bool {
	return apierr.Has(err, apierr.Unavailable) || errors.Is(err, context.DeadlineExceeded)
}

// Clean ends calls that nobody has heard of for too long and deletes old records.
func (r *Recorder) Clean(ctx context.Context) {
	now := r.clock.Now()
	_, err := r.store.FailSilentCalls(ctx, now.Add(-silentAfter), now, silentReason, cleanBatch)
	if err == nil {
		_, err = r.store.DeleteCalls(ctx, now.Add(-r.retention), cleanBatch)
	}
	if err != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "call records could not be cleaned, trying again later", "error", err)
	}
}

// Admit records a call that rings on a trunk with a quota, unless the trunk has
// as many calls as it takes, and reports whether it did. Unlike Record it waits
// for storage: the calls of all replicas count. Calls that ring at the same
// instant do not see each other, so a quota may be passed by as many.
func (r *Recorder) Admit(ctx context.Context, e Event, q Quota) (bool, error) {
	e.Updated = r.clock.Now()
	return r.store.AdmitCall(ctx, e, q, e.Updated.Add(-silentAfter))
}

// Busy reports whether Admit would refuse a call of the trunk now.
func (r *Recorder) Busy(ctx context.Context, trunkID string, q Quota) (bool, error) {
	calls, pending, err := r.store.LiveCalls(ctx, trunkID, r.clock.Now().Add(-silentAfter))
	return !q.Free(calls, pending), err
}

// List returns a window of the calls that pass the filter, latest first.
func (r *Recorder) List(ctx context.Context, f Filter, w page.Window) ([]Call, int, error) {
	return r.store.Calls(ctx, f, w)
}
