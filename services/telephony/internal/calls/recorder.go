package calls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/telephony/internal/page"
)

const (
	// queueSize holds a database away for a minute at some 60 calls a second.
	queueSize    = 4096
	writeTimeout = 5 * time.Second
	retryFirst   = 50 * time.Millisecond
	retryMax     = 5 * time.Second
	// What comes within linger after an event is written with it, in one
	// transaction: under load a fraction of the writes, and nobody waits for them.
	linger   = 20 * time.Millisecond
	maxBatch = 256
)

// Recorder writes call records in the background.
type Recorder struct {
	store     Store
	clock     clock.Clock
	log       *slog.Logger
	keep      Keep
	queue     chan Event
	metrics   *metrics
	ended     atomic.Bool // nobody reads the queue any more
	closing   chan struct{}
	closeOnce sync.Once
}

// Keep says what is kept for how long.
type Keep struct {
	// Records is how long calls are kept, and Numbers how long the whole numbers
	// of callers; 0: they are not kept at all.
	Records, Numbers time.Duration
	// Key seals the numbers.
	Key *secret.Key
	// ByParticipant says that calls go on for as long as their participant is in a
	// live room: for where LiveKit SIP does not tell, every ten minutes, that they do.
	ByParticipant bool
}

// NewRecorder returns a recorder that deletes what is older than it may be.
func NewRecorder(store Store, keep Keep, c clock.Clock, log *slog.Logger, r prometheus.Registerer) (*Recorder, error) {
	rec := &Recorder{
		store: store, clock: c, log: log, keep: keep,
		queue:   make(chan Event, queueSize),
		closing: make(chan struct{}),
	}
	var err error
	rec.metrics, err = newMetrics(r, func() int { return len(rec.queue) })
	return rec, err
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
		r.lose(1, lostFull, "call record lost: the queue to the database is full", "call", e.ID)
	}
	if r.ended.Load() {
		r.Abandon()
	}
}

// lose counts events that will not be written, and says so.
func (r *Recorder) lose(events int, reason, message string, args ...any) {
	r.metrics.lost.WithLabelValues(reason).Add(float64(events))
	r.log.Error(message, args...)
}

// loseAtStop loses events because the service stops; err may be nil.
func (r *Recorder) loseAtStop(events int, err error) {
	args := []any{"events", events}
	if err != nil {
		args = append(args, "error", err)
	}
	r.lose(events, lostShutdown, "call records lost: the service stops before they could be written", args...)
}

// Abandon gives up what is queued, and what is recorded from now on. Run does it
// at its end; call it where Run is not.
func (r *Recorder) Abandon() {
	r.ended.Store(true)
	events := 0
	for {
		select {
		case <-r.queue:
			events++
			continue
		default:
		}
		break
	}
	if events > 0 {
		r.loseAtStop(events, nil)
	}
}

// Run writes events until Close has been called and the queue is empty, or ctx
// ends. What it could not write by then is lost, counted and logged.
func (r *Recorder) Run(ctx context.Context) {
	defer r.Abandon()
	for {
		select {
		case e := <-r.queue:
			r.write(ctx, r.gather(ctx, e))
		case <-r.closing:
			for len(r.queue) > 0 && ctx.Err() == nil {
				r.write(ctx, r.gather(ctx, <-r.queue))
			}
			return
		case <-ctx.Done():
			return
		}
	}
}

// gather returns an event and those that come soon after it.
func (r *Recorder) gather(ctx context.Context, first Event) []Event {
	batch := []Event{first}
	late := time.NewTimer(linger)
	defer late.Stop()
	for len(batch) < maxBatch {
		select {
		case e := <-r.queue:
			batch = append(batch, e)
			continue
		default:
		}
		select {
		case e := <-r.queue:
			batch = append(batch, e)
		case <-late.C:
			return batch
		case <-r.closing:
			return batch
		case <-ctx.Done():
			return batch
		}
	}
	return batch
}

// Close makes Run write what is queued and return.
func (r *Recorder) Close() { r.closeOnce.Do(func() { close(r.closing) }) }

// Closing is closed when Close has been called.
func (r *Recorder) Closing() <-chan struct{} { return r.closing }

// write tries for as long as the database is away: the queue holds what comes
// meanwhile. While closing, events get one try. Of events that the database
// refuses together each is written alone; one that it refuses alone is lost, lest
// it block those behind it.
func (r *Recorder) write(ctx context.Context, batch []Event) {
	for wait := run.NewBackoff(retryFirst, retryMax); ; {
		tryCtx, cancel := context.WithTimeout(ctx, writeTimeout)
		err := r.store.RecordCalls(tryCtx, batch...)
		cancel()
		switch {
		case err == nil:
			return
		case ctx.Err() != nil:
			r.loseAtStop(len(batch), err)
			return
		case !retryable(err) && len(batch) > 1:
			for _, e := range batch {
				r.write(ctx, []Event{e})
			}
			return
		case !retryable(err):
			r.lose(1, lostRefused, "call record lost: the database refuses it", "call", batch[0].ID, "error", err)
			return
		}
		select {
		case <-r.closing:
			r.loseAtStop(len(batch), err)
			return
		default:
		}
		r.log.WarnContext(ctx, "call records not written yet", "events", len(batch), "error", err)
		select {
		case <-r.closing: // and once more, at once
		case <-ctx.Done():
		case <-time.After(wait.Next()):
		}
	}
}

func retryable(err error) bool {
	return apierr.Has(err, apierr.Unavailable) || errors.Is(err, context.DeadlineExceeded)
}

// Admit records a call that rings on a trunk with a quota, unless the trunk has
// as many calls as it takes, and reports whether it did. Unlike Record it waits
// for storage: the calls of all replicas count. Calls that ring at the same
// instant do not see each other, so a quota may be passed by as many.
func (r *Recorder) Admit(ctx context.Context, e Event, q Quota) (bool, error) {
	e.Updated = r.clock.Now()
	return r.store.AdmitCall(ctx, e, q, e.Updated.Add(-silentAfter))
}

// NoteParticipant keeps what LiveKit tells of a call's participant. It waits for
// storage: who tells it tells it again where that is away. Errors: UNAVAILABLE.
func (r *Recorder) NoteParticipant(ctx context.Context, p Participant) error {
	return r.store.NoteParticipant(ctx, p, r.clock.Now())
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

// Get returns a call. Errors: CALL_NOT_FOUND.
func (r *Recorder) Get(ctx context.Context, id string) (Call, error) { return r.store.Call(ctx, id) }

// Refusals returns how many calls of a trunk were refused in the last 24 hours,
// by reason. An empty trunk is the calls to numbers that no trunk has.
func (r *Recorder) Refusals(ctx context.Context, trunkID string) (map[string]int, error) {
	return r.store.Refusals(ctx, trunkID, r.clock.Now().Add(-24*time.Hour))
}

// SealNumber returns a caller's number as it may be kept with a call, nothing
// when it is withheld or none are kept.
func (r *Recorder) SealNumber(callID, number string) []byte {
	if number == "" || r.keep.Numbers == 0 {
		return nil
	}
	return r.keep.Key.Seal([]byte(number), sealContext(callID))
}

// RevealNumber opens the number of a call's caller, "" for none, and tells the
// log who asked.
func (r *Recorder) RevealNumber(ctx context.Context, c Call, who string) (string, error) {
	r.log.WarnContext(ctx, "the number of a caller was revealed", "call", c.ID, "to", who)
	if len(c.CallerNumber) == 0 {
		return "", nil
	}
	plain, err := r.keep.Key.Open(c.CallerNumber, sealContext(c.ID))
	if err != nil {
		return "", fmt.Errorf("number of call %s: %w", c.ID, err)
	}
	return string(plain), nil
}

func sealContext(callID string) string { return "call/" + callID }
