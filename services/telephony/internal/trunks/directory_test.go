package trunks

import (
	"net/netip"
	"testing"
)

// TestNational: a number is found by what is dialled in its country, unless that
// would be another's, too.
func TestNational(t *testing.T) {
	t.Parallel()
	trunk := func(numbers ...Number) *Trunk { return &Trunk{Numbers: numbers} }
	l := newListing([]*Trunk{
		trunk(Number{E164: "+33123456789", Country: "FR"}, Number{E164: "+12025550123", Country: "US"}, Number{E164: "+80012345678"}),
		trunk(Number{E164: "+33145678901", Country: "FR"}), trunk(Number{E164: "+81145678901", Country: "JP"}),
		trunk(Number{E164: "+390612345678", Country: "IT"}),
	})
	for digits, want := range map[string]string{
		"0123456789": "+33123456789", "123456789": "+33123456789", "2025550123": "+12025550123", "0612345678": "+390612345678",
		"12345678": "", "0145678901": "", "145678901": "", "0999999999": "", "": "", "33123456789": "",
	} {
		if got := l.National(digits); got != want {
			t.Errorf("%s: %q, want %q", digits, got, want)
		}
	}
}

func TestBySource(t *testing.T) {
	t.Parallel()
	trunk := func(id string, networks ...string) *Trunk {
		trunk := &Trunk{ID: id}
		for _, n := range networks {
			trunk.Allowed = append(trunk.Allowed, netip.MustParsePrefix(n))
		}
		return trunk
	}
	l := &Listing{Trunks: []*Trunk{
		trunk("any"), trunk("wide", "192.0.2.0/24", "2001:db8::/32"), trunk("one", "192.0.2.7/32", "198.51.100.0/24"),
		trunk("twin", "203.0.113.0/24"), trunk("other twin", "203.0.113.0/24"), trunk("small", "203.0.113.64/26"),
	}}
	for source, want := range map[string]string{
		"192.0.2.8": "wide", "192.0.2.7": "one", "::ffff:192.0.2.7": "one", "2001:db8::1": "wide", "198.51.100.1": "one",
		"203.0.113.1": "", "203.0.113.65": "small", "10.0.0.1": "", "::1": "",
	} {
		got := ""
		if found := l.BySource(netip.MustParseAddr(source)); found != nil {
			got = found.ID
		}
		if got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}
