package color

import (
	"fmt"
	"testing"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for identity, want := range map[string]string{
		"user1":                                "hsl(92, 59%, 37%)",
		"00000000-0000-0000-0000-000000000000": "hsl(351, 72%, 53%)",
		"2f7f162f-e7d1-421b-90e7-02bfbfbf8def": "hsl(66, 65%, 28%)",
		"alice@example.org":                    "hsl(293, 71%, 52%)",
		"Ünïcode":                              "hsl(285, 74%, 53%)",
		"123":                                  "hsl(22, 66%, 30%)",
	} {
		if got := Of(identity); got != want {
			t.Errorf("Of(%q) = %s, want %s", identity, got, want)
		}
	}
}

// TestTwister compares with CPython: random.seed(1), then random.getrandbits(32).
func TestTwister(t *testing.T) {
	t.Parallel()
	random := newTwister(1)
	for i, want := range []uint32{577090037, 2444712010, 3639700191} {
		if got := random.uint32(); got != want {
			t.Fatalf("output %d is %d, want %d", i, got, want)
		}
	}
}

func TestOfStaysInBounds(t *testing.T) {
	t.Parallel()
	hues := map[int]bool{}
	for i := range 5000 {
		var h, s, l int
		colour := Of(fmt.Sprint("identity-", i))
		if _, err := fmt.Sscanf(colour, "hsl(%d, %d%%, %d%%)", &h, &s, &l); err != nil {
			t.Fatalf("%s: %v", colour, err)
		}
		if h < 0 || h > 360 || s < 50 || s > 75 || l < 25 || l > 60 {
			t.Fatalf("%s is out of bounds", colour)
		}
		hues[h] = true
	}
	if len(hues) < 350 {
		t.Errorf("only %d hues in 5000 identities", len(hues))
	}
}
