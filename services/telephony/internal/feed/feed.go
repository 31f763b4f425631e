package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

const (
	interval = time.Second
	// overlap is how much later than the time it bears a record may be written.
	overlap = 30 * time.Second
	// patience is for how long a watcher may leave a call unread.
	patience = 10 * time.Second
	batch    = 500
)

// Store is what the feed reads of calls.Store.
type Store interface {
	ChangedCalls(ctx context.Context, f calls.Filter, since time.Time, after *calls.Call, limit int) ([]calls.Call, error)
}

// Feed tells of calls. Safe for concurrent use.
type Feed struct {
	store    Store
	clock    clock.Clock
	patience time.Duration
}

// New returns a feed on the store.
func New(store Store, c clock.Clock) *Feed { return &Feed{store: store, clock: c, patience: patience} }

// Watch sends the live calls that pass the filter, then every call that changes,
// until ctx ends or send fails. Errors: UNAVAILABLE for a watcher who is too
// slow, and those of the store and of send.
func (f *Feed) Watch(ctx context.Context, filter calls.Filter, send func(calls.Call) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, failed := make(chan calls.Call), make(chan error, 1)
	go func() {
		for {
			select {
			case c := <-out:
				if err := send(c); err != nil {
					failed <- err
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	w := &watcher{feed: f, filter: filter, told: map[string]calls.Call{}, out: out, failed: failed}
	return w.run(ctx)
}

// watcher is one who watches.
type watcher struct {
	feed   *Feed
	filter calls.Filter
	// told is what was told of each call that may change yet or be read again.
	told   map[string]calls.Call
	out    chan<- calls.Call
	failed <-chan error
}

func (w *watcher) run(ctx context.Context) error {
	looked := w.feed.clock.Now()
	live := w.filter
	live.Live = true
	if err := w.look(ctx, live, time.Time{}, w.tell); err != nil {
		return err
	}
	if err := w.look(ctx, w.filter, looked.Add(-overlap), w.begin); err != nil {
		return err
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return apierr.Wrap(apierr.Unavailable, ctx.Err())
		case err := <-w.failed:
			return err
		case <-tick.C:
		}
		since := looked.Add(-overlap)
		now := w.feed.clock.Now()
		if err := w.look(ctx, w.filter, since, w.tell); err != nil {
			return err
		}
		looked = now
		w.forget(since)
	}
}

// look does something with every call that was updated since a time.
func (w *watcher) look(ctx context.Context, filter calls.Filter, since time.Time, do func(context.Context, calls.Call) error) error {
	for after := (*calls.Call)(nil); ; {
		list, err := w.feed.store.ChangedCalls(ctx, filter, since, after, batch)
		if err != nil {
			return err
		}
		for _, c := range list {
			if err := do(ctx, c); err != nil {
				return err
			}
		}
		if len(list) < batch {
			return nil
		}
		after = &list[len(list)-1]
	}
}

// begin tells of a call unless it ended before the watch began, which is no news.
func (w *watcher) begin(ctx context.Context, c calls.Call) error {
	if c.State.Over() {
		w.told[c.ID] = c
		return nil
	}
	return w.tell(ctx, c)
}

// tell tells of a call unless it was told as it is now.
func (w *watcher) tell(ctx context.Context, c calls.Call) error {
	news := c
	news.CallerNumber, news.Updated = nil, time.Time{} // none of a watcher's business
	if last, known := w.told[c.ID]; known && same(last, c) {
		return nil
	}
	late := time.NewTimer(w.feed.patience)
	defer late.Stop()
	select {
	case w.out <- news:
		w.told[c.ID] = c
		return nil
	case err := <-w.failed:
		return err
	case <-ctx.Done():
		return apierr.Wrap(apierr.Unavailable, ctx.Err())
	case <-late.C:
		return apierr.Wrap(apierr.Unavailable, fmt.Errorf("the watcher has not read for %v", w.feed.patience))
	}
}

// same reports whether a watcher would see no difference. Signs of life alone
// are none.
func same(a, b calls.Call) bool {
	return a.State == b.State && a.TrunkID == b.TrunkID && a.RoomID == b.RoomID && a.Caller == b.Caller && a.Called == b.Called &&
		a.Answered.Equal(b.Answered) && a.Ended.Equal(b.Ended) && a.EndReason == b.EndReason && a.Refusal == b.Refusal &&
		a.SIPStatus == b.SIPStatus && a.SIPReason == b.SIPReason
}

// forget drops calls that are over and will not be read again.
func (w *watcher) forget(since time.Time) {
	for id, c := range w.told {
		if c.State.Over() && c.Updated.Before(since) {
			delete(w.told, id)
		}
	}
}
