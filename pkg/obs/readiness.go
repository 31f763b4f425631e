package obs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	checkInterval = time.Second
	// checkTimeout is under checkInterval so that rounds never overlap.
	checkTimeout = 900 * time.Millisecond
)

// States of a check in a [Report].
const (
	checkPending     = "pending" // not run yet
	checkOK          = "ok"
	checkTimedOut    = "timeout"
	checkUnavailable = "unavailable"
)

// Check returns nil when what it looks at works. It honours ctx; one that does
// not is reported as timed out until it returns, and is not started twice.
type Check func(ctx context.Context) error

// Readiness says whether a process can do its work. Checks are polled in the
// background and their last results are served, so asking costs nothing and
// the answer to a probe never waits on a database.
//
// The reasons of failures go to the log, when they begin and end; reports
// carry one fixed word each, as anyone who reaches the address may read them.
// It is safe for concurrent use.
type Readiness struct {
	log *slog.Logger

	mu       sync.Mutex
	checks   []*checkState
	polled   bool // one round is complete
	stopping bool

	notifyMu  sync.Mutex // held while observers are called, to keep their order
	observers []func(ready bool)
	notified  bool // what observers were told last
}

type checkState struct {
	name     string
	check    Check
	required bool
	state    string        // guarded by Readiness.mu
	busy     chan struct{} // closed when the last call returned; used by the poller alone
}

// Report is what /readyz answers.
type Report struct {
	Ready  bool              `json:"ready"`
	Status string            `json:"status"` // "ok", "unavailable" or "stopping"
	Checks map[string]string `json:"checks"` // by name: "ok", "unavailable", "timeout", "pending"
}

// NewReadiness returns a Readiness that is not ready until [Readiness.Run] has
// polled every required check once.
func NewReadiness(log *slog.Logger) *Readiness {
	return &Readiness{log: orDiscard(log)}
}

// Require adds a check without which the process is not ready. It panics when
// the name is taken, as that is a mistake in wiring.
func (r *Readiness) Require(name string, check Check) { r.add(name, check, true) }

// Watch adds a check that is reported but does not turn readiness off: a
// dependency the process can serve without. It panics when the name is taken.
func (r *Readiness) Watch(name string, check Check) { r.add(name, check, false) }

func (r *Readiness) add(name string, check Check, required bool) {
	idle := make(chan struct{})
	close(idle)
	r.mu.Lock()
	taken := slices.ContainsFunc(r.checks, func(c *checkState) bool { return c.name == name })
	if !taken {
		r.checks = append(r.checks, &checkState{
			name: name, check: check, required: required, state: checkPending, busy: idle,
		})
	}
	r.mu.Unlock()
	if taken {
		panic("obs: readiness check " + name + " is registered twice")
	}
	r.notify()
}

// OnChange calls observe with the present state and then at every change, one
// call at a time and in order. observe must be quick and must not call back
// into r, except for Report and Ready.
func (r *Readiness) OnChange(observe func(ready bool)) {
	r.notifyMu.Lock()
	defer r.notifyMu.Unlock()
	r.observers = append(r.observers, observe)
	observe(r.notified)
}

// Ready reports whether every required check passed when last polled and the
// process is not stopping.
func (r *Readiness) Ready() bool { return r.Report().Ready }

// Report returns the last results.
func (r *Readiness) Report() Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	report := Report{Ready: r.polled, Status: checkOK, Checks: make(map[string]string, len(r.checks))}
	for _, c := range r.checks {
		report.Checks[c.name] = c.state
		if c.required && c.state != checkOK {
			report.Ready = false
		}
	}
	switch {
	case r.stopping:
		report.Ready, report.Status = false, "stopping"
	case !report.Ready:
		report.Status = checkUnavailable
	}
	return report
}

// Run polls the checks every second, all at once and each for at most 900 ms,
// until ctx ends. It returns nil.
func (r *Readiness) Run(ctx context.Context) error {
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	for {
		r.poll(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Stop turns readiness off for good, so that no new work is sent here while
// the process finishes what it has. It returns nil.
func (r *Readiness) Stop(context.Context) error {
	r.mu.Lock()
	r.stopping = true
	r.mu.Unlock()
	r.notify()
	return nil
}

func (r *Readiness) poll(ctx context.Context) {
	r.mu.Lock()
	checks := slices.Clone(r.checks)
	r.mu.Unlock()

	var wg sync.WaitGroup
	for _, c := range checks {
		wg.Go(func() {
			err := c.run(ctx)
			if ctx.Err() == nil { // else the failure is only that we are leaving
				r.record(ctx, c, err)
			}
		})
	}
	wg.Wait()

	if ctx.Err() == nil {
		r.mu.Lock()
		r.polled = true
		r.mu.Unlock()
		r.notify()
	}
}

var errStillRunning = errors.New("the previous call has not returned")

func (c *checkState) run(ctx context.Context) error {
	select {
	case <-c.busy:
	default:
		return errStillRunning
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	result, busy := make(chan error, 1), make(chan struct{})
	c.busy = busy
	go func() {
		defer close(busy)
		result <- c.check(ctx)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// record keeps the result of one check and logs it when it differs from the
// one before.
func (r *Readiness) record(ctx context.Context, c *checkState, err error) {
	state := checkOK
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, errStillRunning):
		state = checkTimedOut
	default:
		state = checkUnavailable
	}
	r.mu.Lock()
	before := c.state
	c.state = state
	r.mu.Unlock()

	log := r.log.With("check", c.name, "required", c.required)
	switch {
	case state == before:
	case state != checkOK:
		log.WarnContext(ctx, "readiness check failed", "state", state, "error", err)
	case before != checkPending:
		log.InfoContext(ctx, "readiness check recovered")
	}
}

// notify tells the observers when readiness differs from what they know.
func (r *Readiness) notify() {
	r.notifyMu.Lock()
	defer r.notifyMu.Unlock()
	report := r.Report()
	if report.Ready == r.notified {
		return
	}
	r.notified = report.Ready
	r.log.Info("readiness changed", "ready", report.Ready, "status", report.Status)
	for _, observe := range r.observers {
		observe(report.Ready)
	}
}
