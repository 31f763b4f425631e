package trunks

import "testing"

func TestSuggestedPINLength(t *testing.T) {
	t.Parallel()
	for live, want := range map[int64]int{
		0: 7, 2: 7, 3: 8, 275: 9, 276: 10, 2_750: 10, 2_751: 11, 27_500: 11, 275_000: 12, 2_750_000: 13, 2_750_001: 14, 1 << 60: 16,
	} {
		if got := SuggestedPINLength(live); got != want {
			t.Errorf("%d live PINs: %d digits, want %d", live, got, want)
		}
	}
}

// TestDensity: those who guess choose the length that pays best.
func TestDensity(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pins  Lengths
		want  float64
		total int64
	}{
		"none":                       {nil, 0, 0},
		"of one length":              {Lengths{10: 100_000}, 1e-5, 100_000},
		"old ones are shorter":       {Lengths{6: 5_000, 12: 10}, 5e-3, 5_010},
		"a single one left":          {Lengths{4: 1, 12: 1_000_000}, 1e-4, 1_000_001},
		"old ones are longer, fewer": {Lengths{12: 10, 8: 100}, 1e-6, 110},
	} {
		if got := c.pins.Density(); got != c.want || c.pins.Total() != c.total {
			t.Errorf("%s: density %g, total %d", name, got, c.pins.Total())
		}
	}
}
