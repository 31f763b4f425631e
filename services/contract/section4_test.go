package contract

import (
	"reflect"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// testCore is section 4 of the contract, as far as the tests of a subject do not
// show it: the order in which an endpoint looks at things, and its bodies.
func testCore(t *testing.T, d *deployment) {
	c := &core{d: d, ada: d.login(t, "core@example.org"), grace: d.login(t, "core-stranger@example.org"), guest: d.visitor(t)}
	c.room = c.ada.must(t, 201, "POST", roomsPath, map[string]any{"name": "core", "access_level": "restricted"}).json
	c.path = roomsPath + c.room["id"].(string) + "/"
	t.Run("4.1", c.config)
	t.Run("4.2-4.4", c.users)
	t.Run("4.5-4.7", c.login)
	t.Run("4.8", c.create)
	t.Run("4.9-4.10", c.readAndChange)
	t.Run("4.11-4.13", c.lobby)
	t.Run("4.14-4.17", c.moderation)
	t.Run("4.18-4.19", c.own)
}

// core is a restricted room, its owner, somebody without a role and a visitor.
type core struct {
	d                 *deployment
	ada, grace, guest *browser
	room              map[string]any
	path              string
}

const nowhere = roomsPath + "no-such-room/"

func (c *core) config(t *testing.T) {
	got := c.guest.must(t, 200, "GET", "/api/v1.0/config/", nil)
	for _, part := range []string{
		`{"LANGUAGE_CODE":"en-us",`, `"recording":{"is_enabled":false,`, `"background_image":{"upload_is_enabled":false,`, `"subtitle":{"enabled":false}`,
		`"telephony":{"enabled":true,"default_country":"FR","international_phone_number":"+33 1 99 00 01 23"}`,
		`"livekit":{"url":"` + c.d.livekit.URL + `","force_wss_protocol":false,"enable_firefox_proxy_workaround":false,"default_sources":["camera","microphone","screen_share","screen_share_audio"]}`,
		`"analytics":{}`, `"support":{}`, `"feedback":{}`, `"resource":{"default_access_level":"public"}`, `"diagnostics":{"connection_test_enabled":true}`,
		`"max_participants_for_sound":5`, `"auto_mute_on_join_threshold":50`, `"authenticated_users_can_edit_display_name":true`,
	} {
		if !strings.Contains(got.raw, part) {
			t.Errorf("%s lacks %s", got.raw, part)
		}
	}
}

func (c *core) users(t *testing.T) {
	me := "/api/v1.0/users/" + c.ada.userID(t) + "/"
	other := "/api/v1.0/users/" + c.grace.userID(t) + "/"
	who := `{"id":"` + c.ada.userID(t) + `","email":"core@example.org","full_name":"Core","short_name":"Core","timezone":"UTC","language":"en-us","default_room_access_level":null,"default_room_configuration":{}}`
	const choice = `{"language":["\"xx\" is not a valid choice."]}`
	testLines(t, []line{
		{"me", c.ada, "GET", mePath, nil, 200, who},
		{"a visitor", c.guest, "GET", mePath, nil, 401, anonymousBody},
		{"only oneself", c.ada, "PUT", other, map[string]any{"timezone": "UTC"}, 403, forbiddenBody},
		{"an unknown user", c.ada, "PUT", "/api/v1.0/users/00000000-0000-4000-8000-000000000000/", map[string]any{"timezone": "UTC"}, 404, `{"detail":"No User matches the given query."}`},
		{"a malformed id", c.ada, "PUT", "/api/v1.0/users/x/", map[string]any{"timezone": "UTC"}, 404, notFoundBody},
		{"no retrieval", c.ada, "GET", me, nil, 405, `{"detail":"Method \"GET\" not allowed."}`},
		{"no deletion", c.ada, "DELETE", me, nil, 405, `{"detail":"Method \"DELETE\" not allowed."}`},
		{"PUT wants the time zone", c.ada, "PUT", me, map[string]any{"language": "fr-fr"}, 400, `{"timezone":["This field is required."]}`},
		{"language", c.ada, "PATCH", me, map[string]any{"language": "xx"}, 400, choice},
		{"PATCH needs nothing", c.ada, "PATCH", me, map[string]any{}, 200, who},
		{"read-only fields", c.ada, "PATCH", me, map[string]any{"id": "x", "email": "other@example.org", "full_name": "Other", "short_name": "O"}, 200, who},
		{"old names of zones, as sent", c.ada, "PUT", me, map[string]any{"timezone": "Asia/Calcutta", "language": "de-de"}, 200, strings.NewReplacer(`"UTC"`, `"Asia/Calcutta"`, "en-us", "de-de").Replace(who)},
		{"the same again", c.ada, "PUT", me, map[string]any{"timezone": "UTC", "language": "en-us"}, 200, who},
		{"default level", c.ada, "PATCH", me, map[string]any{"default_room_access_level": "trusted"}, 200, `~"default_room_access_level":"trusted"`},
		{"no default level", c.ada, "PATCH", me, map[string]any{"default_room_access_level": ""}, 200, `~"default_room_access_level":""`},
		{"null as default level", c.ada, "PATCH", me, map[string]any{"default_room_access_level": nil}, 200, who},
		{"a wrong default level", c.ada, "PATCH", me, map[string]any{"default_room_access_level": "secret"}, 400, `{"default_room_access_level":["\"secret\" is not a valid choice."]}`},
		{"null as default configuration", c.ada, "PATCH", me, map[string]any{"default_room_configuration": nil}, 400, `{"default_room_configuration":["This field may not be null."]}`},
	})
}

// login: the rest of 4.5 to 4.7 needs an identity provider, see TestIdentityProvider.
func (c *core) login(t *testing.T) {
	for _, b := range []*browser{c.guest, c.d.login(t, "core-leaves@example.org")} {
		for _, path := range []string{"/api/v1.0/logout-callback/", "/api/v1.0/logout"} {
			if got := b.noRedirects().must(t, 302, "GET", path, nil); got.header.Get("Location") != "/" {
				t.Errorf("%s leads to %s", path, got.header.Get("Location"))
			}
		}
		b.must(t, 401, "GET", mePath, nil)
	}
	leaves := c.d.login(t, "core-leaves@example.org")
	leaves.noRedirects().must(t, 302, "GET", "/api/v1.0/logout-callback/", nil) // without a state nobody is logged out
	leaves.must(t, 200, "GET", mePath, nil)
	leaves.noRedirects().must(t, 302, "POST", "/api/v1.0/logout/", nil)
	leaves.must(t, 401, "GET", mePath, nil)
	if got := c.guest.noRedirects().must(t, 302, "GET", "/api/v1.0/callback/?code=c&state=s", nil); got.header.Get("Location") != "/" {
		t.Errorf("a log-in that nobody began: %s", got.header.Get("Location"))
	}
}

func (c *core) create(t *testing.T) {
	b := c.d.login(t, "core-creator@example.org")
	me := "/api/v1.0/users/" + b.userID(t) + "/"
	create := func(name string, more ...any) *answer {
		body := map[string]any{"name": name}
		for i := 0; i < len(more); i += 2 {
			body[more[i].(string)] = more[i+1]
		}
		return b.must(t, 201, "POST", roomsPath+"?username=Creator", body)
	}
	// The whole body, with what is drawn taken from it.
	got := create("core-created", "pin_code", "1", "id", "x")
	r := got.json
	access := r["accesses"].([]any)[0].(map[string]any)["id"].(string)
	_, token := connection(t, r)
	want := `{"id":"` + r["id"].(string) + `","name":"core-created","slug":"core-created","configuration":{},"access_level":"public","pin_code":"` + r["pin_code"].(string) +
		`","accesses":[{"id":"` + access + `","user":{"id":"` + b.userID(t) + `","email":"core-creator@example.org","full_name":"Core Creator","short_name":"Core","timezone":"UTC",` +
		`"language":"en-us","default_room_access_level":null,"default_room_configuration":{}},"resource":"` + r["id"].(string) + `","role":"owner"}],` +
		`"livekit":{"url":"` + c.d.livekit.URL + `","room":"` + r["id"].(string) + `","token":"` + token + `"}`
	if sorted := sortedJSON(t, got.raw, "dial_in", "phone_access"); sorted != sortedJSON(t, want+"}") {
		t.Errorf("created:\n got %s\nwant %s", sorted, sortedJSON(t, want+"}"))
	}
	if claimsOf(t, token)["name"] != "Creator" {
		t.Errorf("name in the token: %v", claimsOf(t, token)["name"])
	}
	// With nothing left to defaults the owner is shown as whole.
	full := create("core-all-said", "access_level", "trusted", "configuration", map[string]any{"everyone_can_mute": true}).json["accesses"].([]any)[0].(map[string]any)["user"]
	if owner := r["accesses"].([]any)[0].(map[string]any)["user"]; !reflect.DeepEqual(full, owner) {
		t.Errorf("the owner is %v, then %v", owner, full)
	}
	// A user's defaults come before the server's, and what is sent before both.
	b.must(t, 200, "PATCH", me, map[string]any{"default_room_access_level": "trusted", "default_room_configuration": map[string]any{"everyone_can_mute": false}})
	for name, c := range map[string]struct {
		room  *answer
		wants string
	}{
		"nothing sent":     {create("core-defaults-1"), `"configuration":{"everyone_can_mute":false},"access_level":"trusted"`},
		"an empty object":  {create("core-defaults-2", "configuration", map[string]any{}), `"configuration":{"everyone_can_mute":false},"access_level":"trusted"`},
		"everything given": {create("core-defaults-3", "access_level", "restricted", "configuration", map[string]any{"everyone_can_mute": true}), `"configuration":{"everyone_can_mute":true},"access_level":"restricted"`},
	} {
		if !strings.Contains(c.room.raw, c.wants) {
			t.Errorf("%s: %s, want %s", name, c.room.raw, c.wants)
		}
	}
	b.must(t, 200, "PATCH", me, map[string]any{"default_room_access_level": "", "default_room_configuration": map[string]any{}})
	if room := create("core-defaults-4"); !strings.Contains(room.raw, `"configuration":{},"access_level":"public"`) {
		t.Errorf("no defaults any more: %s", room.raw)
	}
}

func (c *core) readAndChange(t *testing.T) {
	id := c.room["id"].(string)
	closed := `{"id":"` + id + `","name":"core","slug":"core","configuration":{},"access_level":"restricted"}`
	testLines(t, []line{
		{"GET by a visitor", c.guest, "GET", c.path + "?username=Gil", nil, 200, closed},
		{"GET by a stranger", c.grace, "GET", roomsPath + "core/", nil, 200, closed},
		{"GET of nothing", c.guest, "GET", nowhere, nil, 404, noRoomBody},
		{"PATCH by a visitor", c.guest, "PATCH", nowhere, map[string]any{}, 401, anonymousBody},
		{"PATCH of nothing, wrongly", c.ada, "PATCH", nowhere, map[string]any{"access_level": "x"}, 404, noRoomBody},
		{"PATCH by a stranger, wrongly", c.grace, "PATCH", c.path, map[string]any{"access_level": "x"}, 403, forbiddenBody},
		{"PATCH wrongly", c.ada, "PATCH", c.path, map[string]any{"access_level": "x", "name": ""}, 400, `{"access_level":["\"x\" is not a valid choice."],"name":["This field may not be blank."]}`},
		{"PATCH nothing", c.ada, "PATCH", c.path, map[string]any{}, 200, ""},
		{"PATCH replaces", c.ada, "PATCH", c.path, map[string]any{"configuration": map[string]any{"everyone_can_mute": true}}, 200, `~"configuration":{"everyone_can_mute":true}`},
		{"PATCH replaces again", c.ada, "PATCH", c.path, map[string]any{"configuration": map[string]any{"can_publish_sources": []string{"camera"}}}, 200, `~"configuration":{"can_publish_sources":["camera"]}`},
		{"PATCH to nothing", c.ada, "PATCH", c.path, map[string]any{"configuration": map[string]any{}}, 200, `~"configuration":{}`},
	})
	one, two := c.ada.must(t, 200, "GET", c.path, nil).json, c.ada.must(t, 200, "PATCH", c.path+"?username=Renamed", map[string]any{}).json
	_, first := connection(t, one)
	_, second := connection(t, two)
	if claimsOf(t, first)["sub"] != claimsOf(t, second)["sub"] || claimsOf(t, second)["name"] != "Renamed" {
		t.Errorf("tokens of one person: %v, %v", claimsOf(t, first), claimsOf(t, second))
	}
	// Each GET of a visitor is a new identity.
	c.ada.must(t, 200, "PATCH", c.path, map[string]any{"access_level": "public"})
	_, first = connection(t, c.guest.must(t, 200, "GET", c.path, nil).json)
	_, second = connection(t, c.guest.must(t, 200, "GET", c.path, nil).json)
	if claimsOf(t, first)["sub"] == claimsOf(t, second)["sub"] {
		t.Error("two visits, one identity")
	}
	c.ada.must(t, 200, "PATCH", c.path, map[string]any{"access_level": "restricted"})
}

func (c *core) lobby(t *testing.T) {
	open := c.ada.createRoom(t, "core-open")["id"].(string)
	someone := map[string]any{"participant_id": "00000000-0000-4000-8000-000000000000", "allow_entry": true}
	testLines(t, []line{
		{"4.11/body before the room", c.guest, "POST", nowhere + "request-entry/", nil, 400, `{"username":["This field is required."]}`},
		{"4.11/blank", c.guest, "POST", c.path + "request-entry/", map[string]any{"username": " "}, 400, `{"username":["This field may not be blank."]}`},
		{"4.11/unknown room", c.guest, "POST", nowhere + "request-entry/", map[string]any{"username": "a"}, 404, noRoomBody},
		{"4.12/visitor", c.guest, "GET", nowhere + "waiting-participants/", nil, 401, anonymousBody},
		{"4.12/unknown room", c.grace, "GET", nowhere + "waiting-participants/", nil, 404, noRoomBody},
		{"4.12/stranger", c.grace, "GET", c.path + "waiting-participants/", nil, 403, unprivilegedBody},
		{"4.12/public room", c.ada, "GET", roomsPath + open + "/waiting-participants/", nil, 200, `{"participants":[]}`},
		{"4.13/visitor", c.guest, "POST", nowhere + "enter/", nil, 401, anonymousBody},
		{"4.13/body before the room", c.grace, "POST", nowhere + "enter/", map[string]any{"participant_id": 7}, 400, `{"allow_entry":["This field is required."],"participant_id":["Must be a valid UUID."]}`},
		{"4.13/unknown room", c.grace, "POST", nowhere + "enter/", someone, 404, noRoomBody},
		{"4.13/stranger", c.grace, "POST", roomsPath + open + "/enter/", someone, 403, unprivilegedBody},
		{"4.13/public room", c.ada, "POST", roomsPath + open + "/enter/", someone, 404, `{"message":"Room has no lobby system."}`},
		{"4.13/nobody", c.ada, "POST", c.path + "enter/", someone, 404, `{"message":"Participant not found."}`},
		{"4.13/body", c.ada, "POST", c.path + "enter/", map[string]any{"participant_id": nil, "allow_entry": nil}, 400, `{"allow_entry":["This field may not be null."],"participant_id":["This field may not be null."]}`},
	})
}

func (c *core) moderation(t *testing.T) {
	id := c.room["id"].(string)
	in := c.ada.inMeeting(c.d.meetingToken(t, id, "not-there", nil))
	elsewhere := c.ada.inMeeting(c.d.meetingToken(t, "elsewhere", "not-there", func(jwt.MapClaims) {}))
	whom := map[string]any{"participant_identity": "a", "track_sid": "TR_1"}
	const absent = `{"error":"Participant not found"}`
	const both = `{"participant_identity":["This field is required."],"track_sid":["This field is required."]}`
	testLines(t, []line{
		{"4.14/visitor", c.guest, "POST", c.path + "mute-participant/", whom, 403, anonymousBody},
		{"4.14/unknown room", c.grace, "POST", nowhere + "mute-participant/", nil, 404, noRoomBody},
		{"4.14/stranger, before the body", c.grace, "POST", c.path + "mute-participant/", nil, 403, forbiddenBody},
		{"4.14/a token of elsewhere", elsewhere, "POST", c.path + "mute-participant/", nil, 403, forbiddenBody},
		{"4.14/a bad token, no fallback", c.ada.inMeeting("x"), "POST", c.path + "mute-participant/", whom, 403, `~Invalid LiveKit token: `},
		{"4.14/body", c.ada, "POST", c.path + "mute-participant/", nil, 400, both},
		{"4.14/body, by token", in, "POST", c.path + "mute-participant/", nil, 400, both},
		{"4.14/long track", c.ada, "POST", c.path + "mute-participant/", map[string]any{"participant_identity": "a", "track_sid": strings.Repeat("x", 256)}, 400, `{"track_sid":["Ensure this field has no more than 255 characters."]}`},
		{"4.14/caller is not there", in, "POST", c.path + "mute-participant/", whom, 403, `{"error":"Could not verify caller presence"}`},
		{"4.14/nobody", c.ada, "POST", c.path + "mute-participant/", whom, 404, absent},
		{"4.15/visitor", c.guest, "POST", nowhere + "remove-participant/", nil, 401, anonymousBody},
		{"4.15/unknown room", c.ada, "POST", nowhere + "remove-participant/", nil, 404, noRoomBody},
		{"4.15/stranger", c.grace, "POST", c.path + "remove-participant/", nil, 403, unprivilegedBody},
		{"4.15/body", c.ada, "POST", c.path + "remove-participant/", map[string]any{"participant_identity": ""}, 400, `{"participant_identity":["This field may not be blank."]}`},
		{"4.15/nobody", c.ada, "POST", c.path + "remove-participant/", whom, 404, absent},
		{"4.16/visitor", c.guest, "POST", nowhere + "update-participant/", nil, 401, anonymousBody},
		{"4.16/unknown room", c.ada, "POST", nowhere + "update-participant/", nil, 404, noRoomBody},
		{"4.16/stranger", c.grace, "POST", c.path + "update-participant/", nil, 403, unprivilegedBody},
		{"4.16/nothing", c.ada, "POST", c.path + "update-participant/", map[string]any{"participant_identity": "a", "name": "", "metadata": nil}, 400,
			`{"non_field_errors":["At least one of the following fields must be provided: metadata, attributes, permission, name."]}`},
		{"4.16/empty objects count", c.ada, "POST", c.path + "update-participant/", map[string]any{"participant_identity": "a", "attributes": map[string]any{}}, 404, absent},
		{"4.16/long name", c.ada, "POST", c.path + "update-participant/", map[string]any{"participant_identity": "a", "name": strings.Repeat("é", 256)}, 400, `{"name":["Ensure this field has no more than 255 characters."]}`},
		{"4.16/unknown permission", c.ada, "POST", c.path + "update-participant/", map[string]any{"participant_identity": "a", "permission": map[string]any{"x": true}}, 400,
			`{"permission":[{"type":"extra_forbidden","loc":["x"],"msg":"Extra inputs are not permitted","input":"True","url":"https://errors.pydantic.dev/2.13/v/extra_forbidden"}]}`},
		{"4.16/hidden", c.ada, "POST", c.path + "update-participant/", map[string]any{"participant_identity": "a", "permission": map[string]any{"hidden": false}}, 400, `~Bad Request (400)`},
		{"4.16/hidden null", c.ada, "POST", c.path + "update-participant/", map[string]any{"participant_identity": "a", "permission": map[string]any{"hidden": nil}}, 404, absent},
		{"4.16/no dictionary", c.ada, "POST", c.path + "update-participant/", map[string]any{"participant_identity": "a", "metadata": "x"}, 400, `{"metadata":["Expected a dictionary of items but got type \"str\"."]}`},
		{"4.17/visitor", c.guest, "POST", nowhere + "update-participant-role/", nil, 401, anonymousBody},
		{"4.17/unknown room", c.grace, "POST", nowhere + "update-participant-role/", nil, 404, noRoomBody},
		{"4.17/stranger", c.grace, "POST", c.path + "update-participant-role/", nil, 403, unprivilegedBody},
		{"4.17/not there, before the body", c.ada, "POST", c.path + "update-participant-role/", nil, 403, `{"detail":"You must be connected to the meeting to perform this action."}`},
	})
}

func (c *core) own(t *testing.T) {
	in := c.guest.inMeeting(c.d.meetingToken(t, c.room["id"].(string), "not-there", nil))
	const absent = `{"error":"Participant not found"}`
	testLines(t, []line{
		{"4.18/unknown room", in, "POST", nowhere + "toggle-hand/", nil, 404, noRoomBody},
		{"4.18/no token", c.ada, "POST", c.path + "toggle-hand/", map[string]any{"raised": true}, 403, anonymousBody},
		{"4.18/required", in, "POST", c.path + "toggle-hand/", nil, 400, `{"raised":["This field is required."]}`},
		{"4.18/no boolean", in, "POST", c.path + "toggle-hand/", map[string]any{"raised": "up"}, 400, `{"raised":["Must be a valid boolean."]}`},
		{"4.18/nobody", in, "POST", c.path + "toggle-hand/", map[string]any{"raised": false}, 404, absent},
		{"4.19/required", in, "POST", c.path + "rename/", nil, 400, `{"name":["This field is required."]}`},
		{"4.19/blank", in, "POST", c.path + "rename/", map[string]any{"name": "  "}, 400, `{"name":["This field may not be blank."]}`},
		{"4.19/long", in, "POST", c.path + "rename/", map[string]any{"name": strings.Repeat("é", 256)}, 400, `{"name":["Ensure this field has no more than 255 characters."]}`},
		{"4.19/255", in, "POST", c.path + "rename/", map[string]any{"name": strings.Repeat("e", 255)}, 404, absent},
	})
}
