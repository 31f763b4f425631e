package e164

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

const (
	// maxInput is longer than any number with all its punctuation and a SIP
	// host, and short enough to be read without thought of cost.
	maxInput  = 256
	minDigits = 7
	maxDigits = 15
)

// Valid returns the E.164 form of a number that an operator gives, and its
// ISO 3166-1 alpha-2 country, empty for numbers of no country (+800...). The
// number must have its plus sign and exist by the numbering plan's rules.
func Valid(text string) (number, country string, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) > maxInput || !strings.HasPrefix(text, "+") {
		return "", "", false
	}
	parsed, err := phonenumbers.Parse(text, phonenumbers.UNKNOWN_REGION)
	if err != nil || parsed.GetExtension() != "" || !phonenumbers.IsValidNumber(parsed) {
		return "", "", false
	}
	country = phonenumbers.GetRegionCodeForNumber(parsed)
	if len(country) != 2 || country == phonenumbers.UNKNOWN_REGION {
		country = "" // "001" is the library's region for numbers of no country
	}
	return phonenumbers.Format(parsed, phonenumbers.E164), country, true
}

// Dialled returns the E.164 form of a called number as carriers send it: with
// or without the plus sign, with the prefix 00, with punctuation, as the user
// part of a sip: or tel: URI, with parameters. It returns "" for what is no
// international number.
func Dialled(text string) string {
	digits, ok := digitsOf(userPart(text))
	if !ok {
		return ""
	}
	digits = strings.TrimPrefix(digits, "+")
	digits = strings.TrimPrefix(digits, "00")
	if len(digits) < minDigits || len(digits) > maxDigits || digits[0] == '0' {
		return ""
	}
	return "+" + digits
}

// DialledNationally returns the digits of a called number that has no plus sign, ""
// for one that has and for what is no number.
func DialledNationally(text string) string {
	digits, ok := digitsOf(userPart(text))
	if !ok || strings.HasPrefix(digits, "+") {
		return ""
	}
	return digits
}

// Caller returns the E.164 form of a caller's number, which a carrier may send
// in the national form of country. It returns "" for callers who withhold it
// and for whatever is no number.
func Caller(text, country string) string {
	user, ok := digitsOf(userPart(text))
	if !ok || user == "" {
		return ""
	}
	if country != "" && !strings.HasPrefix(user, "+") {
		parsed, err := phonenumbers.Parse(user, country)
		if err == nil && phonenumbers.IsValidNumber(parsed) {
			return phonenumbers.Format(parsed, phonenumbers.E164)
		}
	}
	return Dialled(user)
}

// userPart strips the scheme, the host and the parameters of a URI.
func userPart(text string) string {
	if len(text) > maxInput {
		return ""
	}
	text = strings.TrimSpace(text)
	if scheme, rest, found := strings.Cut(text, ":"); found {
		switch strings.ToLower(scheme) {
		case "sip", "sips", "tel":
			text = rest
		}
	}
	text, _, _ = strings.Cut(text, "@")
	text, _, _ = strings.Cut(text, ";")
	return text
}

// digitsOf drops punctuation and keeps a leading plus sign. Letters and
// anything else make it no number.
func digitsOf(text string) (string, bool) {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9', r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -.()/\u00a0\u202f", r):
		default:
			return "", false
		}
	}
	return b.String(), true
}

// TollFree reports whether the numbering plan makes calls to the number free.
func TollFree(number string) bool { return typeOf(number) == phonenumbers.TOLL_FREE }

// Mobile reports whether the number is certainly a mobile one.
func Mobile(number string) bool { return typeOf(number) == phonenumbers.MOBILE }

func typeOf(number string) phonenumbers.PhoneNumberType {
	parsed, err := phonenumbers.Parse(number, phonenumbers.UNKNOWN_REGION)
	if err != nil {
		return phonenumbers.UNKNOWN
	}
	return phonenumbers.GetNumberType(parsed)
}
