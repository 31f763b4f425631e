package rooms

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/parleymeet/parley/pkg/apierr"
)

const fieldPhoneCountry = "phone_country"

// parseCountry returns a country as ISO 3166-1 writes it with two letters, and ""
// for none, or what is wrong.
func parseCountry(text string) (string, *apierr.Violation) {
	country := strings.ToUpper(strings.TrimSpace(text))
	if country == "" {
		return "", nil
	}
	region, err := language.ParseRegion(country)
	if err != nil || len(country) != 2 || !region.IsCountry() || region.Canonicalize().String() != country {
		return "", &apierr.Violation{Field: fieldPhoneCountry, Code: "invalid", Text: "Enter a country as its two letters, such as FR."}
	}
	return country, nil
}
