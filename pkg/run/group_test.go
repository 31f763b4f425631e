package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// journal records what happens, in order.
type journal struct {
	mu     sync.Mutex
	events []string
}

func (j *journal) add(event string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, event)
}

func (j *journal) want(t *testing.T, events ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.events, events) {
		t.Errorf("events\n got %q\nwant %q", j.events, events)
	}
}

// component returns a component that records its start, its stop and the end
// of its background work.
func (j *journal) component(name string) Component {
	return Component{
		Name:  name,
		Start: func(context.Context) error { j.add("start " + name); return nil },
		Run:   func(ctx context.Context) error { <-ctx.Done(); j.add("end " + name); return ctx.Err() },
		Stop:  func(context.Context) error { j.add("stop " + name); return nil },
	}
}

// begin runs the group in the background.
func begin(ctx context.Context, g *Group) <-chan error {
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	synctest.Wait()
	return done
}

func TestOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			j journal
			g Group
		)
		g.Add(j.component("a"), j.component("b"), Component{Name: "empty"}, j.component("c"))
		ctx, cancel := context.WithCancel(t.Context())
		done := begin(ctx, &g)
		j.want(t, "start a", "start b", "start c")
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		j.want(t, "start a", "start b", "start c", "stop c", "end c", "stop b", "end b", "stop a", "end a")
	})
}

func TestFailureInStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			j journal
			g Group
		)
		boom := errors.New("boom")
		bad := j.component("bad")
		bad.Start = func(context.Context) error { return boom }
		g.Add(j.component("a"), bad, j.component("never"))
		err := <-begin(t.Context(), &g)
		if !errors.Is(err, boom) || err.Error() != "start bad: boom" {
			t.Errorf("Run: %v", err)
		}
		j.want(t, "start a", "stop a", "end a")
	})
}

func TestFailureInRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			j journal
			g Group
		)
		boom, late := errors.New("boom"), errors.New("late")
		bad := j.component("bad")
		bad.Run = func(context.Context) error { time.Sleep(time.Minute); return boom }
		untidy := j.component("untidy")
		untidy.Stop = func(context.Context) error { return late }
		g.Add(j.component("a"), bad, untidy)
		began := time.Now()
		err := <-begin(t.Context(), &g)
		if !errors.Is(err, boom) || !errors.Is(err, late) || err.Error() != "run bad: boom\nstop untidy: late" {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("took %s", took)
		}
		j.want(t, "start a", "start bad", "start untidy", "end untidy", "stop bad", "stop a", "end a")
	})
}

func TestFailureInRunWhileAnotherStarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			j journal
			g Group
		)
		boom := errors.New("boom")
		bad := Component{Name: "bad", Run: func(context.Context) error { time.Sleep(time.Second); return boom }}
		waiting := j.component("waiting")
		waiting.Start = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		g.Add(j.component("a"), bad, waiting, j.component("never"))
		if err := <-begin(t.Context(), &g); !errors.Is(err, boom) {
			t.Errorf("Run: %v", err)
		}
		j.want(t, "start a", "stop a", "end a")
	})
}

// Start that succeeds although it was told to give up is stopped like others.
func TestStartThatSucceedsTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			j journal
			g Group
		)
		boom := errors.New("boom")
		late := j.component("late")
		late.Start = func(context.Context) error { time.Sleep(time.Minute); return nil }
		g.Add(Component{Name: "bad", Run: func(context.Context) error { return boom }}, late, j.component("never"))
		if err := <-begin(t.Context(), &g); !errors.Is(err, boom) {
			t.Errorf("Run: %v", err)
		}
		j.want(t, "stop late", "end late")
	})
}

func TestEndDuringStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			j journal
			g Group
		)
		waiting := j.component("waiting")
		waiting.Start = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		g.Add(j.component("a"), waiting, j.component("never"))
		ctx, cancel := context.WithCancel(t.Context())
		done := begin(ctx, &g)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		j.want(t, "start a", "stop a", "end a")
	})
}

func TestFinishedWorkIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g Group
		g.Add(Component{Name: "once", Run: func(context.Context) error { return nil }})
		ctx, cancel := context.WithCancel(t.Context())
		done := begin(ctx, &g)
		time.Sleep(time.Hour)
		select {
		case err := <-done:
			t.Fatalf("the group ended: %v", err)
		default:
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// Background work still has a live context while Stop of its component runs.
func TestRunOutlivesStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			g      Group
			runCtx context.Context
		)
		g.Add(Component{
			Name: "worker",
			Run:  func(ctx context.Context) error { runCtx = ctx; <-ctx.Done(); return nil },
			Stop: func(ctx context.Context) error {
				time.Sleep(5 * time.Second)
				return errors.Join(ctx.Err(), runCtx.Err())
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := begin(ctx, &g)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestBudgetOverrun(t *testing.T) {
	t.Parallel()
	const budget = 3 * time.Second
	tests := []struct {
		name string
		slow func(stuck <-chan struct{}) Component // stuck is waited for in vain
		took time.Duration
		want string
	}{
		{
			"Stop that heeds its context",
			func(<-chan struct{}) Component {
				return Component{Stop: func(ctx context.Context) error { <-ctx.Done(); return errors.New("closed hard") }}
			},
			budget, "stop slow: closed hard",
		},
		{
			"Stop that ignores its context",
			func(stuck <-chan struct{}) Component {
				return Component{Stop: func(context.Context) error { <-stuck; return nil }}
			},
			budget + hardStop, "stop slow: still busy after the stop budget of 3s",
		},
		{
			"Run that ignores its context",
			func(stuck <-chan struct{}) Component {
				return Component{Run: func(context.Context) error { <-stuck; return nil }}
			},
			budget + hardStop, "stop slow: still busy after the stop budget of 3s",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stuck := make(chan struct{})
				defer close(stuck)
				var j journal
				first := Component{Name: "first", Stop: func(ctx context.Context) error {
					if ctx.Err() == nil {
						t.Error("the budget is not shared")
					}
					time.Sleep(hardStop / 2) // closing hard takes a moment too
					j.add("stop first")
					return nil
				}}
				slow := tt.slow(stuck)
				slow.Name = "slow"
				g := Group{StopBudget: budget}
				g.Add(first, slow)
				ctx, cancel := context.WithCancel(t.Context())
				done := begin(ctx, &g)
				cancel()
				began := time.Now()
				err := <-done
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "first") {
					t.Errorf("Run: %v, want %q", err, tt.want)
				}
				if took, want := time.Since(began), tt.took+hardStop/2; took != want {
					t.Errorf("took %s, want %s", took, want)
				}
				j.want(t, "stop first")
			})
		})
	}
}

func TestOverrunEndsAllWorkAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended time.Duration
		began := time.Now()
		release := make(chan struct{})
		defer close(release)
		var g Group
		g.Add(
			Component{Name: "worker", Run: func(ctx context.Context) error {
				<-ctx.Done()
				ended = time.Since(began)
				return ctx.Err()
			}},
			Component{Name: "stuck", Stop: func(context.Context) error { <-release; return nil }},
		)
		ctx, cancel := context.WithCancel(t.Context())
		done := begin(ctx, &g)
		cancel()
		// The worker, which ended in time, is not blamed.
		const want = "stop stuck: still busy after the stop budget of 20s: context deadline exceeded"
		if err := <-done; err == nil || err.Error() != want {
			t.Errorf("Run: %v, want %q", err, want)
		}
		if ended != DefaultStopBudget {
			t.Errorf("work ended after %s, want %s", ended, DefaultStopBudget)
		}
	})
}
