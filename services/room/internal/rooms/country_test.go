package rooms

import "testing"

func TestCountries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "FR": "FR", " de ": "DE", "gb": "GB", "US": "US"} {
		if got, wrong := parseCountry(text); wrong != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, wrong)
		}
	}
	for _, text := range []string{"F", "FRA", "250", "XX", "ZZ", "UK", "EU", "France", "\u0424R", "F\x00", "fr-FR"} {
		if got, wrong := parseCountry(text); wrong == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}
