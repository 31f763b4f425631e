package e164

import (
	"slices"
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/nyaruka/phonenumbers"
)

const (
	mask = '•'
	// With fewer national digits than this, showing three of them would show
	// most of the number.
	minMaskable = 6
	keptForms   = 4096
)

// form is how the library shows a number.
type form struct {
	// code is the plus sign and the country code, "+" for a number that the
	// library cannot read.
	code string
	// display is the international format.
	display string
	// nationals are the digits dialled in its own country, with and without the
	// prefix that is not part of the number.
	nationals []string
}

// forms keeps the latest forms: finding one takes dozens of regular expressions,
// and the same few numbers are shown again and again. What it keeps depends on
// nothing but the number.
var forms = must(lru.New[string, form](keptForms))

func must[T any](value T, err error) T {
	if err != nil {
		panic(err) // the size is not positive
	}
	return value
}

func formOf(number string) form {
	if known, ok := forms.Get(number); ok {
		return known
	}
	f := form{code: "+", display: number}
	if parsed, err := phonenumbers.Parse(number, phonenumbers.UNKNOWN_REGION); err == nil {
		f.code = "+" + strconv.Itoa(int(parsed.GetCountryCode()))
		f.display = phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL)
		for _, text := range []string{phonenumbers.Format(parsed, phonenumbers.NATIONAL), phonenumbers.GetNationalSignificantNumber(parsed)} {
			if digits, ok := digitsOf(text); ok && !slices.Contains(f.nationals, digits) {
				f.nationals = append(f.nationals, digits)
			}
		}
	}
	forms.Add(number, f)
	return f
}

// Display returns the international format for people, such as
// "+33 1 23 45 67 89". A number that the library cannot read stays as it is.
func Display(number string) string { return formOf(number).display }

// Nationals returns the digits by which a number is dialled in its own country.
func Nationals(number string) []string { return formOf(number).nationals }

// Masked returns the display with only the country code, the first national
// digit and the last two digits left: "+33 6 •• •• •• 12". It is "" for "".
func Masked(number string) string {
	if number == "" {
		return ""
	}
	shown := formOf(number)
	code, national := shown.code, shown.display
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
