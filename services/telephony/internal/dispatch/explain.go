package dispatch

import (
	"context"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// The steps of a decision.
const (
	StepNumber   = "number"
	StepSource   = "source"
	StepTrunk    = "trunk"
	StepThrottle = "throttle"
	StepLine     = "line"
	StepPIN      = "pin"
	StepRoom     = "room"
)

// Step is one question of a decision, with what was found.
type Step struct {
	Name string
	// Reason is empty when the step lets the call pass.
	Reason Reason
	Detail string
}

// Explanation is a decision with its steps.
type Explanation struct {
	Decision
	Steps []Step
}

// note adds a step, and reports whether it lets the call pass. The first that
// does not is the decision's reason.
func (e *Explanation) note(name, detail string, err error) bool {
	step := Step{Name: name, Detail: detail}
	if err != nil {
		step.Reason = reasonOf(err)
		if e.Result != Reject {
			e.Result, e.Reason = Reject, step.Reason
		}
	}
	e.Steps = append(e.Steps, step)
	return err == nil
}

// Explain goes the way of a call within the deadline and tells each step. It
// leaves no trace: no charge, no record, no metric. It goes on after a refusal
// as far as it can, so that one answer shows all that is wrong.
func (r *Resolver) Explain(ctx context.Context, q Question) Explanation {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Deadline)
	defer cancel()
	q.Trial = true
	e := Explanation{Decision: Decision{Result: RequestPIN}}
	trunk, err := r.find(ctx, &q, &e.Decision)
	if !e.note(StepNumber, e.TrunkID, err) {
		return e
	}
	if !q.AnySource {
		e.note(StepSource, q.Source, knowsSource(trunk, q))
	}
	e.note(StepTrunk, string(trunk.State), takesCalls(trunk))
	limit, err := r.throttled(ctx, trunk, e.Decision)
	e.note(StepThrottle, limit, err)
	if quota := quotaOf(trunk); !quota.None() {
		e.note(StepLine, "", r.busy(ctx, trunk.ID, quota))
	}
	if q.PIN == "" {
		return e
	}
	found, err := r.pin(ctx, trunk.ID, q, e.Decision)
	if !e.note(StepPIN, string(found.PINState), err) {
		return e
	}
	e.RoomID = found.RoomID
	err = r.admitted(ctx, q, &e.Decision, found.LobbyForced(r.Clock.Now()))
	detail := e.RoomID
	if e.waits {
		detail += " (lobby)"
	}
	if e.note(StepRoom, detail, err) && e.Result != Reject {
		e.Result = Accept
	}
	return e
}

// busy refuses where the trunk has as many calls as it takes.
func (r *Resolver) busy(ctx context.Context, trunkID string, quota calls.Quota) error {
	busy, err := r.Lines.Busy(ctx, trunkID, quota)
	switch {
	case err != nil:
		return down(err)
	case busy:
		return refuse(TrunkBusy)
	default:
		return nil
	}
}
