package rules

import (
	"context"
	"time"
)

// Store keeps which rules LiveKit was given. Errors are faults.
type Store interface {
	// WantedRules returns a rule for each PIN that is current, or retiring at that
	// time, of each live room, on trunks that are not disabled and have a LiveKit
	// trunk; ordered by trunk and PIN.
	WantedRules(ctx context.Context, now time.Time) ([]Rule, error)
	// Rules returns all rules that were claimed, ordered by trunk and PIN.
	Rules(ctx context.Context) ([]Rule, error)
	// ClaimRule stores the rule without an ID, claimed until its ClaimedUntil, and
	// reports whether it did: not where its trunk and PIN have a rule already. Any
	// number of callers may try at once; one succeeds.
	ClaimRule(ctx context.Context, r Rule) (bool, error)
	// KeepRule gives the claimed rule its ID, and reports whether the claim was
	// still there, with the same ClaimedUntil.
	KeepRule(ctx context.Context, r Rule) (bool, error)
	// DropRule forgets the rule, if it still has this ID and this ClaimedUntil.
	DropRule(ctx context.Context, r Rule) error
}
