package contract

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// testOtherClients is section 6.1 to 6.4 of the contract, as far as the tests of
// a subject do not show it.
func testOtherClients(t *testing.T, d *deployment) {
	ada, grace, guest := d.login(t, "others@example.org"), d.login(t, "others-admin@example.org"), d.visitor(t)
	stranger := d.login(t, "others-stranger@example.org")
	room := ada.createRoom(t, "others")
	id := room["id"].(string)
	path := roomsPath + id + "/"
	row := ada.must(t, 201, "POST", accessesPath, map[string]any{"user": grace.userID(t), "resource": id, "role": "administrator"}).json
	rowPath := accessesPath + row["id"].(string) + "/"
	item := `{"id":"` + row["id"].(string) + `","user":"` + grace.userID(t) + `","resource":"` + id + `","role":"administrator"}`
	const (
		noUser  = "00000000-0000-4000-8000-000000000000"
		mustBe  = `{"detail":"You must be administrator or owner of a room to add accesses to it."}`
		nothing = `{"count":0,"next":null,"previous":null,"results":[]}`
	)
	of := func(user, role string) map[string]any {
		return map[string]any{"user": user, "resource": id, "role": role}
	}
	testLines(t, []line{
		{"6.1/list of a visitor", guest, "GET", roomsPath, nil, 200, nothing},
		{"6.1/list of a member", grace, "GET", roomsPath, nil, 200, `~"slug":"others"`},
		{"6.1/PUT wants the name", grace, "PUT", path, map[string]any{"access_level": "trusted"}, 400, `{"name":["This field is required."]}`},
		{"6.1/PUT", grace, "PUT", path, map[string]any{"name": "Others"}, 200, `~"access_level":"public"`},
		{"6.1/PUT by a stranger", stranger, "PUT", path, nil, 403, forbiddenBody},
		{"6.1/DELETE by an administrator", grace, "DELETE", path, nil, 403, forbiddenBody},
		{"6.1/DELETE by a visitor", guest, "DELETE", nowhere, nil, 401, anonymousBody},
		{"6.1/DELETE of nothing", ada, "DELETE", nowhere, nil, 404, noRoomBody},
		{"6.1/invite by a visitor", guest, "POST", path + "invite/", nil, 401, anonymousBody},
		{"6.1/invite to nothing", ada, "POST", nowhere + "invite/", nil, 404, noRoomBody},
		{"6.1/invite by a stranger", stranger, "POST", path + "invite/", nil, 403, unprivilegedBody},
		{"6.1/invite whom", ada, "POST", path + "invite/", nil, 400, `{"emails":["This field is required."]}`},
		{"6.1/invite without a mail server", ada, "POST", path + "invite/", map[string]any{"emails": []string{"a@example.org"}}, 501, ""},
		{"6.2/visitor", guest, "GET", "/api/v1.0/users/?q=others", nil, 401, anonymousBody},
		{"6.2/nobody is listed", ada, "GET", "/api/v1.0/users/?q=others", nil, 200, nothing},
		{"6.2/POST", ada, "POST", "/api/v1.0/users/", map[string]any{}, 405, `{"detail":"Method \"POST\" not allowed."}`},
		{"6.3/visitor", guest, "GET", accessesPath, nil, 401, anonymousBody},
		{"6.3/visitor, one", guest, "DELETE", rowPath, nil, 401, anonymousBody},
		{"6.3/get", ada, "GET", rowPath, nil, 200, item},
		{"6.3/get by an administrator", grace, "GET", rowPath, nil, 200, item},
		{"6.3/get by a stranger", stranger, "GET", rowPath, nil, 403, forbiddenBody},
		{"6.3/get nothing", ada, "GET", accessesPath + noUser + "/", nil, 404, ""},
		{"6.3/the newest first", ada, "GET", accessesPath, nil, 200, `~"results":[` + item},
		{"6.3/required", ada, "POST", accessesPath, nil, 400, `{"resource":["This field is required."],"user":["This field is required."]}`},
		{"6.3/unknown user", ada, "POST", accessesPath, of(noUser, "member"), 400, `{"user":["Invalid pk \"` + noUser + `\" - object does not exist."]}`},
		{"6.3/unknown room", ada, "POST", accessesPath, map[string]any{"user": grace.userID(t), "resource": noUser}, 400, `{"resource":["Invalid pk \"` + noUser + `\" - object does not exist."]}`},
		{"6.3/by a stranger", stranger, "POST", accessesPath, of(stranger.userID(t), "member"), 403, mustBe},
		{"6.3/twice", ada, "POST", accessesPath, of(grace.userID(t), "member"), 400, `{"non_field_errors":["Resource access with this User and Resource already exists."]}`},
		{"6.3/wrong role", ada, "PATCH", rowPath, map[string]any{"role": "boss"}, 400, `{"role":["\"boss\" is not a valid choice."]}`},
		{"6.3/PUT wants all", ada, "PUT", rowPath, map[string]any{"role": "member"}, 400, `{"resource":["This field is required."],"user":["This field is required."]}`},
		{"6.3/only the role changes", ada, "PATCH", rowPath, map[string]any{"role": "administrator", "user": ada.userID(t)}, 200, item},
		{"6.3/wrong method", ada, "POST", rowPath, nil, 405, ""},
		{"6.3/an administrator removes itself", grace, "DELETE", rowPath, nil, 204, ""},
		{"6.3/it is gone", ada, "GET", rowPath, nil, 404, ""},
		{"6.1/DELETE", ada, "DELETE", path, nil, 204, ""},
	})
	t.Run("6.4", func(t *testing.T) { testWebhooks(t, d, id) })
}

// testWebhooks is the table of 6.4. An event that is unknown is answered 200, as
// is one of a room that is none of ours: LiveKit would only repeat it.
func testWebhooks(t *testing.T, d *deployment, gone string) {
	t.Helper()
	sign := func(body string) string {
		sum := sha256.Sum256([]byte(body))
		return d.meetingToken(t, "", "", func(c jwt.MapClaims) {
			delete(c, "video")
			c["sha256"] = base64.StdEncoding.EncodeToString(sum[:])
		})
	}
	const path = roomsPath + "webhooks-livekit/"
	const good, bad = `{"status":"success"}`, `{"status":"error"}`
	event := func(name, room string) string {
		return `{"event":"` + name + `","id":"EV_` + name + room + `","createdAt":"` + time.Now().Format("20060102") + `","room":{"sid":"RM_x","name":"` + room + `"}}`
	}
	hook := func(authorization string) *browser {
		return d.visitor(t).sending("Content-Type", "application/webhook+json", "Authorization", authorization)
	}
	taken := map[string]string{
		"a connection test": event("room_started", "connection-test-1"),
		"an unknown event":  event("participant_connection_aborted", gone),
		"nothing to do":     event("track_unpublished", gone),
		"no room of ours":   event("room_started", "not-a-uuid"),
		"a deleted room":    event("room_finished", gone),
	}
	for name, body := range taken {
		testLines(t, []line{{name, hook(sign(body)), "POST", path, body, 200, good}})
	}
	testLines(t, []line{
		{"no Authorization", hook(""), "POST", path, event("room_started", gone), 401, bad},
		{"no token", hook("x"), "POST", path, event("room_started", gone), 400, bad},
		{"another body", hook(sign("{}")), "POST", path, event("room_started", gone), 400, bad},
		{"no JSON", hook(sign("{")), "POST", path, "{", 400, bad},
	})
}
