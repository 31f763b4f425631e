package contract

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// testConventions is section 1 of the contract, as far as the tests of a subject
// do not show it.
func testConventions(t *testing.T, d *deployment) {
	ada, guest := d.login(t, "conventions@example.org"), d.visitor(t)
	room := ada.must(t, 201, "POST", roomsPath, map[string]any{"name": "Conventions é <b>&", "access_level": "restricted"})
	id := room.json["id"].(string)
	const path = roomsPath + "conventions-e-b/"
	form := "multipart/form-data; boundary=b"
	t.Run("addresses and formats", func(t *testing.T) { testFormats(t, ada, room, path) })
	testLines(t, []line{
		{"1.1/GET without the slash", ada, "GET", strings.TrimSuffix(path, "/") + "?username=x", nil, 200, ""},
		{"1.1/POST without the slash", ada, "POST", strings.TrimSuffix(path, "/") + "/enter", nil, 400, ""},
		{"1.1/no dot in an id", ada, "GET", roomsPath + "a.b/", nil, 404, notFoundBody},
		{"1.1/no slash in an id", ada, "GET", roomsPath + "a%2Fb/", nil, 404, notFoundBody},
		{"1.1/names before ids", guest, "GET", roomsPath + "creation-callback/", nil, 405, `{"detail":"Method \"GET\" not allowed."}`},
		{"1.1/names before ids, webhooks", guest, "GET", roomsPath + "webhooks-livekit/", nil, 405, ""},
		{"1.1/names before ids, me", ada, "PUT", mePath + "/", map[string]any{"timezone": "UTC"}, 405, `{"detail":"Method \"PUT\" not allowed."}`},
		{"1.3/in French", guest.sending("Accept-Language", "fr-fr"), "GET", mePath, nil, 401, `{"detail":"Informations d’authentification non fournies."}`},
		{"1.3/in Dutch", guest.sending("Accept-Language", "nl-nl"), "GET", nowhere, nil, 404, `{"detail":"Geen ruimte komt overeen met de opgegeven zoekopdracht."}`},
		{"1.3/in German", ada.sending("Accept-Language", "de-de"), "POST", roomsPath, nil, 400, `{"name":["Dieses Feld ist erforderlich."]}`},
		{"1.3/in none of ours", guest.sending("Accept-Language", "ja"), "GET", mePath, nil, 401, anonymousBody},
		{"1.2/no body is an empty object", ada, "POST", roomsPath, nil, 400, `{"name":["This field is required."]}`},
		{"1.2/text", ada.sending("Content-Type", "text/plain"), "POST", roomsPath, `{}`, 415, `{"detail":"Unsupported media type \"text/plain\" in request."}`},
		{"1.2/URL-encoded", ada.sending("Content-Type", "application/x-www-form-urlencoded"), "POST", roomsPath, `name=a`, 415, ""},
		{"1.2/multipart", ada.sending("Content-Type", form), "POST", roomsPath,
			multipartForm("name", "By form", "configuration.can_publish_sources[0]", "camera", "configuration.everyone_can_mute", "true"), 201,
			`~"configuration":{"can_publish_sources":["camera"],"everyone_can_mute":"true"}`},
		{"1.2/multipart, a list of one", ada.sending("Content-Type", form), "POST", roomsPath,
			multipartForm("name", "By form 2", "configuration.can_publish_sources", "camera"), 201, `~"configuration":{"can_publish_sources":["camera"]}`},
		{"1.2/unknown keys", ada, "POST", roomsPath, map[string]any{"name": "Unknown keys", "foo": 1, "slug": "other", "id": "other"}, 201, `~"slug":"unknown-keys"`},
		{"1.7/strings are trimmed", ada, "POST", roomsPath, map[string]any{"name": " \t Trimmed \n"}, 201, `~"name":"Trimmed"`},
		{"1.7/numbers become text", ada, "POST", roomsPath, map[string]any{"name": 314.5}, 201, `~"name":"314.5"`},
		{"1.7/booleans as words", ada, "POST", path + "enter/", map[string]any{"participant_id": id, "allow_entry": "Yes"}, 404, `{"message":"Participant not found."}`},
		{"1.7/booleans as numbers", ada, "POST", path + "enter/", map[string]any{"participant_id": id, "allow_entry": 0}, 404, ""},
		{"1.7/booleans", ada, "POST", path + "enter/", map[string]any{"participant_id": "x", "allow_entry": "maybe"}, 400,
			`{"allow_entry":["Must be a valid boolean."],"participant_id":["Must be a valid UUID."]}`},
		{"1.7/not an object", ada, "POST", roomsPath, `"a"`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}`},
		{"1.6/anonymous, wrong method", guest, "PUT", mePath, nil, 401, anonymousBody},
		{"1.6/anonymous, feature off", guest, "POST", path + "start-recording/", nil, 401, anonymousBody},
		{"1.6/feature off", ada, "POST", path + "start-recording/", nil, 404, notFoundBody},
	})
	testCSRFOrder(t, ada, guest, path)
	t.Run("1.4", func(t *testing.T) { testMeetingTokens(t, d, ada, id) })
	t.Run("1.5", func(t *testing.T) { testCookies(t, d) })
	t.Run("1.9", func(t *testing.T) { testPageSizes(t, d) })
	t.Run("1.10", func(t *testing.T) { testThrottles(t, d) })
}

// multipartForm is a form with the boundary "b".
func multipartForm(fields ...string) string {
	var text strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		fmt.Fprintf(&text, "--b\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", fields[i], fields[i+1])
	}
	return text.String() + "--b--\r\n"
}

// testFormats is 1.3.
func testFormats(t *testing.T, ada *browser, room *answer, path string) {
	t.Helper()
	got := ada.must(t, 200, "GET", path, nil)
	if kind := got.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("content type %q", kind)
	}
	if !strings.Contains(got.raw, `"name":"Conventions é <b>&"`) || strings.Contains(got.raw, `": `) || strings.Contains(got.raw, `", "`) {
		t.Errorf("not compact, or escaped: %s", got.raw)
	}
	id := room.json["id"].(string)
	if id != strings.ToLower(id) || len(id) != 36 || strings.Count(id, "-") != 4 {
		t.Errorf("id %q", id)
	}
	made := ada.must(t, 201, "POST", roomsPath, map[string]any{"name": "Conventions, deleted"}).json
	gone := ada.must(t, 204, "DELETE", roomsPath+made["id"].(string)+"/", nil)
	if gone.raw != "" || gone.header.Get("Content-Type") != "" {
		t.Errorf("204 with %q, %q", gone.header.Get("Content-Type"), gone.raw)
	}
}

// testCSRFOrder is the part of 1.5 on what is checked when, and for whom.
func testCSRFOrder(t *testing.T, ada, guest *browser, path string) {
	t.Helper()
	plain := ada.sending("X-CSRFToken", "")
	masked := strings.Repeat("a", 32) + ada.cookie("csrftoken") // letters added to "a", the first of the alphabet, stay as they are
	testLines(t, []line{
		{"1.5/CSRF before 404", plain, "PATCH", roomsPath + "no-such-room/", `{}`, 403, noCSRFBody},
		{"1.5/CSRF before 405", plain, "DELETE", mePath, nil, 403, noCSRFBody},
		{"1.5/CSRF before parsing", plain, "POST", roomsPath, `{`, 403, noCSRFBody},
		{"1.5/CSRF before media types", plain.sending("X-CSRFToken", "", "Content-Type", "text/plain"), "POST", roomsPath, `x`, 403, noCSRFBody},
		{"1.5/logged in, for entry", plain, "POST", path + "request-entry/", map[string]any{"username": "A"}, 403, noCSRFBody},
		{"1.5/logged in, for the callback", plain, "POST", roomsPath + "creation-callback/", nil, 403, noCSRFBody},
		{"1.5/not for reading", plain, "GET", path, nil, 200, ""},
		{"1.5/not for visitors", guest, "POST", roomsPath + "creation-callback/", map[string]any{"callback_id": "x"}, 200, ""},
		{"1.5/not with a meeting token", ada.inMeeting("x").sending("X-CSRFToken", ""), "POST", path + "rename/", nil, 403, `~Invalid LiveKit token: `},
		{"1.5/masked", ada.sending("X-CSRFToken", masked), "POST", roomsPath, nil, 400, ""},
		{"1.5/wrong length", ada.sending("X-CSRFToken", "short"), "POST", roomsPath, nil, 403, `{"detail":"CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."}`},
		{"1.5/wrong characters", ada.sending("X-CSRFToken", strings.Repeat("-", 32)), "POST", roomsPath, nil, 403, `{"detail":"CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header has invalid characters."}`},
		{"1.5/incorrect", ada.sending("X-CSRFToken", strings.Repeat("a", 32)), "POST", roomsPath, nil, 403, `{"detail":"CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect."}`},
		{"1.5/origin", ada.sending("Origin", "https://evil.example"), "POST", roomsPath, nil, 403, `{"detail":"CSRF Failed: Origin checking failed - https://evil.example does not match any trusted origins."}`},
	})
}

// testMeetingTokens is the table of 1.4.
func testMeetingTokens(t *testing.T, d *deployment, ada *browser, id string) {
	t.Helper()
	path := roomsPath + id + "/rename/"
	with := func(change func(jwt.MapClaims)) *browser {
		return ada.inMeeting(d.meetingToken(t, id, "somebody", change))
	}
	past := func(seconds int) func(jwt.MapClaims) {
		return func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Duration(seconds) * time.Second).Unix() }
	}
	name := map[string]any{"name": "x"}
	good := d.meetingToken(t, id, "somebody", nil)
	const absent = `{"error":"Participant not found"}` // the token is taken
	testLines(t, []line{
		{"good", ada.inMeeting(good), "POST", path, name, 404, absent},
		{"good, other spelling", ada.sending("Authorization", "bEARER   "+good), "POST", path, name, 404, absent},
		{"no header", ada, "POST", path, name, 403, anonymousBody},
		{"no header, unknown room", ada, "POST", roomsPath + "no-such-room/rename/", name, 404, noRoomBody},
		{"one word", ada.sending("Authorization", "Bearer"), "POST", path, name, 403, `{"detail":"Authorization header must be: Bearer <token>"}`},
		{"three words", ada.sending("Authorization", "Bearer a b"), "POST", path, name, 403, `{"detail":"Authorization header must be: Bearer <token>"}`},
		{"another scheme", ada.sending("Authorization", "Basic "+good), "POST", path, name, 403, `{"detail":"Authorization header must be: Bearer <token>"}`},
		{"no token", ada.inMeeting("a.b"), "POST", path, name, 403, `{"detail":"Invalid LiveKit token: Not enough segments"}`},
		{"forged", ada.inMeeting(good[:len(good)-8] + "AAAAAAAA"), "POST", path, name, 403, `{"detail":"Invalid LiveKit token: Signature verification failed"}`},
		{"expired", with(past(90)), "POST", path, name, 403, `{"detail":"Invalid LiveKit token: Signature has expired"}`},
		{"expired within the leeway", with(past(20)), "POST", path, name, 404, absent},
		{"another key", with(func(c jwt.MapClaims) { c["iss"] = "other" }), "POST", path, name, 403, `~Invalid LiveKit token: `},
		{"nobody's", with(func(c jwt.MapClaims) { c["sub"] = "" }), "POST", path, name, 403, `~Invalid LiveKit token: `},
		{"another room's", with(func(c jwt.MapClaims) { c["video"] = map[string]any{"room": "elsewhere", "roomJoin": true} }), "POST", path, name, 403, forbiddenBody},
		{"permission before the body", with(func(c jwt.MapClaims) { c["video"] = map[string]any{"room": "elsewhere"} }), "POST", path, nil, 403, forbiddenBody},
		{"by the slug", ada.inMeeting(good), "POST", roomsPath + "conventions-e-b/toggle-hand/", map[string]any{"raised": true}, 404, absent},
	})
}

// testCookies is the table of cookies of 1.5.
func testCookies(t *testing.T, d *deployment) {
	t.Helper()
	jar := func(got *answer) map[string]*http.Cookie {
		found := map[string]*http.Cookie{}
		for _, c := range (&http.Response{Header: got.header}).Cookies() {
			found[c.Name] = c
		}
		return found
	}
	visitor := d.visitor(t).noRedirects()
	begun := visitor.must(t, 302, "GET", authenticatePath+"?login_hint=cookies%40example.org", nil)
	before := jar(begun)["sessionid"]
	if before == nil || !before.HttpOnly || before.Secure || before.SameSite != http.SameSiteLaxMode || before.Path != "/" || before.MaxAge != 43200 || before.Domain != "" {
		t.Fatalf("sessionid: %v", before)
	}
	callback, err := url.Parse(begun.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	ended := jar(visitor.must(t, 302, "GET", callback.RequestURI(), nil))
	if after := ended["sessionid"]; after == nil || after.Value == before.Value {
		t.Errorf("the log-in did not rotate the session: %v", after)
	}
	if csrf := ended["csrftoken"]; csrf == nil || csrf.HttpOnly || csrf.SameSite != http.SameSiteLaxMode || csrf.Path != "/" || csrf.MaxAge != 31449600 || len(csrf.Value) != 32 {
		t.Errorf("csrftoken: %v", csrf)
	}
	// The lobby's is there on every answer, the same one.
	d.login(t, "cookies@example.org").createRoom(t, "cookies")
	guest := d.visitor(t)
	first := jar(guest.must(t, 200, "POST", roomsPath+"cookies/request-entry/", map[string]any{"username": "G"}))["lobbyParticipantId"]
	again := jar(guest.must(t, 200, "POST", roomsPath+"cookies/request-entry/", map[string]any{"username": "G"}))["lobbyParticipantId"]
	if first == nil || !first.HttpOnly || first.SameSite != http.SameSiteLaxMode || first.MaxAge != 0 || again == nil || again.Value != first.Value {
		t.Errorf("lobby: %v, again %v", first, again)
	}
}

// testPageSizes is 1.9.
func testPageSizes(t *testing.T, d *deployment) {
	t.Helper()
	many := d.login(t, "pages@example.org")
	for i := range 21 {
		many.createRoom(t, fmt.Sprintf("many-%02d", i))
	}
	for query, want := range map[string]int{
		"": 20, "page_size=0": 20, "page_size=-3": 20, "page_size=x": 20, "page_size=5": 5, "page_size=1000": 21, "page=2": 1, "page=last": 1,
	} {
		got := many.must(t, 200, "GET", roomsPath+"?"+query, nil).json
		if n := len(got["results"].([]any)); n != want || got["count"] != 21.0 {
			t.Errorf("%s: %d of %v, want %d", query, n, got["count"], want)
		}
	}
	for _, page := range []string{"0", "-1", "3", "x", "1.5"} {
		if got := many.must(t, 404, "GET", roomsPath+"?page="+page, nil); got.raw != `{"detail":"Invalid page."}` {
			t.Errorf("page %s: %s", page, got.raw)
		}
	}
	got := many.must(t, 200, "GET", roomsPath+"?page_size=5&username=A&page=2", nil).json
	if got["next"] != many.d.http+roomsPath+"?page=3&page_size=5&username=A" || got["previous"] != many.d.http+roomsPath+"?page_size=5&username=A" {
		t.Errorf("next %v, previous %v", got["next"], got["previous"])
	}
	if got := many.must(t, 200, "GET", accessesPath+"?page_size=5", nil).json; len(got["results"].([]any)) != 20 || got["count"] != 21.0 {
		t.Errorf("accesses have another page size: %v of %v", len(got["results"].([]any)), got["count"])
	}
}

// testThrottles is 1.10: what a logged-in person may do in a minute.
func testThrottles(t *testing.T, d *deployment) {
	t.Helper()
	for _, c := range []struct {
		path  string
		body  any
		limit int
	}{
		{roomsPath + "cookies/request-entry/", map[string]any{"username": "A"}, 150},
		{"/api/v1.0/diagnostics/connection/", nil, 30},
	} {
		ada := d.login(t, "throttled@example.org")
		begun := time.Now()
		statuses := make([]int, 0, c.limit+1)
		for range c.limit + 1 {
			statuses = append(statuses, ada.do(t, "POST", c.path, c.body).status)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Fatalf("too slow to be throttled: %v", took)
		}
		if slices.Index(statuses, 429) != c.limit {
			t.Errorf("%s: refused from %d on, want %d", c.path, slices.Index(statuses, 429), c.limit)
		}
		got := ada.must(t, 429, "POST", c.path, c.body)
		if after := got.header.Get("Retry-After"); got.raw != `{"detail":"Request was throttled. Expected available in `+after+` seconds."}` {
			t.Errorf("%s: Retry-After %s, %s", c.path, after, got.raw)
		}
	}
}
