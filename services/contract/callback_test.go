package contract

import (
	"net/http"
	"strings"
	"testing"
)

// testCallback: a page that embeds the frontend learns what was created for it.
func testCallback(t *testing.T, d *deployment) {
	page, ada := d.visitor(t), d.login(t, "ada.lovelace@example.org")
	path, ask := roomsPath+"creation-callback/", map[string]any{"callback_id": "drawn-by-the-page"}
	const nothing = `{"status":"success","room":{}}`
	if got := page.must(t, http.StatusOK, http.MethodPost, path, ask); got.raw != nothing {
		t.Errorf("too early: %s", got.raw)
	}
	ada.must(t, http.StatusCreated, http.MethodPost, roomsPath, map[string]any{"name": "Called back", "callback_id": "drawn-by-the-page"})
	for _, want := range []string{`{"status":"success","room":{"slug":"called-back"}}`, nothing} {
		if got := page.must(t, http.StatusOK, http.MethodPost, path, ask); got.raw != want {
			t.Errorf("%s, want %s", got.raw, want)
		}
	}
}

// testDiagnostics: with the token of a connection test somebody gets into LiveKit.
func testDiagnostics(t *testing.T, d *deployment) {
	got := d.visitor(t).must(t, http.StatusOK, http.MethodPost, "/api/v1.0/diagnostics/connection/", nil).json
	given := got["livekit"].(map[string]any)
	room := join(t, given["url"].(string), given["token"].(string))
	if !strings.HasPrefix(room.Name(), "connection-test-") || room.LocalParticipant.Name() != "Connection Test" {
		t.Errorf("room %q, name %q", room.Name(), room.LocalParticipant.Name())
	}
	if given["expires_in"] != 300.0 || given["room"] != room.Name() {
		t.Errorf("given %v", keys(given))
	}
}
