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
	if got := Density(100_000, 10); got != 1e-5 {
		t.Errorf("density %g", got)
	}
}
