package contract

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestApplications goes the whole way of machines: from the operator's command
// line to a room and to the answer for a SIP bridge.
func TestApplications(t *testing.T) {
	enabled := []string{"EXTERNAL_API_ENABLED", "true", "APPLICATION_ENABLED", "true", "APPLICATION_BASE_URL", "https://meet.example.org"}
	for name, start := range map[string]func(t *testing.T) *deployment{
		"standalone on SQLite": func(t *testing.T) *deployment { return startStandalone(t, "", enabled...) },
		"split on PostgreSQL":  func(t *testing.T) *deployment { return startSplit(t, splitOptions{more: enabled}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			d.login(t, "operator@example.org").createTrunk(t, "Carrier", "+33199000123", 10)
			testApplications(t, d)
		})
	}
}

// credentials are what an application holds.
type credentials struct {
	id, secret string
}

// application adds an application by the operator's command line.
func (d *deployment) application(t *testing.T, args ...string) credentials {
	t.Helper()
	var made struct {
		Application struct {
			ID string `json:"client_id"`
		}
		Secret string `json:"client_secret"`
	}
	out := d.mustParley(t, append([]string{"application", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Secret == "" {
		t.Fatalf("%s: %v", out, err)
	}
	return credentials{made.Application.ID, made.Secret}
}

// askToken asks for a token for the user of an e-mail, or for scopes.
func (d *deployment) askToken(t *testing.T, c credentials, scope string) *answer {
	t.Helper()
	return d.visitor(t).do(t, http.MethodPost, "/external-api/v1.0/application/token/", map[string]any{
		"client_id": c.id, "client_secret": c.secret, "grant_type": "client_credentials", "scope": scope,
	})
}

// machine returns a client that sends an application's token.
func (d *deployment) machine(t *testing.T, c credentials, scope string) *browser {
	t.Helper()
	got := d.askToken(t, c, scope)
	if got.status != http.StatusOK {
		t.Fatalf("token: %d %s", got.status, got.raw)
	}
	return d.visitor(t).inMeeting(got.json["access_token"].(string))
}

func testApplications(t *testing.T, d *deployment) {
	const rooms = "/external-api/v1.0/rooms/"
	ada := d.login(t, "ada.lovelace@example.org")
	calendar := d.application(t, "create", "--name", "Calendar", "--scope", "rooms:create,rooms:list,rooms:retrieve", "--domain", "example.org")

	machine := d.machine(t, calendar, "Ada.Lovelace@example.org")
	made := machine.must(t, http.StatusCreated, http.MethodPost, rooms, map[string]any{"name": "ignored", "access_level": "restricted"})
	id, slug := made.json["id"].(string), made.json["slug"].(string)
	telephony := made.json["telephony"].(map[string]any)
	pin := telephony["pin_code"].(string)
	if slug == "ignored" || made.json["url"] != "https://meet.example.org/"+slug || telephony["phone_number"] != "+33199000123" ||
		strings.Contains(made.raw, "livekit") || strings.Contains(made.raw, "accesses") {
		t.Errorf("made %s", made.raw)
	}
	if got := ada.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/rooms/"+slug+"/", nil); got.json["livekit"] == nil || got.json["pin_code"] != pin {
		t.Errorf("the user's room: %s", got.raw)
	}
	if got := machine.must(t, http.StatusOK, http.MethodGet, rooms, nil); got.json["count"] != 1.0 {
		t.Errorf("list: %s", got.raw)
	}
	machine.must(t, http.StatusOK, http.MethodGet, rooms+id+"/", nil)
	machine.must(t, http.StatusNotFound, http.MethodGet, rooms+slug+"/", nil)
	machine.must(t, http.StatusMethodNotAllowed, http.MethodPatch, rooms+id+"/", map[string]any{})
	machine.must(t, http.StatusBadRequest, http.MethodPost, rooms, map[string]any{"access_level": "public"})
	// The token is no log-in.
	machine.must(t, http.StatusUnauthorized, http.MethodGet, "/api/v1.0/users/me/", nil)
	machine.must(t, http.StatusUnauthorized, http.MethodDelete, "/api/v1.0/rooms/"+id+"/", nil)

	// An operator's application is no operator.
	boss := d.machine(t, calendar, "operator@example.org")
	boss.must(t, http.StatusForbidden, http.MethodGet, rooms+id+"/", nil)
	boss.must(t, http.StatusUnauthorized, http.MethodGet, "/api/v1.0/telephony/trunks/", nil)
	boss.must(t, http.StatusForbidden, http.MethodPost, "/api/v1.0/telephony/resolve/", map[string]any{"number": "+33199000123", "pin": pin})

	for scope, status := range map[string]int{
		"ada@example.com": http.StatusForbidden, "nobody@example.org": http.StatusNotFound, "telephony:resolve": http.StatusForbidden, "x": http.StatusBadRequest,
	} {
		if got := d.askToken(t, calendar, scope); got.status != status {
			t.Errorf("token for %s: %d %s", scope, got.status, got.raw)
		}
	}

	// A bridge is told what a call would be, and never why not.
	bridge := d.machine(t, d.application(t, "create", "--name", "Asterisk", "--scope", "telephony:resolve"), "telephony:resolve")
	public := ada.createRoom(t, "for-the-bridge")
	ada.must(t, http.StatusOK, http.MethodPatch, "/api/v1.0/rooms/for-the-bridge/", map[string]any{"access_level": "public"})
	got := bridge.must(t, http.StatusOK, http.MethodPost, "/api/v1.0/telephony/resolve/",
		map[string]any{"number": "+33199000123", "pin": public["pin_code"], "call_id": "1"})
	if got.json["result"] != "accept" || got.json["room_id"] != public["id"] {
		t.Errorf("resolve: %s", got.raw)
	}
	if got := bridge.must(t, http.StatusOK, http.MethodPost, "/api/v1.0/telephony/resolve/", map[string]any{"number": "+33199000123", "pin": "1", "call_id": "2"}); got.raw != `{"result":"reject"}` {
		t.Errorf("wrong PIN: %s", got.raw)
	}
	bridge.must(t, http.StatusForbidden, http.MethodGet, rooms, nil)

	// Rotation, then the end; tokens follow at once.
	next := d.application(t, "rotate-secret", calendar.id, "--grace", "0s")
	if got := d.askToken(t, calendar, "ada.lovelace@example.org"); got.status != http.StatusUnauthorized {
		t.Errorf("the old secret: %d %s", got.status, got.raw)
	}
	machine = d.machine(t, next, "ada.lovelace@example.org")
	d.mustParley(t, "application", "update", calendar.id, "--active=false")
	if got := machine.must(t, http.StatusUnauthorized, http.MethodGet, rooms, nil); got.raw != `{"detail":"Application is disabled."}` || got.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("disabled: %s %s", got.raw, got.header)
	}
	d.mustParley(t, "application", "delete", calendar.id)
	machine.must(t, http.StatusUnauthorized, http.MethodGet, rooms, nil)
	if out := d.mustParley(t, "application", "list"); strings.Contains(out, calendar.id) || !strings.Contains(out, "Asterisk") {
		t.Errorf("list:\n%s", out)
	}
	for name, p := range d.processes {
		for _, secret := range []string{next.secret, calendar.secret, machine.meeting, bridge.meeting} {
			if strings.Contains(p.logs.String(), secret) {
				t.Errorf("the log of %s has a secret or token", name)
			}
		}
	}
}
