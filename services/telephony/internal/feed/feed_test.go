package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// log is a store of calls in the order of their updates.
type log struct {
	mu   sync.Mutex
	list []calls.Call
	err  error
}

func (l *log) set(list ...calls.Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = list
}

func (l *log) ChangedCalls(_ context.Context, f calls.Filter, since time.Time, after *calls.Call, limit int) ([]calls.Call, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []calls.Call
	for _, c := range l.list {
		if after != nil && after.ID == c.ID {
			found = nil
		} else if !c.Updated.Before(since) && (!f.Live || !c.State.Over()) && len(found) < limit {
			found = append(found, c)
		}
	}
	return found, l.err
}

func TestWatch(t *testing.T) {
	t.Parallel()
	now := time.Now()
	live := calls.Call{ID: "1", State: calls.Active, Updated: now.Add(-time.Hour), CallerNumber: []byte("sealed")}
	over := calls.Call{ID: "0", State: calls.Ended, Updated: now.Add(-time.Second)}
	store := &log{list: []calls.Call{over, live}}
	ctx, cancel := context.WithCancel(t.Context())
	seen, ended := make(chan string, 10), make(chan error, 1)
	go func() {
		ended <- New(store, clock.System{}).Watch(ctx, calls.Filter{}, func(c calls.Call) error {
			if c.CallerNumber != nil {
				t.Error("a number is told")
			}
			seen <- fmt.Sprint(c.ID, " ", c.State)
			return nil
		})
	}()
	want := func(news string) {
		t.Helper()
		select {
		case got := <-seen:
			if got != news {
				t.Fatalf("told %q, want %q", got, news)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("not told %q", news)
		}
	}
	want("1 3")
	rings := calls.Call{ID: "2", State: calls.Incoming, Updated: time.Now()}
	live.Updated = time.Now() // a sign of life, no news
	store.set(over, live, rings)
	want("2 1")
	live.State = calls.Ended
	store.set(over, rings, live)
	want("1 4")
	cancel()
	if err := <-ended; !apierr.Has(err, apierr.Unavailable) {
		t.Errorf("ended with %v", err)
	}
	if len(seen) > 0 {
		t.Errorf("told besides: %q", <-seen)
	}
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	many := &log{}
	for i := range 3 {
		many.list = append(many.list, calls.Call{ID: fmt.Sprint(i), State: calls.Active, Updated: time.Now()})
	}
	gone := errors.New("gone")
	hung := make(chan struct{})
	t.Cleanup(func() { close(hung) })
	for name, c := range map[string]struct {
		store *log
		send  func(calls.Call) error
		want  func(error) bool
	}{
		"slow":          {many, func(calls.Call) error { <-hung; return nil }, func(err error) bool { return apierr.Has(err, apierr.Unavailable) }},
		"away":          {many, func(calls.Call) error { return gone }, func(err error) bool { return errors.Is(err, gone) }},
		"database down": {&log{err: gone}, func(calls.Call) error { return nil }, func(err error) bool { return errors.Is(err, gone) }},
	} {
		f := New(c.store, clock.System{})
		f.patience = 50 * time.Millisecond
		if err := f.Watch(t.Context(), calls.Filter{}, c.send); !c.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
