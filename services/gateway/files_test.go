package gateway

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleymeet/parley/pkg/config"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"index.html": "<p>app", "assets/a-B3_x-Ab1.js": "x()", "assets/logo.svg": "<svg", "assets/models/selfie.tflite": "m", "assets/thumbs-down.png": "p", "sounds/in.mp3": "s", "model.wasm": "w", "media/logo.svg": "<svg", ".env": "SECRET", "a/.git/config": "x", ".well-known/security.txt": "c"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "leak.txt")); err != nil {
		t.Fatal(err)
	}
	g := start(t, "FRONTEND_DIR="+dir)
	for path, want := range map[string][4]string{
		"/":                     {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/abc-defg-hij":         {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/assets/a-B3_x-Ab1.js": {"200", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "x()"},
		// Files that were copied keep their names when they are replaced.
		"/assets/logo.svg":             {"200", "image/svg+xml", "no-cache", "<svg"},
		"/assets/models/selfie.tflite": {"200", "application/octet-stream", "no-cache", "m"},
		"/assets/thumbs-down.png":      {"200", "image/png", "no-cache", "p"},
		"/assets/gone.js":              {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/sounds/in.mp3":               {"200", "audio/mpeg", "no-cache", "s"},
		"/model.wasm":                  {"200", "application/wasm", "no-cache", "w"},
		"/leak.txt":                    {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/robots.txt":                  {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/sounds/gone.MP3":             {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/sounds":                      {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/recording/1.2":               {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/models/gone.tflite":          {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/.well-known/change-password": {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/.env":                        {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/a/.git/config":               {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/.well-known/security.txt":    {"200", "text/plain; charset=utf-8", "no-cache", "c"},
		"/%2e%2e/%2e%2e/etc":           {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/media/recordings/x":          {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/media/":                      {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/media":                       {"200", "text/html; charset=utf-8", "no-cache", "<p>app"}, // may be a room
		"/media-team":                  {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/media/logo.svg":              {"200", "image/svg+xml", "no-cache", "<svg"},
		"/jwks":                        {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/__version__/":                {"404", "text/plain; charset=utf-8", "no-store", "404 page not found\n"},
		"/docs/openapi.json":           {"200", "application/json", "no-cache", "{"},
		"/docs/":                       {"200", "text/html", "", "<"},
		"/api/v1.0/no-such":            {"404", "application/json", "no-store", `{"detail":"Not found."}`},
		"/api/v1.0/files":              {"404", "application/json", "no-store", `{"detail":"Not found."}`},
	} {
		resp, body := g.ask(t, "GET", path, "", "")
		got := [3]string{resp.Status[:3], resp.Header.Get("Content-Type"), resp.Header.Get("Cache-Control")}
		if got != [3]string(want[:3]) || !strings.HasPrefix(strings.TrimSpace(body), strings.TrimSpace(want[3])) {
			t.Errorf("%s: %q %.80q, want %q", path, got, body, want)
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no nosniff", path)
		}
	}
	if resp, _ := g.ask(t, "POST", "/", "", ""); resp.StatusCode != 405 {
		t.Errorf("POST: %d", resp.StatusCode)
	}
}

// TestHeaders: what browsers are told of the frontend's pages.
func TestHeaders(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("<p>app"), 0o600); err != nil {
		t.Fatal(err)
	}
	policy := func(more, ancestors string) string {
		return "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' blob:" + more + "; style-src 'self' 'unsafe-inline'" + more +
			"; img-src 'self' data: blob:" + more + "; font-src 'self' data:" + more + "; media-src 'self' data: blob:" + more +
			"; worker-src 'self' blob:; connect-src 'self' data: blob: ws://127.0.0.1:7880 http://127.0.0.1:7880" + more +
			"; object-src 'none'; base-uri 'self'; frame-ancestors 'self'" + ancestors
	}
	const alone, api = "same-origin-allow-popups", "default-src 'none'; frame-ancestors 'none'"
	for name, c := range map[string]struct {
		settings []string
		policy   string
		sdk      string // opener policy of what a frame opens
	}{
		"alone":    {nil, policy("", ""), alone},
		"embedded": {[]string{"FRONTEND_FRAME_ANCESTORS=https://docs.example.org,https://*.example.net"}, policy("", " https://docs.example.org https://*.example.net"), ""},
		"anywhere": {[]string{"FRONTEND_FRAME_ANCESTORS=*"}, policy("", " *"), ""},
		"told of": {[]string{
			"FRONTEND_CUSTOM_CSS_URL=https://style.example.org/a.css", "FRONTEND_EXTERNAL_HOME_URL=https://example.org/home",
			`FRONTEND_ANALYTICS={"id":"x","host":"https://stats.example.org","flags_api_host":"https://flags.example.org/"}`, "FRONTEND_DOCUMENTATION_URL=https://docs.example.org",
		}, policy(" https://style.example.org https://example.org https://stats.example.org https://flags.example.org", ""), alone},
		"a CDN": {[]string{"FRONTEND_CONTENT_ORIGINS=https://cdn.example.org/models/"}, policy(" https://cdn.example.org/models/", ""), alone},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, append(c.settings, "FRONTEND_DIR="+dir)...)
			for path, want := range map[string][2]string{
				"/":                      {c.policy, alone},
				"/abc-defg-hij":          {c.policy, alone},
				"/sdk/create-button":     {c.policy, c.sdk},
				"/sdk/create-popup":      {c.policy, c.sdk},
				"/api/v1.0/authenticate": {api, c.sdk},
				"/api/v1.0/config/":      {api, c.sdk},
			} {
				resp, _ := g.ask(t, "GET", path, "", "")
				if got := [2]string{resp.Header.Get("Content-Security-Policy"), resp.Header.Get("Cross-Origin-Opener-Policy")}; got != want {
					t.Errorf("%s:\n got %q\nwant %q", path, got, want)
				}
			}
		})
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	for setting, good := range map[string]bool{
		"CSRF_TRUSTED_ORIGINS=https://a.example,https://*.b.example:8443": true,
		"CSRF_TRUSTED_ORIGINS=https://a.example/":                         false,
		"CSRF_TRUSTED_ORIGINS=*":                                          false,
		"CORS_ALLOWED_ORIGINS=http://localhost:3000":                      true,
		"CORS_ALLOWED_ORIGINS=*":                                          false,
		"CORS_ALLOWED_ORIGINS=localhost:3000":                             false,
		"FRONTEND_FRAME_ANCESTORS=https://a.example":                      true,
		"FRONTEND_FRAME_ANCESTORS=*":                                      true,
		"FRONTEND_FRAME_ANCESTORS=https://a.example,*":                    false,
		"FRONTEND_FRAME_ANCESTORS=https://a.example/page":                 false,
		"FRONTEND_FRAME_ANCESTORS='none'":                                 false,
		"FRONTEND_CONTENT_ORIGINS=https://a.example,wss://b.example/x/":   true,
		"FRONTEND_CONTENT_ORIGINS=*":                                      false,
		"FRONTEND_CONTENT_ORIGINS=https:":                                 false,
		"FRONTEND_CONTENT_ORIGINS=https://a.example; script-src *":        false,
		"FRONTEND_CONTENT_ORIGINS=https://a.example/x;y":                  false,
		"FRONTEND_CONTENT_ORIGINS=https://a.example/?x":                   false,
		"FRONTEND_CONTENT_ORIGINS=https://user@a.example":                 false,
		"FRONTEND_CONTENT_ORIGINS=data:text/html":                         false,
	} {
		var cfg Config
		err := config.Load(&cfg, []string{"LIVEKIT_URL=ws://127.0.0.1:7880", setting})
		if err == nil {
			err = cfg.Validate()
		}
		if (err == nil) != good {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

func TestLanding(t *testing.T) {
	g := start(t)
	resp, body := g.ask(t, "GET", "/", "", "")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, `href="/api/v1.0/authenticate/?returnTo=/docs/"`) || !strings.Contains(body, `href="/docs/"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}
