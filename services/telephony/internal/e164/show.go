package e164

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

const (
	mask = '•'
	// With fewer national digits than this, showing three of them would show
	// most of the number.
	minMaskable = 6
)

// Display returns the international format for people, such as
// "+33 1 23 45 67 89". A number that the library cannot read stays as it is.
func Display(number string) string {
	parsed, err := phonenumbers.Parse(number, phonenumbers.UNKNOWN_REGION)
	if err != nil {
		return number
	}
	return phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL)
}

// Masked returns the display with only the country code, the first national
// digit and the last two digits left: "+33 6 •• •• •• 12". It is "" for "".
func Masked(number string) string {
	if number == "" {
		return ""
	}
	code, national := "+", Display(number)
	if parsed, err := phonenumbers.Parse(number, phonenumbers.UNKNOWN_REGION); err == nil {
		code = "+" + strconv.Itoa(int(parsed.GetCountryCode()))
	}
	national = strings.TrimPrefix(national, code)
	total := countDigits(national)
	var b strings.Builder
	b.WriteString(code)
	seen := 0
	for _, r := range national {
		if r < '0' || r > '9' {
			b.WriteRune(r)
			continue
		}
		seen++
		if total >= minMaskable && (seen == 1 || seen > total-2) {
			b.WriteRune(r)
		} else {
			b.WriteRune(mask)
		}
	}
	return b.String()
}

func countDigits(s string) int {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}
