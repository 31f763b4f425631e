package contract

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// noRedirects makes a browser show redirects instead of following them.
func (b *browser) noRedirects() *browser {
	client := *b.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{d: b.d, http: &client, meeting: b.meeting, header: b.header}
}

func testLogin(t *testing.T, d *deployment) {
	visitor := d.visitor(t)
	got := visitor.must(t, http.StatusUnauthorized, http.MethodGet, "/api/v1.0/users/me", nil)
	if got.raw != `{"detail":"Authentication credentials were not provided."}` || got.header.Get("WWW-Authenticate") != "Session" {
		t.Errorf("anonymous: %s, %v", got.raw, got.header)
	}

	ada := d.login(t, "ada.lovelace@example.org")
	me := ada.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/users/me/", nil).json
	if me["full_name"] != "Ada Lovelace" || me["short_name"] != "Ada" || me["timezone"] != "UTC" || me["language"] != "en-us" || me["default_room_access_level"] != nil {
		t.Errorf("me: %v", me)
	}
	again := d.login(t, "ada.lovelace@example.org").must(t, http.StatusOK, http.MethodGet, "/api/v1.0/users/me/", nil).json
	if again["id"] != me["id"] {
		t.Errorf("a second log-in made another user: %v, %v", me["id"], again["id"])
	}
	if csrf := ada.cookie("csrftoken"); !regexp.MustCompile(`^[A-Za-z0-9]{32}$`).MatchString(csrf) {
		t.Errorf("csrftoken %q", csrf)
	}

	// Preferences: PUT merges, and is echoed as sent.
	path := "/api/v1.0/users/" + me["id"].(string) + "/"
	put := ada.must(t, http.StatusOK, http.MethodPut, path, map[string]any{"timezone": "Europe/Oslo", "language": "fr-fr"}).json
	if put["timezone"] != "Europe/Oslo" || put["language"] != "fr-fr" || put["full_name"] != "Ada Lovelace" {
		t.Errorf("PUT: %v", put)
	}
	if got := ada.must(t, http.StatusBadRequest, http.MethodPut, path, map[string]any{"timezone": "Mars/Olympus"}); got.raw != `{"timezone":["A valid timezone is required."]}` {
		t.Errorf("bad timezone: %s", got.raw)
	}
	d.login(t, "grace.hopper@example.org").must(t, http.StatusForbidden, http.MethodPut, path, map[string]any{"timezone": "UTC"})

	testCSRF(t, d, ada)
	testSilentLogin(t, d)

	// Log-out ends the session everywhere.
	stolen := ada.cookie("sessionid")
	ada.noRedirects().must(t, http.StatusFound, http.MethodGet, "/api/v1.0/logout", nil)
	ada.must(t, http.StatusUnauthorized, http.MethodGet, "/api/v1.0/users/me", nil)
	thief := d.visitor(t)
	u, err := url.Parse(d.http)
	if err != nil {
		t.Fatal(err)
	}
	thief.http.Jar.SetCookies(u, []*http.Cookie{{Name: "sessionid", Value: stolen, Path: "/"}})
	thief.must(t, http.StatusUnauthorized, http.MethodGet, "/api/v1.0/users/me", nil)
}

func testCSRF(t *testing.T, d *deployment, ada *browser) {
	post := func(change func(*http.Request)) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.http+roomsPath, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-CSRFToken", ada.cookie("csrftoken"))
		change(req)
		resp, err := ada.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var body strings.Builder
		if err := resp.Write(&body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body.String()
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		text   string
	}{
		"right":       {func(*http.Request) {}, http.StatusBadRequest, "This field is required."},
		"no header":   {func(r *http.Request) { r.Header.Del("X-CSRFToken") }, http.StatusForbidden, "CSRF Failed: CSRF token missing."},
		"wrong token": {func(r *http.Request) { r.Header.Set("X-CSRFToken", strings.Repeat("a", 32)) }, http.StatusForbidden, "CSRF Failed: CSRF token from the"},
		"evil origin": {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, http.StatusForbidden, "CSRF Failed: Origin checking failed - https://evil.example"},
		"own origin":  {func(r *http.Request) { r.Header.Set("Origin", d.http) }, http.StatusBadRequest, "This field is required."},
	} {
		if status, body := post(c.change); status != c.status || !strings.Contains(body, c.text) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func testSilentLogin(t *testing.T, d *deployment) {
	target := "/api/v1.0/authenticate/?silent=true&returnTo=" + url.QueryEscape(d.http+"/api/v1.0/config/")
	stranger := d.visitor(t)
	if got := stranger.must(t, http.StatusOK, http.MethodGet, target, nil); got.json["livekit"] == nil {
		t.Errorf("a silent log-in without session must come back: %s", got.raw)
	}
	stranger.must(t, http.StatusUnauthorized, http.MethodGet, "/api/v1.0/users/me", nil)
	grace := d.login(t, "grace.hopper@example.org")
	grace.must(t, http.StatusOK, http.MethodGet, target, nil)
	grace.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/users/me", nil)

	// An open redirect: the browser never leaves this origin.
	shown := d.visitor(t).noRedirects()
	for _, evil := range []string{"https://evil.example/", "//evil.example", `\\evil.example`, "javascript:alert(1)", "https:evil.example"} {
		next := "/api/v1.0/authenticate/?login_hint=eve%40example.org&returnTo=" + url.QueryEscape(evil)
		for range 4 {
			got := shown.do(t, http.MethodGet, next, nil)
			if got.status != http.StatusFound {
				break
			}
			location := got.header.Get("Location")
			if strings.Contains(location, "evil") && !strings.Contains(location, "returnTo=") {
				t.Errorf("%s leads to %s", evil, location)
			}
			next = strings.TrimPrefix(location, d.http)
			if !strings.HasPrefix(next, "/api/") {
				break
			}
		}
	}
}
