package web

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// Forms say lists and objects by the names of their fields.
func TestFormObject(t *testing.T) {
	for form, want := range map[string]string{
		"name=a":                  `{"name":"a"}`,
		"name=a&name=b":           `{"name":"b"}`,
		"name=":                   `{"name":""}`,
		"emails=a":                `{"emails":["a"]}`,
		"emails=a&emails=b":       `{"emails":["a","b"]}`,
		"emails[1]=b&emails[0]=a": `{"emails":["a","b"]}`,
		"configuration.everyone_can_mute=true&configuration.can_publish_sources=camera":                   `{"configuration":{"can_publish_sources":["camera"],"everyone_can_mute":"true"}}`,
		"configuration.can_publish_sources[0]=camera&configuration.can_publish_sources[1]=microphone&a=1": `{"a":"1","configuration":{"can_publish_sources":["camera","microphone"]}}`,
		"numbers[0].number=1&numbers[0].kind=local&numbers[1].number=2":                                   `{"numbers":[{"kind":"local","number":"1"},{"number":"2"}]}`,
		"a[0][0]=x": `{"a":[["x"]]}`,
		// What is no path is a name.
		".a=1&a.=2&[0]=3&a[x]=4&a[-1]=5&a[0=6": `{".a":"1","[0]":"3","a.":"2","a[-1]":"5","a[0":"6","a[x]":"4"}`,
		strings.Repeat("a.", 100) + "a=1":      `{"` + strings.Repeat("a.", 100) + `a":"1"}`,
		"a%FF=%FF":                             `{"a�":"�"}`,
	} {
		values, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		object, err := formObject(values, "Form")
		if err != nil {
			t.Errorf("%.60s: %v", form, err)
		}
		if got, err := json.Marshal(object); err != nil || string(got) != want {
			t.Errorf("%.60s: %s, %v, want %s", form, got, err, want)
		}
	}
	for _, form := range []string{"a=1&a.b=2", "a=1&a[0]=2", "a.b=1&a[0]=2", "a[1]=1", "a[0]=1&a[9999]=2", "a.b=1&a.b.c=2", "a[0]=1&a[0].b=2"} {
		values, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		if object, err := formObject(values, "Form"); err == nil {
			t.Errorf("%s: %v", form, object)
		}
	}
}
