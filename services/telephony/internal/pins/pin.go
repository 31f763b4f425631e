package pins

import (
	"math"
	"slices"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// State is where a PIN is in its life.
type State string

// The states of a PIN, in the order in which it passes them.
const (
	Current     State = "current"
	Retiring    State = "retiring"
	Quarantined State = "quarantined"
)

// PIN is digits that name a room on a trunk.
type PIN struct {
	TrunkID string
	// Digits keep their leading zeros.
	Digits string
	RoomID string
	State  State
	// Until is when the state ends; zero for a current PIN.
	Until time.Time
	// Country is where the room would have its number, "" for anywhere. It is told
	// of PINs that are listed, and not of those just written.
	Country string
}

// WellFormed reports whether digits could be a PIN: 4 to 16 of them.
func WellFormed(digits string) bool {
	if len(digits) < trunks.MinPINLength || len(digits) > trunks.MaxPINLength {
		return false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// Fill is how full the namespace of a trunk is.
type Fill struct {
	TrunkID string
	State   trunks.State
	// Length is the digits of new PINs.
	Length int
	// Held counts PINs of that length in any state.
	Held int64
	// Countries are those of the trunk's numbers, sorted.
	Countries []string
	// Numbers counts the trunk's phone numbers.
	Numbers int
}

// in reports whether the trunk has a number in one of the countries.
func (f Fill) in(countries []string) bool {
	return slices.ContainsFunc(countries, func(c string) bool { return slices.Contains(f.Countries, c) })
}

// Capacity returns how many PINs of that length exist.
func (f Fill) Capacity() int64 { return capacity(f.Length) }

// Ratio returns the share of the namespace that is held, 0 to 1.
func (f Fill) Ratio() float64 { return float64(f.Held) / float64(f.Capacity()) }

func capacity(length int) int64 { return int64(math.Pow10(length)) }
