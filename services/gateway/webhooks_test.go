package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// ReceiveLiveKitEvent believes a body that names its token.
func (r *rooms) ReceiveLiveKitEvent(_ context.Context, req *roomv1.ReceiveLiveKitEventRequest) (*roomv1.ReceiveLiveKitEventResponse, error) {
	if r.fail != nil {
		return nil, r.fail
	}
	if string(req.GetBody()) != `{"event": "x" }`+req.GetAuthorization() {
		return nil, apierr.New(apierr.TokenInvalid, "")
	}
	return &roomv1.ReceiveLiveKitEventResponse{}, nil
}

// TestWebhooks is the table of the contract, section 6.4. No cookie, no CSRF
// token and no JSON type is asked for, and the body arrives byte by byte.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	g := start(t)
	const good = `{"event": "x" }token`
	for name, c := range map[string]struct {
		method, authorization, body string
		fail                        error
		status                      int
		want                        string
	}{
		"good":         {http.MethodPost, "token", good, nil, http.StatusOK, `{"status":"success"}`},
		"no token":     {http.MethodPost, "", good, nil, http.StatusUnauthorized, `{"status":"error"}`},
		"other body":   {http.MethodPost, "token", "{}", nil, http.StatusBadRequest, `{"status":"error"}`},
		"no event":     {http.MethodPost, "token", good, apierr.New(apierr.InvalidFields, ""), http.StatusBadRequest, `{"status":"error"}`},
		"room is away": {http.MethodPost, "token", good, apierr.New(apierr.Unavailable, ""), http.StatusServiceUnavailable, `{"status":"error"}`},
		"room fails":   {http.MethodPost, "token", good, apierr.New(apierr.Internal, ""), http.StatusInternalServerError, `{"status":"error"}`},
		"refused":      {http.MethodPost, "token", good, apierr.New(apierr.CallerNotAllowed, ""), http.StatusInternalServerError, `{"status":"error"}`},
		"too large":    {http.MethodPost, "token", strings.Repeat("x", 256<<10+1), nil, http.StatusRequestEntityTooLarge, `{"status":"error"}`},
		"largest":      {http.MethodPost, "token", strings.Repeat("x", 256<<10), nil, http.StatusBadRequest, `{"status":"error"}`},
		"GET":          {http.MethodGet, "token", "", nil, http.StatusMethodNotAllowed, `{"detail":"Method \"GET\" not allowed."}`},
	} {
		g.rooms.fail = c.fail
		for _, path := range []string{"/api/v1.0/rooms/webhooks-livekit", "/api/v1.0/rooms/webhooks-livekit/"} {
			resp, got := g.ask(t, c.method, path, "", c.body, "Authorization", c.authorization, "Content-Type", "application/webhook+json")
			if resp.StatusCode != c.status || got != c.want {
				t.Errorf("%s: %d %s, want %d %s", name, resp.StatusCode, got, c.status, c.want)
			}
		}
	}
}
