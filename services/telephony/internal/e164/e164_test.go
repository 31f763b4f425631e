package e164

import (
	"regexp"
	"strings"
	"testing"
)

func TestValid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ number, country string }{
		"+33123456789":                   {"+33123456789", "FR"},
		" +33 1 23 45 67 89 ":            {"+33123456789", "FR"},
		"+14155552671":                   {"+14155552671", "US"},
		"+80012345678":                   {"+80012345678", ""},
		"0123456789":                     {},
		"33123456789":                    {},
		"+33":                            {},
		"+33999":                         {},
		"+331234567890123":               {},
		"+33123456789 ext. 7":            {},
		"":                               {},
		"+" + strings.Repeat("1", 10000): {},
	} {
		number, country, ok := Valid(text)
		if number != want.number || country != want.country || ok != (want.number != "") {
			t.Errorf("%.30q: %q %q %v, want %v", text, number, country, ok, want)
		}
	}
}

func TestDialled(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"+33123456789":                          "+33123456789",
		"33123456789":                           "+33123456789",
		"0033123456789":                         "+33123456789",
		"sip:+33123456789@host:5060;user=phone": "+33123456789",
		"SIPS:0033123456789@host":               "+33123456789",
		"tel:+33-1-23-45-67-89;ext=1":           "+33123456789",
		"+33123456789;npdi":                     "+33123456789",
		"(331) 2345.6789":                       "+33123456789",
		"0123456789":                            "",
		"anonymous":                             "",
		"+3312x456789":                          "",
		"++33123456789":                         "",
		"123":                                   "",
		"1234567890123456":                      "",
		"":                                      "",
		"@":                                     "",
	} {
		if got := Dialled(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, country, want string }{
		{"0612345612", "FR", "+33612345612"},
		{"0612345612", "", ""},
		{"+33612345612", "US", "+33612345612"},
		{"33612345612", "", "+33612345612"},
		{"4155552671", "US", "+14155552671"},
		{"anonymous", "FR", ""},
		{"Restricted", "FR", ""},
		{"alice", "FR", ""},
		{"", "FR", ""},
	} {
		if got := Caller(c.text, c.country); got != c.want {
			t.Errorf("%q in %q: %q, want %q", c.text, c.country, got, c.want)
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"+33612345612": "+33 6 •• •• •• 12",
		"+14155552671": "+1 4••-•••-••71",
		"+8881234":     "+888 ••••",
		"":             "",
	} {
		if got := Masked(number); got != want {
			t.Errorf("%q: %q, want %q", number, got, want)
		}
	}
}

var e164Form = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// FuzzNumbers feeds what a carrier may send: whatever comes out is a number in
// E.164 form, reads as itself, and is masked.
func FuzzNumbers(f *testing.F) {
	for _, seed := range []string{"+33612345612", "0033612345612", "sip:0612345612@h", "anonymous", "tel:;", "+", "\x00", "٣٣"} {
		f.Add(seed, "FR")
	}
	f.Fuzz(func(t *testing.T, text, country string) {
		for _, got := range []string{Dialled(text), Caller(text, country)} {
			if got == "" {
				continue
			}
			if !e164Form.MatchString(got) {
				t.Fatalf("%q is not E.164", got)
			}
			if again := Dialled(got); again != got {
				t.Fatalf("%q reads as %q", got, again)
			}
			if masked := Masked(got); strings.Contains(masked, got) || !strings.ContainsRune(masked, mask) {
				t.Fatalf("%q is masked as %q", got, masked)
			}
		}
	})
}
