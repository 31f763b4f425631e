package dispatch

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/parleymeet/parley/services/telephony/internal/e164"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// trunk finds the trunk of the call and checks that it takes it.
func (r *Resolver) trunk(ctx context.Context, q Question, d *Decision) (*trunks.Trunk, error) {
	trunk, err := r.find(ctx, q, d)
	if err != nil {
		return nil, err
	}
	if err := knowsSource(trunk, q); err != nil {
		return nil, err
	}
	return trunk, takesCalls(trunk)
}

func (r *Resolver) find(ctx context.Context, q Question, d *Decision) (*trunks.Trunk, error) {
	listing, err := r.Directory.Listing(ctx)
	if err != nil {
		return nil, down(fmt.Errorf("trunks: %w", err))
	}
	trunk, err := match(listing, q, d)
	if err != nil {
		return nil, err
	}
	d.TrunkID = trunk.ID
	d.Caller = e164.Caller(q.Caller, trunk.Country())
	return trunk, nil
}

func knowsSource(trunk *trunks.Trunk, q Question) error {
	source, _ := netip.ParseAddr(q.Source) // the zero address is in no network
	if !q.AnySource && !trunk.Allows(source) {
		return refuse(SourceNotAllowed)
	}
	return nil
}

func takesCalls(trunk *trunks.Trunk) error {
	if !trunk.State.TakesCalls() {
		return refuse(TrunkDisabled)
	}
	return nil
}

func match(listing *trunks.Listing, q Question, d *Decision) (*trunks.Trunk, error) {
	var byNumber *trunks.Trunk
	for _, called := range q.Called {
		number := e164.Dialled(called)
		if trunk := listing.ByNumber(number); trunk != nil {
			d.Called, byNumber = number, trunk
			break
		}
		if d.Called == "" {
			d.Called = number
		}
	}
	switch {
	case q.TrunkID != "":
		if trunk := listing.ByID(q.TrunkID); trunk != nil {
			return trunk, nil
		}
		return nil, refuse(TrunkUnknown)
	case byNumber == nil:
		return nil, refuse(NumberUnknown)
	default:
		return byNumber, nil
	}
}
