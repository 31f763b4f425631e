package trunks

import "math"

// SafeDensity is the chance of a random guess to open some room that a trunk
// should not be above: a hundred wrong PINs a day then find a room in a year
// with a chance of one per cent.
const SafeDensity = 2.75e-7

// Lengths counts PINs of a trunk by how many digits they have.
type Lengths map[int]int64

// Total returns how many there are.
func (l Lengths) Total() (total int64) {
	for _, n := range l {
		total += n
	}
	return total
}

// Density is the chance that one random guess is one of the PINs. Who guesses
// chooses the length that pays best, whatever the length of new PINs is.
func (l Lengths) Density() (density float64) {
	for length, n := range l {
		density = max(density, densityOf(n, length))
	}
	return density
}

func densityOf(pins int64, length int) float64 { return float64(pins) / math.Pow10(length) }

const daysInAYear = 365

// DailyBudget returns how many wrong PINs a day make the chance that somebody
// finds a room in a year the given risk, 0 to 1; 0 where there is nothing to
// find or no risk is set.
func DailyBudget(density, risk float64) float64 {
	if density <= 0 || risk <= 0 {
		return 0
	}
	return -math.Log1p(-risk) / (daysInAYear * density)
}

// SuggestedPINLength returns the fewest digits that keep a trunk with so many
// armed PINs, and at least one, at the safe density once all have that length.
func SuggestedPINLength(armed int64) int {
	length := MinPINLength
	for length < MaxPINLength && densityOf(max(armed, 1), length) > SafeDensity {
		length++
	}
	return length
}
