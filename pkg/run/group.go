package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// DefaultStopBudget is the time a [Group] gives its components to stop.
const DefaultStopBudget = 20 * time.Second

// Component is a part of a process with a life of its own. Any of the three
// functions may be nil.
type Component struct {
	// Name appears in logs and errors.
	Name string
	// Start returns once the component can be used by the next one. Its context
	// ends with start-up, so it must not be kept. When Start fails, Stop is not
	// called.
	Start func(ctx context.Context) error
	// Run blocks for as long as the component works, and begins right after
	// Start. An error stops the whole group; nil says that the work is done.
	// Its context ends after Stop has returned.
	Run func(ctx context.Context) error
	// Stop ends the component gracefully: it refuses new work, finishes what it
	// has, and frees what Start took. When ctx ends it gives up and closes hard.
	Stop func(ctx context.Context) error
}

// Group is the components of a process. The zero value is ready for use.
type Group struct {
	// Logger is told about starting and stopping. Nil: nobody.
	Logger *slog.Logger
	// StopBudget is the time for all components together to stop; zero means
	// [DefaultStopBudget].
	StopBudget time.Duration

	components []Component
}

// Add appends a component. It is not to be called once [Group.Run] has been.
func (g *Group) Add(components ...Component) {
	g.components = append(g.components, components...)
}

// Run starts the components, waits until ctx ends or a component fails, and
// stops them. It returns nil when all went well, however ctx ended; otherwise
// the first failure joined with those met while stopping. It is called once.
func (g *Group) Run(ctx context.Context) error {
	l := &life{
		log:    g.Logger,
		failed: make(chan error, len(g.components)),
		budget: g.StopBudget,
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if l.budget <= 0 {
		l.budget = DefaultStopBudget
	}
	cause := l.start(ctx, g.components)
	if cause == nil {
		l.log.InfoContext(ctx, "started", "components", len(l.running))
		select {
		case <-ctx.Done():
		case cause = <-l.failed:
		}
	}
	reason := cause
	if reason == nil {
		reason = context.Cause(ctx)
	}
	l.log.InfoContext(ctx, "stopping", "reason", reason)
	return errors.Join(cause, l.stop(ctx))
}

// life is one run of a group.
type life struct {
	log     *slog.Logger
	running []*running // in the order they started
	failed  chan error // one place for each component, so that sending never blocks
	budget  time.Duration
}

// running is a component that has started.
type running struct {
	Component
	cancel context.CancelFunc // ends the context of Run
	done   chan struct{}      // closed when Run has returned
}

// exceptEnd returns err, or nil when err only says that ctx ended: being asked
// to end is no failure.
func exceptEnd(ctx context.Context, err error) error {
	if end := ctx.Err(); end != nil && errors.Is(err, end) {
		err = nil
	}
	return err
}

// start starts the components until one fails, one that already runs fails, or
// ctx ends; the last is not an error.
func (l *life) start(ctx context.Context, components []Component) error {
	for _, c := range components {
		if ctx.Err() != nil {
			break
		}
		began := time.Now()
		if err := l.startOne(ctx, c); err != nil {
			return exceptEnd(ctx, err)
		}
		l.log.DebugContext(ctx, "component started", "component", c.Name, "took", time.Since(began))
	}
	return nil //nolint:nilerr // being asked to end is no failure
}

func (l *life) startOne(parent context.Context, c Component) error {
	if c.Start != nil {
		ctx, cancel := context.WithCancel(parent)
		defer cancel()
		started := make(chan error, 1)
		go func() { started <- c.Start(ctx) }()
		select {
		case err := <-started:
			if err != nil {
				return fmt.Errorf("start %s: %w", c.Name, err)
			}
		case err := <-l.failed:
			// What this one may be waiting for is gone; let it give up.
			cancel()
			if <-started == nil {
				l.run(parent, c)
			}
			return err
		}
	}
	l.run(parent, c)
	return nil
}

// run begins the background work of a component that has started.
func (l *life) run(parent context.Context, c Component) {
	// Detached from parent: the end of parent begins the orderly stop, in which
	// the turn of this component comes when those behind it are gone.
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	r := &running{Component: c, cancel: cancel, done: make(chan struct{})}
	l.running = append(l.running, r)
	if c.Run == nil {
		close(r.done)
		return
	}
	go func() {
		defer close(r.done)
		err := c.Run(ctx)
		if err != nil && (ctx.Err() == nil || !errors.Is(err, context.Canceled)) {
			l.failed <- fmt.Errorf("run %s: %w", c.Name, err)
		}
	}()
}
