package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

const tokenPath = "/external-api/v1.0/application/token/"

// Every class of routes that somebody may use without log-in is limited by
// client address, and says when to come back.
func TestLimits(t *testing.T) {
	g := start(t, "LOGIN_THROTTLE_RATES=2/minute", "VISITOR_THROTTLE_RATES=3/minute", "TRUSTED_PROXIES=127.0.0.1/32",
		"CREATION_CALLBACK_THROTTLE_RATES=2/minute", "CONNECTION_TEST_THROTTLE_RATES=1/minute", "WEBHOOK_THROTTLE_RATES=4/minute",
		"CONNECTION_TEST_ENABLED=true", "EXTERNAL_API_ENABLED=true", "APPLICATION_ENABLED=true")
	for name, c := range map[string]struct {
		method, path, cookie, body string
		limit                      int // 0: none
	}{
		"log-in":                {"GET", "/authenticate/", "", "", 2},
		"callback":              {"GET", "/callback/?code=c&state=bad", "anonymous", "", 2},
		"log-out":               {"GET", "/logout/", "", "", 2},
		"log-out's callback":    {"GET", "/logout-callback/", "", "", 2},
		"the provider's word":   {"POST", "/backchannel-logout/", "", `{}`, 3},
		"application's token":   {"POST", tokenPath, "", `{}`, 3},
		"created for a page":    {"POST", "/rooms/creation-callback/", "", `{"callback_id":"known"}`, 2},
		"connection test":       {"POST", "/diagnostics/connection/", "", "", 1},
		"the same, logged in":   {"POST", "/diagnostics/connection/", adaCook, "", 1},
		"webhooks":              {"POST", "/rooms/webhooks-livekit/", "", `{}`, 4},
		"config":                {"GET", "/config/", "", "", 0},
		"a room":                {"GET", "/rooms/kqz-wrtp-lmn/", "", "", 3},
		"rooms":                 {"GET", "/rooms/", "", "", 3},
		"a meeting's token":     {"POST", "/rooms/x/toggle-hand/", "", `{}`, 3},
		"muting":                {"POST", "/rooms/x/mute-participant/", "", `{}`, 3},
		"a room, logged in":     {"GET", "/rooms/kqz-wrtp-lmn/", adaCook, "", 0},
		"members only":          {"GET", "/users/me/", "", "", 0}, // told to log in, before any limit
		"entry: room limits":    {"POST", "/rooms/x/request-entry/", "", `{"username":"a"}`, 0},
		"a wrong method":        {"POST", "/authenticate/", "", "", 2},
		"one at a webhook":      {"GET", "/rooms/webhooks-livekit/", "", "", 4},
		"one at the provider's": {"GET", "/backchannel-logout/", "", "", 3},
		"one in the API":        {"DELETE", "/config/", "", "", 3},
		"OPTIONS":               {"OPTIONS", "/rooms/x/", "", "", 3},
		"a feature that is off": {"POST", "/addons/sessions/init/", "", "", 3},
	} {
		t.Run(name, func(t *testing.T) {
			const from = "192.0.2.1"
			path := "/api/v1.0" + c.path
			if c.path == tokenPath {
				path = tokenPath
			}
			g.clock.Advance(time.Minute) // the case before is forgotten
			for i := range 5 {
				resp, body := g.ask(t, c.method, path, c.cookie, c.body, "X-Forwarded-For", from)
				if refused := resp.StatusCode == http.StatusTooManyRequests; refused != (c.limit > 0 && i >= c.limit) {
					t.Fatalf("request %d: %d %s", i+1, resp.StatusCode, body)
				} else if refused && (resp.Header.Get("Retry-After") != "60" || body != `{"detail":"Request was throttled. Expected available in 60 seconds."}`) {
					t.Errorf("request %d: Retry-After %s, %s", i+1, resp.Header.Get("Retry-After"), body)
				}
			}
			if c.limit == 0 {
				return
			}
			// Another address is another client, but a user is the same everywhere.
			resp, _ := g.ask(t, c.method, path, c.cookie, c.body, "X-Forwarded-For", "198.51.100.7")
			if refused := resp.StatusCode == http.StatusTooManyRequests; refused != (c.cookie == adaCook) {
				t.Errorf("from elsewhere: %d", resp.StatusCode)
			}
			g.clock.Advance(time.Minute)
			if resp, _ := g.ask(t, c.method, path, c.cookie, c.body, "X-Forwarded-For", from); resp.StatusCode == http.StatusTooManyRequests {
				t.Error("still refused after a minute")
			}
		})
	}
}

// In a meeting every token counts for itself, so that those behind one address do
// not stop each other. What proves nothing counts for the address: it may be made
// up anew each time.
func TestLimitsByMeetingToken(t *testing.T) {
	g := start(t, "VISITOR_THROTTLE_RATES=2/minute", "TRUSTED_PROXIES=127.0.0.1/32")
	for i, c := range []struct {
		token, from, action string
		status              int
	}{
		{"gil", "192.0.2.1", "toggle-hand", http.StatusOK},
		{"gil", "192.0.2.2", "toggle-hand", http.StatusOK},
		{"gil", "192.0.2.3", "toggle-hand", http.StatusTooManyRequests}, // the same wherever it comes from
		{"guy", "192.0.2.1", "toggle-hand", http.StatusOK},
		{"made-up-1", "192.0.2.1", "toggle-hand", http.StatusForbidden},
		{"guy", "192.0.2.1", "toggle-hand", http.StatusOK},
		{"made-up-2", "192.0.2.1", "start-subtitle", http.StatusForbidden},
		{"made-up-3", "192.0.2.1", "start-subtitle", http.StatusTooManyRequests},
		{"made-up-4", "192.0.2.1", "toggle-hand", http.StatusTooManyRequests},
		{"made-up-5", "192.0.2.4", "mute-participant", http.StatusForbidden},
	} {
		resp, body := g.ask(t, "POST", "/api/v1.0/rooms/x/"+c.action+"/", "", `{"raised":true}`, "X-Forwarded-For", c.from, "Authorization", "Bearer "+c.token)
		if resp.StatusCode != c.status {
			t.Errorf("request %d: %d %s", i+1, resp.StatusCode, body)
		}
	}
	if resp, _ := g.ask(t, "GET", "/api/v1.0/rooms/x/", "", "", "X-Forwarded-For", "192.0.2.1"); resp.StatusCode != http.StatusOK {
		t.Errorf("who does not come with a token: %d", resp.StatusCode)
	}
}

// Who is no trusted proxy cannot choose the address by which it is counted.
func TestLimitsIgnoreForgedAddresses(t *testing.T) {
	g := start(t, "VISITOR_THROTTLE_RATES=1/minute")
	for i, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
		resp, _ := g.ask(t, "GET", "/api/v1.0/rooms/x/", "", "", "X-Forwarded-For", fmt.Sprint("192.0.2.", i+1))
		if resp.StatusCode != want {
			t.Errorf("request %d: %d", i+1, resp.StatusCode)
		}
	}
}
