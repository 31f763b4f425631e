package obs

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// toggle is a check that a test turns on and off.
type toggle struct{ down atomic.Bool }

func (s *toggle) check(context.Context) error {
	if s.down.Load() {
		return errors.New("cannot reach postgres://u:hunter2@db/parley")
	}
	return nil
}

func wantReport(t *testing.T, r *Readiness, ready bool, status string, checks map[string]string) {
	t.Helper()
	got := r.Report()
	if got.Ready != ready || got.Status != status {
		t.Errorf("ready %t, status %q; want %t, %q", got.Ready, got.Status, ready, status)
	}
	for name, want := range checks {
		if got.Checks[name] != want {
			t.Errorf("check %s is %q, want %q", name, got.Checks[name], want)
		}
	}
}

// nextRound waits until the round of checks due within a second is over.
func nextRound() {
	time.Sleep(checkInterval)
	synctest.Wait()
}

func TestReadinessFlips(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			buf         bytes.Buffer
			db, watched toggle
			changes     []bool
		)
		watched.down.Store(true)
		r := NewReadiness(NewLogger(&buf, LogConfig{}))
		r.Require("database", db.check)
		r.Watch("telephony", watched.check)
		r.OnChange(func(ready bool) { changes = append(changes, ready) })
		wantReport(t, r, false, "unavailable", map[string]string{"database": "pending", "telephony": "pending"})

		go func() { _ = r.Run(t.Context()) }() // always nil
		synctest.Wait()
		wantReport(t, r, true, "ok", map[string]string{"database": "ok", "telephony": "unavailable"})

		db.down.Store(true)
		nextRound()
		wantReport(t, r, false, "unavailable", map[string]string{"database": "unavailable"})
		nextRound() // stays down, and is not logged again

		db.down.Store(false)
		nextRound()
		wantReport(t, r, true, "ok", map[string]string{"database": "ok"})

		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantReport(t, r, false, "stopping", map[string]string{"database": "ok"})
		nextRound()
		wantReport(t, r, false, "stopping", nil)

		if want := []bool{false, true, false, true, false}; !slices.Equal(changes, want) {
			t.Errorf("observed %v, want %v", changes, want)
		}
		log := buf.String()
		if n := strings.Count(log, "check=database required=true state=unavailable"); n != 1 {
			t.Errorf("failure logged %d times, want once:\n%s", n, log)
		}
		if !strings.Contains(log, "readiness check recovered") {
			t.Errorf("recovery not logged:\n%s", log)
		}
		if strings.Contains(log, "hunter2") {
			t.Errorf("a password leaks:\n%s", log)
		}
	})
}

func TestReadinessChecksRunInParallelWithATimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		r := NewReadiness(nil)
		r.Require("a", slow)
		r.Require("b", slow)
		r.Require("c", new(toggle).check)
		go func() { _ = r.Run(t.Context()) }() // always nil
		time.Sleep(checkTimeout)
		synctest.Wait()
		wantReport(t, r, false, "unavailable", map[string]string{"a": "timeout", "b": "timeout", "c": "ok"})
	})
}

// A check that ignores its context must not hold up the others, nor pile up.
func TestReadinessSurvivesAStuckCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			calls   atomic.Int32
			other   toggle
			release = make(chan struct{})
		)
		r := NewReadiness(nil)
		r.Require("stuck", func(context.Context) error { calls.Add(1); <-release; return nil })
		r.Require("other", other.check)
		go func() { _ = r.Run(t.Context()) }() // always nil
		time.Sleep(5 * checkInterval)
		other.down.Store(true)
		nextRound()
		wantReport(t, r, false, "unavailable", map[string]string{"stuck": "timeout", "other": "unavailable"})
		if n := calls.Load(); n != 1 {
			t.Errorf("started %d times while stuck, want once", n)
		}
		close(release)
		other.down.Store(false)
		nextRound()
		wantReport(t, r, true, "ok", map[string]string{"stuck": "ok", "other": "ok"})
	})
}

func TestReadinessWithoutChecks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := NewReadiness(nil)
		wantReport(t, r, false, "unavailable", nil)
		go func() { _ = r.Run(t.Context()) }() // always nil
		synctest.Wait()
		wantReport(t, r, true, "ok", nil)
	})
}

// The end of the poller cancels the checks under way; that is not a failure.
func TestReadinessEndOfPollingIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var wait atomic.Bool
		r := NewReadiness(nil)
		r.Require("database", func(ctx context.Context) error {
			if wait.Load() {
				<-ctx.Done()
			}
			return ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		wait.Store(true)
		time.Sleep(checkInterval + time.Millisecond)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		wantReport(t, r, true, "ok", map[string]string{"database": "ok"})
	})
}

func TestReadinessNamesAreUnique(t *testing.T) {
	t.Parallel()
	r := NewReadiness(nil)
	r.Require("database", new(toggle).check)
	defer func() {
		if recover() == nil {
			t.Error("a second check of the same name was accepted")
		}
		wantReport(t, r, false, "unavailable", map[string]string{"database": "pending"})
	}()
	r.Watch("database", new(toggle).check)
}
