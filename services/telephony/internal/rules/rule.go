package rules

import (
	"time"

	"github.com/parleymeet/parley/services/internal/livekit"
)

// Rule is what lets callers with a PIN into a room.
type Rule struct {
	// TrunkID and PIN are its key.
	TrunkID, PIN string
	RoomID       string
	// LiveKitTrunk is the trunk's id in LiveKit.
	LiveKitTrunk string
	// ID is LiveKit's; empty while the rule is being made.
	ID string
	// ClaimedUntil is when a rule without ID may be made by somebody else. Zero
	// for a wanted rule.
	ClaimedUntil time.Time
}

type key struct{ trunk, pin string }

func (r Rule) key() key { return key{r.TrunkID, r.PIN} }

// serves reports whether the rule is as the wanted one should be.
func (r Rule) serves(wanted Rule) bool {
	return r.RoomID == wanted.RoomID && r.LiveKitTrunk == wanted.LiveKitTrunk
}

// making reports whether somebody is making the rule now.
func (r Rule) making(now time.Time) bool { return r.ID == "" && r.ClaimedUntil.After(now) }

// request is the rule as LiveKit is told.
func (r Rule) request(name string) livekit.Rule {
	return livekit.Rule{
		Name: name, Trunk: r.LiveKitTrunk, PIN: r.PIN, Room: r.RoomID,
		Attributes: map[string]string{"is_authenticated": "false", livekit.TrunkAttribute: r.TrunkID},
	}
}

// compare returns which rules are to be made, and which to be removed before.
// What somebody is making now is neither, until the claim ends.
func compare(wanted, present []Rule, now time.Time) (missing, surplus []Rule) {
	want := make(map[key]Rule, len(wanted))
	for _, r := range wanted {
		want[r.key()] = r
	}
	served := make(map[key]bool, len(present))
	for _, r := range present {
		wanted, ok := want[r.key()]
		switch {
		case r.making(now), ok && r.ID != "" && r.serves(wanted):
			served[r.key()] = true
		default:
			surplus = append(surplus, r)
		}
	}
	for _, r := range wanted {
		if !served[r.key()] {
			missing = append(missing, r)
		}
	}
	return missing, surplus
}
