package rooms

import (
	"regexp"
	"strings"
	"testing"

	"github.com/parleymeet/parley/pkg/apierr"
)

func TestSlugify(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"My Room!":          "my-room",
		"Réunion":           "reunion",
		"  --Foo__Bar--  ":  "foo__bar",
		"_x_":               "x",
		"straße":            "strae",
		"Æsop":              "sop",
		"a.b/c":             "abc",
		"日本":                "",
		"":                  "",
		"abc-defg-hij":      "abc-defg-hij",
		"a - - b":           "a-b",
		"a\t\n\x1cb":        "a-b",
		"a\u00a0b":          "a-b", // decomposes into a space
		"a\u2028b":          "ab",
		"ﬁle №1":            "file-no1",
		"ＦＵＬＬ":              "full",
		"İstanbul":          "istanbul",
		"x - _":             "x",
		"- _ -":             "",
		"Ünï\u0301 – Straf": "uni-straf",
	} {
		if got := Slugify(name); got != want {
			t.Errorf("Slugify(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzSlugify(f *testing.F) {
	for _, seed := range []string{"My Room!", "Réunion", "_-_a b", "\xff\x00", "a\u0301-\u200d"} {
		f.Add(seed)
	}
	shape := regexp.MustCompile(`^([a-z0-9]([a-z0-9_-]*[a-z0-9])?)?$`)
	f.Fuzz(func(t *testing.T, name string) {
		slug := Slugify(name)
		if !shape.MatchString(slug) || strings.Contains(slug, "--") {
			t.Errorf("Slugify(%q) = %q", name, slug)
		}
		if again := Slugify(slug); again != slug {
			t.Errorf("Slugify(%q) = %q: a slug is its own slug", slug, again)
		}
	})
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	const id = "2f7f162f-e7d1-421b-90e7-02bfbfbf8def"
	for text, want := range map[string]Key{
		id:                                     {ID: id},
		"2F7F162F-E7D1-421B-90E7-02BFBFBF8DEF": {ID: id},
		"2f7f162fe7d1421b90e702bfbfbf8def":     {ID: id},
		"{" + id + "}":                         {ID: id},
		"urn:uuid:" + id:                       {ID: id},
		"URN:UUID:" + id:                       {ID: id},
		"2f7f-162fe7d1421b90e702bfbfbf8-def":   {ID: id},
		id + "0":                               {Slug: id + "0"},
		id[:35]:                                {Slug: id[:35]},
		id[:35] + "g":                          {Slug: id[:35] + "g"},
		"Réunion":                              {Slug: "reunion"},
		"My Room!":                             {Slug: "my-room"},
		"日本":                                   {},
		"":                                     {},
	} {
		if got := ParseKey(text); got != want {
			t.Errorf("ParseKey(%q) = %+v, want %+v", text, got, want)
		}
	}
}

func TestParseName(t *testing.T) {
	t.Parallel()
	const hex32 = "2f7f162fe7d1421b90e702bfbfbf8def"
	for input, want := range map[string]struct{ name, slug, field, code, text string }{
		" My Room \x1f":                     {name: "My Room", slug: "my-room"},
		strings.Repeat("a", 100):            {name: strings.Repeat("a", 100), slug: strings.Repeat("a", 100)},
		"a" + strings.Repeat("é!", 249):     {field: "slug", code: "max_length", text: "Ensure this value has at most 100 characters (it has 250)."},
		"a" + strings.Repeat("日", 499):      {name: "a" + strings.Repeat("日", 499), slug: "a"},
		"a" + strings.Repeat("日", 500):      {field: "name", code: "max_length", text: "Ensure this field has no more than 500 characters."},
		strings.Repeat("a", 101):            {field: "slug", code: "max_length", text: "Ensure this value has at most 100 characters (it has 101)."},
		"":                                  {field: "name", code: "blank", text: "This field may not be blank."},
		" \t ":                              {field: "name", code: "blank", text: "This field may not be blank."},
		"a\x00b":                            {field: "name", code: "null_characters_not_allowed", text: "Null characters are not allowed."},
		"日本":                                {field: "name", code: "no_slug", text: "Enter a name with at least one letter or digit."},
		"2F7F162F E7D1421B90E702BFBFBF8DEF": {field: "name", code: "reserved", text: `Room name "2F7F162F E7D1421B90E702BFBFBF8DEF" is reserved.`},
		"Creation callback":                 {field: "name", code: "reserved", text: `Room name "Creation callback" is reserved.`},
		"webhooks-livekit":                  {field: "name", code: "reserved", text: `Room name "webhooks-livekit" is reserved.`},
		hex32:                               {field: "name", code: "reserved", text: `Room name "` + hex32 + `" is reserved.`},
		"x" + hex32:                         {name: "x" + hex32, slug: "x" + hex32},
	} {
		name, slug, wrong := parseName(input)
		if name != want.name || slug != want.slug {
			t.Errorf("parseName(%q) = %q, %q", input, name, slug)
		}
		switch wanted := (apierr.Violation{Field: want.field, Code: want.code, Text: want.text}); {
		case want.field == "" && wrong != nil:
			t.Errorf("parseName(%q): %v", input, *wrong)
		case want.field != "" && (wrong == nil || *wrong != wanted):
			t.Errorf("parseName(%q): %v, want %v", input, wrong, wanted)
		}
	}
}
