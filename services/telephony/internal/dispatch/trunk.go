package dispatch

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/telephony/internal/e164"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// trunk finds the trunk of the call and checks that it takes it.
func (r *Resolver) trunk(ctx context.Context, q *Question, d *Decision) (*trunks.Trunk, error) {
	trunk, err := r.find(ctx, q, d)
	if err != nil {
		return nil, err
	}
	if err := knowsSource(trunk, *q); err != nil {
		return nil, err
	}
	return trunk, takesCalls(trunk)
}

// find returns the trunk of the call. Where the PIN was dialled as a SIP URI, it
// is put into the question.
func (r *Resolver) find(ctx context.Context, q *Question, d *Decision) (*trunks.Trunk, error) {
	listing, err := r.Directory.Listing(ctx)
	if err != nil {
		return nil, down(fmt.Errorf("trunks: %w", err))
	}
	byNumber := r.called(listing, *q, d)
	if trunk, pin := r.sipURI(listing, *q); byNumber == nil && trunk != nil {
		byNumber, q.PIN, d.Called = trunk, pin, "" // a PIN is on no record
	}
	trunk, err := match(listing, *q, byNumber)
	if err != nil {
		return nil, err
	}
	d.TrunkID = trunk.ID
	d.Caller = e164.Caller(q.Caller, trunk.Country())
	return trunk, nil
}

// called returns the trunk that has a called number, nil for none. Some carriers
// send the number as it is dialled in its country. What no trunk has is noted for
// record and log, unless it may be a PIN.
func (r *Resolver) called(listing *trunks.Listing, q Question, d *Decision) *trunks.Trunk {
	for _, text := range q.Called {
		number := e164.Dialled(text)
		if trunk := listing.ByNumber(number); trunk != nil {
			d.Called = number
			return trunk
		}
		if text == "" || (r.cfg.SIPURIs && pins.WellFormed(text)) {
			continue
		}
		if d.Called == "" {
			d.Called = number
		}
		if text = livekit.Text(text); !slices.Contains(d.dialled, text) {
			d.dialled = append(d.dialled, text)
		}
	}
	for _, text := range q.Called {
		if number := listing.National(e164.DialledNationally(text)); number != "" {
			d.Called = number
			return listing.ByNumber(number)
		}
	}
	return nil
}

// sipURI reads a call to sip:<pin>@host, which has no number to tell the trunk:
// it is the one that lists the source. Calls that have a PIN, or come from where
// they would not be known, are none such.
func (r *Resolver) sipURI(listing *trunks.Listing, q Question) (*trunks.Trunk, string) {
	if !r.cfg.SIPURIs || q.PIN != "" || q.NoPIN {
		return nil, ""
	}
	source, err := netip.ParseAddr(q.Source)
	if err != nil {
		return nil, ""
	}
	for _, user := range q.Called {
		if !pins.WellFormed(user) {
			continue
		}
		if trunk := listing.BySource(source); trunk != nil && (q.TrunkID == "" || q.TrunkID == trunk.ID) {
			return trunk, user
		}
	}
	return nil, ""
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

func match(listing *trunks.Listing, q Question, dialled *trunks.Trunk) (*trunks.Trunk, error) {
	switch {
	case q.TrunkID != "":
		if trunk := listing.ByID(q.TrunkID); trunk != nil {
			return trunk, nil
		}
		return nil, refuse(TrunkUnknown)
	case dialled == nil:
		return nil, refuse(NumberUnknown)
	default:
		return dialled, nil
	}
}
