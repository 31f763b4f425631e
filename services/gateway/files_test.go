package gateway

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"index.html": "<p>app", "assets/a-1.js": "x()", "sounds/in.mp3": "s", "model.wasm": "w"} {
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
		"/":                  {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/abc-defg-hij":      {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/assets/a-1.js":     {"200", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "x()"},
		"/assets/gone.js":    {"404", "text/plain; charset=utf-8", "", "404 page not found\n"},
		"/sounds/in.mp3":     {"200", "audio/mpeg", "no-cache", "s"},
		"/model.wasm":        {"200", "application/wasm", "no-cache", "w"},
		"/leak.txt":          {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/%2e%2e/%2e%2e/etc": {"200", "text/html; charset=utf-8", "no-cache", "<p>app"},
		"/docs/openapi.json": {"200", "application/json", "no-cache", "{"},
		"/docs/":             {"200", "text/html", "", "<"},
		"/api/v1.0/no-such":  {"404", "application/json", "no-store", `{"detail":"Not found."}`},
		"/api/v1.0/files":    {"404", "application/json", "no-store", `{"detail":"Not found."}`},
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
	resp, _ := g.ask(t, "GET", "/", "", "")
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "ws://127.0.0.1:7880 http://127.0.0.1:7880") {
		t.Errorf("policy %q keeps LiveKit out", policy)
	}
	if resp, _ := g.ask(t, "POST", "/", "", ""); resp.StatusCode != 405 {
		t.Errorf("POST: %d", resp.StatusCode)
	}
}

func TestLanding(t *testing.T) {
	g := start(t)
	resp, body := g.ask(t, "GET", "/", "", "")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, `href="/api/v1.0/authenticate/?returnTo=/docs/"`) || !strings.Contains(body, `href="/docs/"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}
