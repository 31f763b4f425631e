package gateway

import (
	"strings"
	"testing"
)

// TestFeaturesThatAreOff is the contract's sections 5 and 6.6 for a server
// without them: who may not ask is told that first.
func TestFeaturesThatAreOff(t *testing.T) {
	g := start(t)
	const (
		notFound  = `{"detail":"Not found."}`
		anonymous = `{"detail":"Authentication credentials were not provided."}`
		noCSRF    = `{"detail":"CSRF Failed: CSRF token missing."}`
		empty     = `{"count":0,"next":null,"previous":null,"results":[]}`
		missing   = `{"detail":"Authorization header is missing."}`
	)
	for name, c := range map[string]struct {
		method, path, cookie string
		header               string // "Name: value"
		status               int
		want                 string
	}{
		"record, anonymous":         {"POST", "rooms/x/start-recording/", "", "", 401, anonymous},
		"record, no CSRF":           {"POST", "rooms/x/start-recording/", adaCook, "X-CSRFToken:", 403, noCSRF},
		"record":                    {"POST", "rooms/unknown/start-recording/", adaCook, "", 404, notFound},
		"record, GET":               {"GET", "rooms/x/start-recording/", adaCook, "", 405, `{"detail":"Method \"GET\" not allowed."}`},
		"record, GET, anonymous":    {"GET", "rooms/x/start-recording/", "", "", 401, anonymous},
		"stop, anonymous":           {"POST", "rooms/x/stop-recording", "", "", 401, anonymous},
		"stop":                      {"POST", "rooms/x/stop-recording", adaCook, "", 404, notFound},
		"subtitle":                  {"POST", "rooms/x/start-subtitle/", "", "Authorization: Bearer gil", 404, notFound},
		"subtitle, no token":        {"POST", "rooms/x/start-subtitle/", "", "", 404, notFound},
		"subtitle, session ignored": {"POST", "rooms/x/start-subtitle/", adaCook, "X-CSRFToken:", 404, notFound},
		"subtitle, other scheme":    {"POST", "rooms/x/start-subtitle/", "", "Authorization: Basic gil", 403, `{"detail":"Authorization header must be: Bearer <token>"}`},
		"subtitle, bad token":       {"POST", "rooms/x/start-subtitle/", "", "Authorization: Bearer bad", 403, `{"detail":"Invalid LiveKit token: bad"}`},
		"recording, anonymous":      {"GET", "recordings/" + accessID + "/", "", "", 401, anonymous},
		"recording":                 {"GET", "recordings/" + accessID + "/", adaCook, "", 404, `{"detail":"No Recording matches the given query."}`},
		"recording, delete":         {"DELETE", "recordings/" + accessID + "/", adaCook, "", 404, `{"detail":"No Recording matches the given query."}`},
		"recording, no CSRF":        {"DELETE", "recordings/" + accessID + "/", adaCook, "X-CSRFToken:", 403, noCSRF},
		"recordings":                {"GET", "recordings/", adaCook, "", 200, empty},
		"recordings, first page":    {"GET", "recordings/?page=1&page_size=7", adaCook, "", 200, empty},
		"recordings, second page":   {"GET", "recordings/?page=2", adaCook, "", 404, `{"detail":"Invalid page."}`},
		"recordings, anonymous":     {"GET", "recordings/", "", "", 401, anonymous},
		"media, anonymous":          {"GET", "recordings/media-auth/", "", "", 401, anonymous},
		"media":                     {"GET", "recordings/media-auth/", adaCook, "", 404, notFound},
		"storage hook":              {"POST", "recordings/storage-hook/", "", "", 401, missing},
		"process hook":              {"POST", "recordings/external-process-hook/", adaCook, "", 401, missing},
		"roomkit":                   {"POST", "roomkit/join/", "", "Authorization: Token x", 401, `{"detail":"Invalid authorization header."}`},
		"roomkit, some token":       {"POST", "roomkit/join/", "", "Authorization: Bearer x", 401, `{"detail":"Server-to-server token is not configured."}`},
		"files, anonymous":          {"GET", "files?page=1", "", "", 404, notFound},
		"files":                     {"POST", "files/", adaCook, "", 404, notFound},
		"file ended":                {"POST", "files/" + accessID + "/upload-ended/", "", "", 404, notFound},
		"storage hook, GET":         {"GET", "recordings/storage-hook/", adaCook, "", 401, missing},
		"callback, GET":             {"GET", "rooms/creation-callback/", "", "", 405, `{"detail":"Method \"GET\" not allowed."}`},
		"webhooks, GET":             {"GET", "rooms/webhooks-livekit/", "", "", 405, `{"detail":"Method \"GET\" not allowed."}`},
		"me, PUT, anonymous":        {"PUT", "users/me/", "", "", 401, anonymous},
		"me, PUT":                   {"PUT", "users/me/", adaCook, "", 405, `{"detail":"Method \"PUT\" not allowed."}`},
		"add-on":                    {"POST", "addons/sessions/init/", "", "", 404, notFound},
		"add-on poll":               {"POST", "addons/sessions/poll/", adaCook, "X-CSRFToken:", 404, notFound},
		"add-on exchange":           {"POST", "addons/sessions/exchange/", adaCook, "", 404, notFound},
		"add-on exchange, nobody":   {"POST", "addons/sessions/exchange/", "", "", 401, anonymous},
	} {
		t.Run(name, func(t *testing.T) {
			key, value, _ := strings.Cut(c.header, ":")
			headers := []string{}
			if key != "" {
				headers = []string{key, strings.TrimSpace(value)}
			}
			resp, body := g.ask(t, c.method, "/api/v1.0/"+c.path, c.cookie, "", headers...)
			if resp.StatusCode != c.status || body != c.want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, c.status, c.want)
			}
			if challenge := resp.Header.Get("WWW-Authenticate"); (challenge != "") != (c.status == 401) ||
				strings.HasPrefix(challenge, "Bearer realm=") != (c.status == 401 && body != anonymous) {
				t.Errorf("challenge %q", challenge)
			}
		})
	}
}

// TestMethods: what a path takes is told to who may know it.
func TestMethods(t *testing.T) {
	g := start(t)
	for path, want := range map[string]string{
		"rooms/x/":                 "DELETE, GET, PATCH, PUT, HEAD, OPTIONS",
		"rooms/":                   "GET, POST, HEAD, OPTIONS",
		"rooms/x/start-recording/": "POST, OPTIONS",
		"recordings/x/":            "DELETE, GET, HEAD, OPTIONS",
		"config/":                  "GET, HEAD, OPTIONS",
		// Names come before ids.
		"rooms/creation-callback/": "POST, OPTIONS",
		"users/me/":                "GET, HEAD, OPTIONS",
		"users/x/":                 "PATCH, PUT, OPTIONS",
	} {
		resp, body := g.ask(t, "OPTIONS", "/api/v1.0/"+path, adaCook, "")
		if resp.StatusCode != 204 || body != "" || resp.Header.Get("Allow") != want {
			t.Errorf("OPTIONS %s: %d %q %q", path, resp.StatusCode, resp.Header.Get("Allow"), body)
		}
		resp, body = g.ask(t, "TRACE", "/api/v1.0/"+path, adaCook, "")
		if resp.StatusCode != 405 || resp.Header.Get("Allow") != want {
			t.Errorf("TRACE %s: %d %q %q", path, resp.StatusCode, resp.Header.Get("Allow"), body)
		}
	}
	if resp, _ := g.ask(t, "HEAD", "/api/v1.0/config/", "", ""); resp.StatusCode != 200 || resp.Header.Get("Content-Length") == "" {
		t.Errorf("HEAD: %d, %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := g.ask(t, "OPTIONS", "/api/v1.0/rooms/x/enter/", "", ""); resp.StatusCode != 401 {
		t.Errorf("anonymous OPTIONS: %d", resp.StatusCode)
	}
}
