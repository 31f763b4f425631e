package gateway

import (
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/roomconfig"
)

// wrongRoom is what room would say of a name and a configuration.
func wrongRoom(name string, configuration *structpb.Struct) error {
	wrong := roomconfig.Validate(configuration)
	for i := range wrong {
		wrong[i].Field = "configuration." + wrong[i].Field
	}
	if name == "" {
		wrong = append(wrong, apierr.Violation{Field: "name", Code: "blank", Text: "This field may not be blank."})
	}
	if len(wrong) == 0 {
		return nil
	}
	return apierr.Invalid(wrong...)
}

// TestAllThatIsWrong: a body that both the form and the service find fault with is
// answered with all of it at once, each field once, and only to who has the right.
func TestAllThatIsWrong(t *testing.T) {
	g := start(t, "EXTERNAL_API_ENABLED=true", "APPLICATION_ENABLED=true")
	const (
		api           = "/api/v1.0"
		configuration = `"configuration":[{"type":"extra_forbidden","loc":["foo"],"msg":"Extra inputs are not permitted","input":"1","url":"https://errors.pydantic.dev/2.13/v/extra_forbidden"}]`
		forbidden     = `{"detail":"You do not have permission to perform this action."}`
	)
	for name, c := range map[string]struct {
		method, path, cookie, body string
		status                     int
		want                       string
	}{
		"room":             {"POST", "/rooms/", adaCook, `{"name":"","configuration":{"foo":1}}`, 400, `{` + configuration + `,"name":["This field may not be blank."]}`},
		"room, no name":    {"POST", "/rooms/", adaCook, `{"configuration":{"foo":1},"access_level":"x"}`, 400, `{"access_level":["\"x\" is not a valid choice."],` + configuration + `,"name":["This field is required."]}`},
		"room changed":     {"PATCH", "/rooms/x/", adaCook, `{"access_level":"x","configuration":{"foo":1}}`, 400, `{"access_level":["\"x\" is not a valid choice."],` + configuration + `}`},
		"room, member":     {"PATCH", "/rooms/x/", bobCook, `{"access_level":"x","configuration":{"foo":1}}`, 403, forbidden},
		"room, none":       {"PUT", "/rooms/unknown/", adaCook, `{"access_level":"x"}`, 404, `{"detail":"No Room matches the given query."}`},
		"user":             {"PATCH", "/users/" + ada + "/", adaCook, `{"language":"xx","timezone":"Mars/Base"}`, 400, `{"language":["\"xx\" is not a valid choice."],"timezone":["A valid timezone is required."]}`},
		"another user":     {"PUT", "/users/" + bob + "/", adaCook, `{"language":"xx"}`, 403, forbidden},
		"application":      {"POST", "/applications/", adaCook, `{"scopes":["nonsense"]}`, 400, `{"name":["This field is required."],"scopes":{"0":["No."]}}`},
		"application, bob": {"POST", "/applications/", bobCook, `{"scopes":["nonsense"]}`, 403, `{"detail":"Only operators may do this."}`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := g.ask(t, c.method, api+c.path, c.cookie, c.body)
			if resp.StatusCode != c.status || body != c.want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, c.status, c.want)
			}
		})
	}
}
