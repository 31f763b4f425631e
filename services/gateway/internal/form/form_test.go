package form

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
)

// value reads JSON; an empty text is an absent key.
func value(t *testing.T, text string) *structpb.Value {
	t.Helper()
	if text == "" {
		return nil
	}
	v := &structpb.Value{}
	if err := v.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return v
}

func violations(f *Form) []apierr.Violation {
	if err := apierr.From(f.Err()); err != nil {
		return err.Violations
	}
	return nil
}

// texts returns what a form found wrong with one field.
func texts(f *Form) string {
	var all string
	for _, v := range violations(f) {
		all += v.Text
	}
	return all
}

func TestString(t *testing.T) {
	for name, c := range map[string]struct {
		json  string
		rules Rules
		want  string
		given bool
		wrong string
	}{
		"plain":            {`" a "`, Rules{}, "a", true, ""},
		"number":           {`12.5`, Rules{}, "12.5", true, ""},
		"large number":     {`1234567890`, Rules{}, "1234567890", true, ""},
		"absent":           {``, Rules{}, "", false, ""},
		"required":         {``, Rules{Required: true}, "", false, "This field is required."},
		"null":             {`null`, Rules{}, "", false, "This field may not be null."},
		"null allowed":     {`null`, Rules{Null: true}, "", true, ""},
		"blank":            {`" "`, Rules{}, "", false, "This field may not be blank."},
		"blank allowed":    {`" "`, Rules{Blank: true}, "", true, ""},
		"boolean":          {`true`, Rules{}, "", false, "Not a valid string."},
		"list":             {`[]`, Rules{}, "", false, "Not a valid string."},
		"NUL":              {`"a\u0000b"`, Rules{}, "", false, "Null characters are not allowed."},
		"two characters":   {`"éé"`, Rules{Max: 2}, "éé", true, ""},
		"three of two":     {`"ééé"`, Rules{Max: 2}, "", false, "Ensure this field has no more than 2 characters."},
		"object":           {`{}`, Rules{}, "", false, "Not a valid string."},
		"inner space kept": {`"a b"`, Rules{}, "a b", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var f Form
			got, given := f.String("x", value(t, c.json), c.rules)
			if got != c.want || given != c.given || texts(&f) != c.wrong {
				t.Errorf("%q %v %q", got, given, texts(&f))
			}
		})
	}
}

func TestOtherFields(t *testing.T) {
	choices := []string{"a", "b"}
	for json, wrong := range map[string]string{`"a"`: "", `"c"`: `"c" is not a valid choice.`, `true`: `"true" is not a valid choice.`, `""`: `"" is not a valid choice.`, `null`: "This field may not be null."} {
		var f Form
		if _, ok := f.Choice("x", value(t, json), choices, Rules{}); ok != (wrong == "") || texts(&f) != wrong {
			t.Errorf("choice %s: %q", json, texts(&f))
		}
	}
	for json, wrong := range map[string]string{
		`4`: "", `"16"`: "", `3`: "Ensure this value is greater than or equal to 4.", `17`: "Ensure this value is less than or equal to 16.",
		`4.5`: "A valid integer is required.", `"x"`: "A valid integer is required.", `[]`: "A valid integer is required.", `1e300`: "Ensure this value is less than or equal to 16.",
	} {
		var f Form
		if _, ok := f.Int("x", value(t, json), 4, 16, Rules{}); ok != (wrong == "") || texts(&f) != wrong {
			t.Errorf("int %s: %q", json, texts(&f))
		}
	}
	for json, want := range map[string]bool{`true`: true, `"Yes"`: true, `1`: true, `"on"`: true, `false`: false, `"0"`: false, `"n"`: false} {
		var f Form
		if got, ok := f.Bool("x", value(t, json), Rules{}); got != want || !ok {
			t.Errorf("bool %s: %v %v", json, got, ok)
		}
	}
	var f Form
	if _, ok := f.Bool("x", value(t, `"maybe"`), Rules{}); ok || texts(&f) != "Must be a valid boolean." {
		t.Errorf("bool: %q", texts(&f))
	}
}

func TestUUID(t *testing.T) {
	const id = "33333333-2222-4333-8444-abcdefabcdef"
	for json, want := range map[string]string{
		`"` + id + `"`: id, `"33333333-2222-4333-8444-ABCDEFABCDEF"`: id, `"33333333222243338444abcdefabcdef"`: id,
		`""`: "", `"x"`: "", `7`: "", `{}`: "",
	} {
		var f Form
		got, ok := f.UUID("x", value(t, json), Rules{})
		if got != want || ok != (want != "") || (texts(&f) == "Must be a valid UUID.") == ok {
			t.Errorf("%s: %q %v %q", json, got, ok, texts(&f))
		}
	}
}

func TestNested(t *testing.T) {
	var f Form
	if _, ok := f.Strings("x", value(t, `["a",null,{}]`), Rules{}); ok {
		t.Error("a list with wrong items passed")
	}
	f.Object("y.0", value(t, `7.5`))
	f.Configuration("c", value(t, `[]`))
	got, err := json.Marshal(violations(&f))
	want := `[{"Field":"x.1","Code":"null","Text":"This field may not be null."},{"Field":"x.2","Code":"invalid","Text":"Not a valid string."},` +
		`{"Field":"y.0.non_field_errors","Code":"invalid","Text":"Invalid data. Expected a dictionary, but got float."},` +
		`{"Field":"c","Code":"model_type","Text":"Input should be a valid dictionary or instance of RoomConfiguration"}]`
	if err != nil || string(got) != want {
		t.Errorf("%s %v", got, err)
	}
}

// Whatever comes in, a field is either good or has a text that says why not.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{`null`, `"a"`, `" \u0000"`, `1e308`, `-0`, `[1,"a",[null]]`, `{"a":{}}`, `true`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := &structpb.Value{}
		if v.UnmarshalJSON([]byte(text)) != nil {
			return
		}
		var form Form
		got, ok := form.String("x", v, Rules{Max: 10})
		if ok == (form.Err() != nil) || utf8.RuneCountInString(got) > 10 {
			t.Errorf("%q: %q %v %v", text, got, ok, form.Err())
		}
		form.Strings("x", v, Rules{})
		form.Int("x", v, 0, 10, Rules{})
		form.Choice("x", v, []string{"a"}, Rules{})
		form.Object("x", v)
	})
}

func TestKey(t *testing.T) {
	const id = "33333333-2222-4333-8444-abcdefabcdef"
	for json, wrong := range map[string]string{
		`"` + id + `"`: "", `"33333333-2222-4333-8444-ABCDEFABCDEF"`: "", `null`: "This field may not be null.", `""`: "This field may not be null.",
		`"x"`: "“x” is not a valid UUID.", `7`: "“7” is not a valid UUID.", `{}`: "“{}” is not a valid UUID.",
		`true`: "Incorrect type. Expected pk value, received bool.",
	} {
		var f Form
		if got, ok := f.Key("x", value(t, json), Rules{}); ok != (wrong == "") || ok != (got == id) || texts(&f) != wrong {
			t.Errorf("%s: %q %v %q", json, got, ok, texts(&f))
		}
	}
	var f Form
	if _, ok := f.Key("x", nil, Rules{Required: true}); ok || texts(&f) != "This field is required." {
		t.Errorf("absent: %q", texts(&f))
	}
}
