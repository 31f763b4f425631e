package contract

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// target is what hostile input is sent to: things that exist, and people whom
// each operation lets in, so that a refusal is one of the input.
type target struct {
	operator *browser
	// inMeeting has the token of a meeting, application that of an application.
	inMeeting, application *browser
	// ids stand in paths, by the path before them.
	ids map[string]string
	// good are values that fields take, by name, as JSON; at the end of a path
	// that takes another one, by that.
	good     map[string]string
	goodElse map[string]map[string]string
	made     int
}

const operatorEmail = "operator@example.org"

// newTarget makes what is attacked. The operator is in the meeting of the room.
func newTarget(t *testing.T, d *deployment) *target {
	t.Helper()
	operator := d.login(t, operatorEmail)
	room := operator.createRoom(t, "hostile")
	url, token := connection(t, room)
	present := join(t, url, token).LocalParticipant.Identity()
	d.participants(t, room["id"].(string), 1)
	trunk := operator.createTrunk(t, "Carrier", "+33199000123", 10)["id"].(string)
	me := operator.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/users/me/", nil).json["id"].(string)
	member := d.login(t, "member@example.org").must(t, http.StatusOK, http.MethodGet, "/api/v1.0/users/me/", nil).json["id"].(string)
	access := operator.must(t, http.StatusCreated, http.MethodPost, "/api/v1.0/resource-accesses/", map[string]any{
		"user": member, "resource": room["id"],
	}).json["id"].(string)
	create := func(name string) (id, secret string) {
		made := operator.must(t, http.StatusCreated, http.MethodPost, "/api/v1.0/applications/", map[string]any{
			"name": name, "scopes": []string{"rooms:list", "rooms:create", "rooms:retrieve"}, "allowed_domains": []string{"example.org"},
		}).json
		return made["client_id"].(string), made["client_secret"].(string)
	}
	attacked, _ := create("attacked")
	id, secret := create("attacker")
	issued := operator.must(t, http.StatusOK, http.MethodPost, "/external-api/v1.0/application/token/", map[string]any{
		"client_id": id, "client_secret": secret, "grant_type": "client_credentials", "scope": operatorEmail,
	}).json
	quoted := func(text string) string { return fmt.Sprintf("%q", text) }
	good := map[string]string{
		"access_level": `"restricted"`, "callback_id": `"c"`, "configuration": `{}`, "phone_access": `"lobby"`, "phone_country": `"FR"`, "revoke": `true`,
		"active": `true`, "allowed_domains": `["example.org"]`, "scopes": `["rooms:list"]`,
		"resource": quoted(room["id"].(string)), "role": `"member"`, "user": quoted(member),
		"allow_entry": `true`, "participant_id": `"0b7c3f0e-8c2e-4b7a-9f55-3f3a7d1c9e10"`, "emails": `["a@example.org"]`,
		"participant_identity": `"0b7c3f0e-8c2e-4b7a-9f55-3f3a7d1c9e10"`, "track_sid": `"TR_x"`, "username": `"Gil"`, "raised": `true`,
		"attributes": `{"a":"b"}`, "metadata": `{"a":1}`, "permission": `{"can_publish":true}`,
		"call_id": `"SCL_x"`, "caller": `"+33612345678"`, "number": `"+33199000123"`, "pin": `"0123456789"`, "source_ip": `"127.0.0.1"`,
		"trunk_id": quoted(trunk), "country": `"FR"`, "kind": `"local"`, "label": `"Paris"`,
		"allowed_addresses": `["127.0.0.0/8"]`, "arming": `"always"`, "auth_username": `"u"`, "auth_password": `"p"`, "guard": `"auto"`,
		"livekit_trunk_id": `""`, "max_calls": `1`, "max_pending": `1`, "numbers": `[]`, "pin_length": `10`, "state": `"active"`,
		"default_room_access_level": `"public"`, "default_room_configuration": `{}`, "language": `"en-us"`, "timezone": `"UTC"`,
		"client_id": quoted(id), "client_secret": quoted(secret), "grant_type": `"client_credentials"`, "scope": quoted(operatorEmail),
	}
	return &target{
		operator: operator, inMeeting: d.visitor(t).inMeeting(token), application: d.visitor(t).inMeeting(issued["access_token"].(string)),
		ids: map[string]string{
			"rooms": room["id"].(string), "users": me, "trunks": trunk, "calls": "SCL_x", "numbers": "+33199000199", "applications": attacked,
			"resource-accesses": access,
		},
		good: good,
		goodElse: map[string]map[string]string{
			"/mute-participant": {"participant_identity": quoted(present)}, // LiveKit looks for an absent one for seconds
			"/numbers":          {"number": `"+33199000199"`},
		},
	}
}

// who is let in by an operation.
func (g *target) who(o operation) *browser {
	switch {
	case strings.HasPrefix(o.path, "/external-api/v1.0/rooms"):
		return g.application
	case strings.HasSuffix(o.path, "/toggle-hand"), strings.HasSuffix(o.path, "/rename"), strings.HasSuffix(o.path, "/mute-participant"):
		return g.inMeeting
	}
	return g.operator
}

// path is that of an operation on what exists.
func (g *target) path(t *testing.T, o operation) string {
	t.Helper()
	parts := strings.Split(o.path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			if parts[i] = g.ids[parts[i-1]]; parts[i] == "" {
				t.Fatalf("no id for %s", o.path)
			}
		}
	}
	return strings.Join(parts, "/") + "/"
}

// body is a good one, but for the changes.
func (g *target) body(t *testing.T, o operation, changes map[string]string) string {
	t.Helper()
	if o.fields == nil {
		return ""
	}
	g.made++
	fields := make([]string, 0, len(o.fields))
	values := maps.Clone(g.good)
	values["name"] = fmt.Sprintf(`"n%d"`, g.made) // a room's must be new
	maps.Copy(values, g.goodElse[o.path[strings.LastIndex(o.path, "/"):]])
	maps.Copy(values, changes)
	for _, name := range o.fields {
		value, ok := values[name]
		if !ok {
			t.Fatalf("no good value for %s of %s", name, o.path)
		}
		fields = append(fields, fmt.Sprintf("%q:%s", name, value))
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// test fails where an operation finds fault with a good body, or lets nobody in:
// then what is wrong with a hostile one would go unnoticed. That a participant is
// absent comes after all that.
func (g *target) test(t *testing.T, o operation) {
	t.Helper()
	body := g.body(t, o, nil)
	got := g.who(o).do(t, o.method, g.path(t, o), body)
	found := got.status != http.StatusNotFound || got.json["detail"] == nil
	faults := slices.DeleteFunc(slices.Collect(maps.Keys(got.json)), func(key string) bool { return !slices.Contains(o.fields, key) })
	if got.status == http.StatusUnauthorized || got.status == http.StatusForbidden || !found || got.status == http.StatusBadRequest && len(faults) > 0 {
		t.Errorf("%s %s does not take %s: %d %s", o.method, o.path, body, got.status, got.raw)
	}
}
