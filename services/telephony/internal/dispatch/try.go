package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// welcome refuses, before a PIN is asked for, whoever would be refused with one.
func (r *Resolver) welcome(ctx context.Context, trunk *trunks.Trunk, q Question, d Decision) error {
	if q.Trial {
		return nil
	}
	_, err := r.throttled(ctx, trunk, d)
	return err
}

// throttled refuses a caller over a limit and says which.
func (r *Resolver) throttled(ctx context.Context, trunk *trunks.Trunk, d Decision) (limit string, err error) {
	if d.Caller == "" && trunk.Guarded(r.Clock.Now()) {
		return "guarded", refuse(Throttled)
	}
	account, err := r.Throttle.Refuses(ctx, d.TrunkID, d.Caller)
	switch {
	case err != nil:
		return "", down(fmt.Errorf("throttles: %w", err))
	case account != nil:
		return string(account.Name), refuse(Throttled)
	default:
		return "", nil
	}
}

// line refuses a call that would be one too many on its trunk, and notes it as
// one of the trunk's otherwise.
func (r *Resolver) line(ctx context.Context, trunk *trunks.Trunk, q Question, d Decision) error {
	quota := quotaOf(trunk)
	if quota.None() {
		return nil
	}
	free, err := r.Lines.Admit(ctx, r.event(q, d), quota)
	switch {
	case err != nil:
		return down(fmt.Errorf("calls of the trunk: %w", err))
	case !free:
		return refuse(TrunkBusy)
	default:
		return nil
	}
}

func quotaOf(trunk *trunks.Trunk) calls.Quota {
	return calls.Quota{MaxCalls: trunk.MaxCalls, MaxPending: trunk.MaxPending}
}

// pin checks the PIN's form and tries it.
func (r *Resolver) pin(ctx context.Context, trunkID string, q Question, d Decision) (Lookup, error) {
	if !pins.WellFormed(q.PIN) {
		return Lookup{}, refuse(PINMalformed)
	}
	return r.try(ctx, trunkID, q, d)
}

// try looks the PIN up and says whether it opens a door now.
func (r *Resolver) try(ctx context.Context, trunkID string, q Question, d Decision) (Lookup, error) {
	if q.Trial {
		found, err := r.Store.LookupPIN(ctx, trunkID, q.PIN)
		if err != nil {
			return Lookup{}, down(fmt.Errorf("look up PIN: %w", err))
		}
		return found, accepted(found, r.Clock.Now())
	}
	attempt := r.Throttle.Attempt(trunkID, d.Caller, q.CallID, q.PIN)
	tried, err := r.Store.TryPIN(ctx, attempt)
	if err != nil {
		return Lookup{}, down(fmt.Errorf("try PIN: %w", err))
	}
	r.Throttle.Charged(ctx, attempt, tried.Charged)
	if tried.Throttled && tried.TrunkFound && tried.TrunkState.TakesCalls() {
		return Lookup{}, refuse(Throttled)
	}
	return tried.Lookup, accepted(tried.Lookup, attempt.Now)
}

// accepted says whether the PIN opens a door now. Its time is compared here: it
// may be over before the sweeper has come by.
func accepted(l Lookup, now time.Time) error {
	switch {
	case !l.TrunkFound:
		return refuse(TrunkUnknown)
	case !l.TrunkState.TakesCalls():
		return refuse(TrunkDisabled)
	case !l.Found:
		return refuse(PINUnknown)
	case !l.Good(now):
		return refuse(PINQuarantined)
	case !l.Armed(now):
		return refuse(PINNotArmed)
	default:
		return nil
	}
}
