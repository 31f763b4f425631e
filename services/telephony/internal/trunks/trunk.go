package trunks

import (
	"net/netip"
	"time"
)

// State says what a trunk does now.
type State string

// The states of a trunk.
const (
	// Active trunks take calls and new PINs.
	Active State = "active"
	// Draining trunks take calls but no new PINs; their rooms are being moved.
	Draining State = "draining"
	// Disabled trunks take neither.
	Disabled State = "disabled"
)

// TakesCalls reports whether callers are let in.
func (s State) TakesCalls() bool { return s == Active || s == Draining }

// Kind says who pays for a call to a number. Where nobody says, the numbering
// plan does.
type Kind string

// The kinds of numbers.
const (
	Local    Kind = "local"
	National Kind = "national"
	Mobile   Kind = "mobile"
	TollFree Kind = "toll_free"
)

// Arming says when dispatch accepts the PINs of a trunk.
type Arming string

// The ways of arming.
const (
	// ArmingAlways lets the phone be first in the room.
	ArmingAlways Arming = "always"
	// ArmingLive accepts a PIN only while LiveKit has its room.
	ArmingLive Arming = "live"
)

// Valid reports whether it is one of them.
func (a Arming) Valid() bool { return a == ArmingAlways || a == ArmingLive }

// Guard says when a trunk is guarded: withheld numbers are refused, PINs of
// live rooms alone are accepted, and callers go to the rooms' lobbies.
type Guard string

// The ways of guarding.
const (
	// GuardAuto guards a trunk for a while when its PINs are being guessed.
	GuardAuto Guard = "auto"
	GuardOn   Guard = "on"
	GuardOff  Guard = "off"
)

// Holds reports whether a trunk is guarded that was last found to need it until
// a time.
func (g Guard) Holds(now, until time.Time) bool {
	return g == GuardOn || (g == GuardAuto && now.Before(until))
}

// Number is a phone number of a trunk.
type Number struct {
	// E164 has the plus sign.
	E164 string
	// Country is ISO 3166-1 alpha-2, upper case; empty for numbers of no country.
	Country string
	Label   string
	Kind    Kind
}

// Trunk is a SIP trunk of a carrier.
type Trunk struct {
	// ID starts with "ST_".
	ID    string
	Name  string
	State State
	// Numbers are in the order in which they were added.
	Numbers []Number
	// PINLength is the digits of new PINs.
	PINLength int
	// Allowed are the networks from which the carrier calls; empty for any.
	Allowed      []netip.Prefix
	AuthUsername string
	// SealedPassword is empty when the trunk asks for no credentials.
	SealedPassword []byte
	Arming         Arming
	Guard          Guard
	// MaxCalls is how many calls the trunk takes at once, and MaxPending how many
	// of them may be without a room yet; 0 for any number.
	MaxCalls, MaxPending int
	// LiveKitTrunk is LiveKit's own trunk for the same line, of no other trunk
	// here; empty for none.
	LiveKitTrunk string
	Created      time.Time
	Updated      time.Time
	// Held counts the PINs of the present length in any state. Storage fills it
	// where it returns a trunk and ignores it where it takes one.
	Held int64
	// GuardedUntil is until when its PINs were found to be guessed, in the past if
	// that is over and zero if it never was. Storage fills it as it does Held.
	GuardedUntil time.Time
}

// Guarded reports whether the trunk is guarded.
func (t *Trunk) Guarded(now time.Time) bool { return t.Guard.Holds(now, t.GuardedUntil) }

// Allows reports whether the carrier may call from addr. The zero address is
// allowed only where any source is.
func (t *Trunk) Allows(addr netip.Addr) bool {
	if len(t.Allowed) == 0 {
		return true
	}
	addr = addr.Unmap().WithZone("")
	for _, prefix := range t.Allowed {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// Country returns the country of the trunk's first number that has one.
func (t *Trunk) Country() string {
	for _, n := range t.Numbers {
		if n.Country != "" {
			return n.Country
		}
	}
	return ""
}
