package outbox_test

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/room/internal/outbox"
)

var start = time.Date(2026, 3, 1, 10, 20, 30, 0, time.UTC)

func away(outbox.Action, string) error { return apierr.New(apierr.Unavailable, "") }

// within fails the test unless check holds soon.
func within(t *testing.T, limit time.Duration, what string, check func() bool) {
	t.Helper()
	testkit.Eventually(t, limit, func() error {
		if !check() {
			return errors.New(what)
		}
		return nil
	})
}

func TestDeliverAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, clock.NewFake(start))
	id, lease, task := b.create(t, time.Time{})
	if dialIn := b.DeliverAllocation(t.Context(), lease, task); dialIn.GetRoomId() != id {
		t.Fatalf("dial-in %v", dialIn)
	}
	if n := b.pending(t, outbox.Allocate); n != 0 {
		t.Errorf("%d tasks are left", n)
	}
}

func TestFailureAtOnceIsMadeGood(t *testing.T) {
	t.Parallel()
	b := newBench(t, clock.System{})
	b.telephony.setAnswer(away)
	id, lease, task := b.create(t, time.Time{})
	if dialIn := b.DeliverAllocation(t.Context(), lease, task); dialIn != nil {
		t.Fatalf("dial-in %v", dialIn)
	}
	b.telephony.setAnswer(nil)
	b.run(t)
	within(t, 5*time.Second, "no PIN", func() bool { return b.telephony.has(id) })
	within(t, 5*time.Second, "the task stays", func() bool { return b.pending(t, outbox.Allocate) == 0 })
}

// TestCrashAfterCommit: nobody calls telephony for the room that was committed.
// The lease protects it, then the worker takes over.
func TestCrashAfterCommit(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	b := newBench(t, c)
	id, lease, _ := b.create(t, time.Time{})
	b.run(t)
	time.Sleep(1200 * time.Millisecond) // two polls
	if b.telephony.has(id) {
		t.Fatal("the worker broke the lease")
	}
	c.Set(lease.Until)
	within(t, 5*time.Second, "no PIN", func() bool { return b.telephony.has(id) })
}

// TestDeleteDuringAllocation: the allocation is in flight when the room is
// deleted, and ends after that. The release must come behind it.
func TestDeleteDuringAllocation(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	b := newBench(t, c)
	b.telephony.block = make(chan struct{})
	id, lease, task := b.create(t, time.Time{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.DeliverAllocation(t.Context(), lease, task)
	}()
	b.run(t)
	b.remove(t, id, c.Now())
	time.Sleep(1200 * time.Millisecond) // the worker is woken, and polls twice
	if got := b.telephony.order(); len(got) != 0 {
		t.Fatalf("told %v while an allocation is in flight", got)
	}
	close(b.telephony.block)
	<-ended
	if !b.telephony.has(id) {
		t.Fatal("the allocation did not end")
	}
	c.Set(lease.Until)
	within(t, 5*time.Second, "the PIN stays", func() bool { return !b.telephony.has(id) })
	if want := []string{"allocate " + id, "release " + id}; !slices.Equal(b.telephony.order(), want) {
		t.Errorf("told %v", b.telephony.order())
	}
	within(t, 5*time.Second, "the task stays", func() bool { return b.pending(t, outbox.Release) == 0 })
}

func TestReleaseIsQuick(t *testing.T) {
	t.Parallel()
	b := newBench(t, clock.System{})
	id, lease, task := b.create(t, time.Time{})
	b.DeliverAllocation(t.Context(), lease, task)
	b.run(t)
	time.Sleep(50 * time.Millisecond) // between two polls
	b.remove(t, id, time.Now().UTC())
	within(t, 400*time.Millisecond, "the PIN stays", func() bool { return !b.telephony.has(id) })
}

// TestOutage: rooms are made while telephony is away. It is asked sparingly
// meanwhile, and all have their PIN soon after it is back.
func TestOutage(t *testing.T) {
	t.Parallel()
	const many = 500
	b := newBench(t, clock.System{})
	b.telephony.setAnswer(away)
	due := time.Now().UTC()
	for range many {
		b.create(t, due)
	}
	b.run(t)
	time.Sleep(2500 * time.Millisecond)
	if _, calls := b.telephony.count(); calls == 0 || calls > 24 {
		t.Errorf("%d calls in an outage of 2.5 s", calls)
	}
	within(t, 5*time.Second, "the gauge is wrong", func() bool { return b.gauge(t) == many })
	back := time.Now()
	b.telephony.setAnswer(nil)
	within(t, 5*time.Second, "PINs are missing", func() bool { pins, _ := b.telephony.count(); return pins == many })
	t.Logf("%d PINs within %v", many, time.Since(back).Round(10*time.Millisecond))
	within(t, 5*time.Second, "tasks stay", func() bool { return b.pending(t, outbox.Allocate) == 0 })
}

// TestExhausted: without free PINs one room at a time asks for one, while
// releases go on and, by that, make the end of it.
func TestExhausted(t *testing.T) {
	t.Parallel()
	const free = 3
	b := newBench(t, clock.System{})
	due := time.Now().UTC()
	ids := make([]string, 0, 40)
	for range cap(ids) {
		id, _, _ := b.create(t, due)
		ids = append(ids, id)
	}
	b.telephony.setAnswer(func(action outbox.Action, roomID string) error {
		used := 0
		for _, has := range b.telephony.pins {
			if has {
				used++
			}
		}
		if action == outbox.Allocate && used >= free {
			return apierr.New(apierr.PinsExhausted, "")
		}
		return nil
	})
	b.run(t)
	within(t, 5*time.Second, "PINs are missing", func() bool { pins, _ := b.telephony.count(); return pins == free })
	time.Sleep(1500 * time.Millisecond) // the rest of the first round
	_, before := b.telephony.count()
	time.Sleep(2500 * time.Millisecond)
	if _, after := b.telephony.count(); after-before > 2 {
		t.Errorf("%d calls in 2.5 s", after-before)
	}
	removed := 0
	for _, id := range ids {
		if b.telephony.has(id) {
			b.remove(t, id, time.Now().UTC())
			removed++
		}
	}
	within(t, 2*time.Second, "releases wait", func() bool { return b.pending(t, outbox.Release) == 0 })
	within(t, 6*time.Second, "freed PINs are not given", func() bool { pins, _ := b.telephony.count(); return pins == free })
	within(t, 5*time.Second, "the wrong number of rooms waits", func() bool {
		return b.pending(t, outbox.Allocate) == len(ids)-free-removed
	})
}

// TestOneBadRoom: a room for which telephony fails does not hold up the others,
// and is asked for less and less.
func TestOneBadRoom(t *testing.T) {
	t.Parallel()
	b := newBench(t, clock.System{})
	due := time.Now().UTC()
	bad, _, _ := b.create(t, due)
	b.telephony.setAnswer(func(_ outbox.Action, roomID string) error {
		if roomID == bad {
			return errors.New("boom")
		}
		return nil
	})
	for range 20 {
		b.create(t, due)
	}
	b.run(t)
	within(t, 2*time.Second, "PINs are missing", func() bool { pins, _ := b.telephony.count(); return pins == 20 })
	time.Sleep(4 * time.Second) // due after 1 s, then 2 s, then 4 s
	b.telephony.mu.Lock()
	calls := b.telephony.calls[bad]
	b.telephony.mu.Unlock()
	if calls < 2 || calls > 3 {
		t.Errorf("%d calls for the bad room", calls)
	}
	if n := b.pending(t, outbox.Allocate); n != 1 {
		t.Errorf("%d tasks", n)
	}
}

// TestReplicas: several workers on one database tell telephony once for each room.
func TestReplicas(t *testing.T) {
	t.Parallel()
	b := newBench(t, clock.System{})
	second, err := outbox.New(b.store, b.telephony, clock.System{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	due := time.Now().UTC()
	for range 300 {
		b.create(t, due)
	}
	b.run(t)
	(&bench{Outbox: second}).run(t)
	within(t, 10*time.Second, "tasks stay", func() bool { return b.pending(t, outbox.Allocate) == 0 })
	if pins, calls := b.telephony.count(); pins != 300 || calls != 300 {
		t.Errorf("%d PINs by %d calls", pins, calls)
	}
}
