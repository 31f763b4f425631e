package trunks

import "math"

// SafeDensity is the chance of a random guess to open some room that a trunk
// should not be above: a hundred wrong PINs a day then find a room in a year
// with a chance of one per cent.
const SafeDensity = 2.75e-7

// Density is the chance that one random guess of so many digits is one of the
// live PINs.
func Density(live int64, length int) float64 { return float64(live) / math.Pow10(length) }

// SuggestedPINLength returns the fewest digits that keep a trunk with so many
// live PINs, and at least one, at the safe density.
func SuggestedPINLength(live int64) int {
	length := MinPINLength
	for length < MaxPINLength && Density(max(live, 1), length) > SafeDensity {
		length++
	}
	return length
}
