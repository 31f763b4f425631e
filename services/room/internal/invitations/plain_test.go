package invitations

import "testing"

func TestPlain(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Ada  Lovelace ":                                "Ada Lovelace",
		"Stand-up\r\nLink: https://x.test":              "Stand-up Link: https://x.test",
		"a\u2028b\u0085c\x00d\u00a0e":                   "a b c d e",
		"\u202egnp.\u2066exe":                           "gnp.exe",
		"\u06cc\u200c\u06cc \U0001F469\u200d\U0001F4BB": "\u06cc\u200c\u06cc \U0001F469\u200d\U0001F4BB",
		"":                    "next",
		" \t\n":               "next",
		"\u200d":              "next",
		" \u200d\u202e ":      "next",
		"a" + string(rune(0)): "a",
	} {
		if got := plain(name, "next"); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := plain("", " "); got != "Parley" {
		t.Errorf("nobody: %q", got)
	}
}
