package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// hardStop is what each component that remains gets to close hard once the
// budget is used up. Then the process goes on without it.
const hardStop = 250 * time.Millisecond

// stop ends the running components in reverse order and returns what went
// wrong, including failures of background work met meanwhile.
func (l *life) stop(parent context.Context) error {
	parent = context.WithoutCancel(parent)
	ctx, cancel := context.WithTimeout(parent, l.budget)
	defer cancel()

	// Work that goes on past the budget is told so at once, not in its turn.
	defer context.AfterFunc(ctx, l.cancelAll)()

	var errs []error
	for _, r := range slices.Backward(l.running) {
		began := time.Now()
		if err := l.stopOne(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", r.Name, err))
		}
		l.log.DebugContext(parent, "component stopped", "component", r.Name, "took", time.Since(began))
	}
	for {
		select {
		case err := <-l.failed:
			errs = append(errs, err)
		default:
			return errors.Join(errs...)
		}
	}
}

// stopOne asks a component to stop within ctx and then ends its background
// work. It waits for both, but no longer than hardStop after the end of ctx.
func (l *life) stopOne(ctx context.Context, r *running) error {
	deadline := time.Now()
	if end, _ := ctx.Deadline(); end.After(deadline) {
		deadline = end
	}
	hard, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline.Add(hardStop))
	defer cancel()

	ended := make(chan error, 1)
	go func() {
		var err error
		if r.Stop != nil {
			err = r.Stop(ctx)
		}
		r.cancel()
		<-r.done
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-hard.Done():
		r.cancel()
		return fmt.Errorf("still busy after the stop budget of %s: %w", l.budget, context.DeadlineExceeded)
	}
}

func (l *life) cancelAll() {
	for _, r := range l.running {
		r.cancel()
	}
}
