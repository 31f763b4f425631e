package gateway

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
)

func (r *rooms) ClaimCreatedRoom(_ context.Context, req *roomv1.ClaimCreatedRoomRequest) (*roomv1.ClaimCreatedRoomResponse, error) {
	if req.GetCallbackId() == "known" {
		return &roomv1.ClaimCreatedRoomResponse{Slug: "abc-defg-hij"}, r.fail
	}
	return &roomv1.ClaimCreatedRoomResponse{}, r.fail
}

func (r *rooms) TestConnection(ctx context.Context, _ *roomv1.TestConnectionRequest) (*roomv1.TestConnectionResponse, error) {
	return &roomv1.TestConnectionResponse{
		Connection: &tokenv1.Connection{Url: "ws://livekit", Room: "connection-test-1", Token: "of " + caller(ctx, "room")}, TimeToLive: durationpb.New(5 * time.Minute),
	}, r.fail
}

func TestCallbackAndDiagnostics(t *testing.T) {
	on, off := start(t, "CONNECTION_TEST_ENABLED=true"), start(t)
	const (
		callback = "/api/v1.0/rooms/creation-callback/"
		test     = "/api/v1.0/diagnostics/connection/"
		noCSRF   = `{"detail":"CSRF Failed: CSRF token missing."}`
	)
	for name, c := range map[string]struct {
		g                          *rig
		method, path, cookie, body string
		header                     []string
		status                     int
		want                       string
	}{
		"created":          {off, "POST", callback, "", `{"callback_id":"known"}`, nil, 200, `{"status":"success","room":{"slug":"abc-defg-hij"}}`},
		"not created":      {off, "POST", callback, adaCook, `{"callback_id":7}`, nil, 200, `{"status":"success","room":{}}`},
		"no callback":      {off, "POST", callback, "", ``, nil, 400, `{"callback_id":["This field is required."]}`},
		"callback blank":   {off, "POST", callback, "", `{"callback_id":" "}`, nil, 400, `{"callback_id":["This field may not be blank."]}`},
		"callback no CSRF": {off, "POST", callback, adaCook, `{"callback_id":"known"}`, []string{"X-CSRFToken", ""}, 403, noCSRF},
		"create, null":     {off, "POST", "/api/v1.0/rooms/", adaCook, `{"name":"a","callback_id":null}`, nil, 400, `{"callback_id":["This field may not be null."]}`},
		"test":             {on, "POST", test, "", "", nil, 200, `{"livekit":{"url":"ws://livekit","room":"connection-test-1","token":"of ","expires_in":300}}`},
		"test, logged in":  {on, "POST", test, adaCook, "", nil, 200, `{"livekit":{"url":"ws://livekit","room":"connection-test-1","token":"of ` + ada + `","expires_in":300}}`},
		"test, GET":        {on, "GET", test, "", "", nil, 405, `{"detail":"Method \"GET\" not allowed."}`},
		"test, off":        {off, "POST", test, "", "", nil, 404, `{"detail":"Not found."}`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := c.g.ask(t, c.method, c.path, c.cookie, c.body, c.header...)
			if resp.StatusCode != c.status || body != c.want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, c.status, c.want)
			}
		})
	}
	if _, body := on.ask(t, "GET", "/api/v1.0/config/", "", ""); !strings.Contains(body, `"diagnostics":{"connection_test_enabled":true}`) {
		t.Errorf("config %s", body)
	}
}
