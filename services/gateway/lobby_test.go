package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	gil  = "33333333-2222-4333-8444-555555555555"
	pass = gil + ".proof"
)

// unprivileged is what others than moderators are told.
func unprivileged() error {
	return apierr.New(apierr.PermissionDenied, "You must have privileges on room to perform this action.")
}

// RequestEntry lets users in, and notes in the name what else it was told.
func (r *rooms) RequestEntry(ctx context.Context, req *roomv1.RequestEntryRequest) (*roomv1.RequestEntryResponse, error) {
	switch {
	case req.GetUsername() == "hasty":
		return nil, &apierr.Error{Reason: apierr.Throttled, RetryAfter: 41500 * time.Millisecond}
	case req.GetIdOrSlug() == "unknown":
		return nil, apierr.New(apierr.RoomNotFound, "")
	}
	answer := &roomv1.RequestEntryResponse{Pass: pass, Entry: &roomv1.LobbyEntry{
		ParticipantId: gil, Status: roomv1.EntryStatus_ENTRY_STATUS_WAITING, Color: "hsl(92, 59%, 37%)",
		Username: req.GetUsername() + " with pass '" + req.GetPass() + "' from " + req.GetClientAddress(),
	}}
	if caller(ctx, "room") != "" {
		answer.Entry.Status = roomv1.EntryStatus_ENTRY_STATUS_ACCEPTED
		answer.Connection = &tokenv1.Connection{Url: "ws://127.0.0.1:7880", Room: roomID, Token: "jwt"}
	}
	return answer, nil
}

func (r *rooms) ListWaiting(ctx context.Context, req *roomv1.ListWaitingRequest) (*roomv1.ListWaitingResponse, error) {
	switch {
	case caller(ctx, "room") != ada:
		return nil, unprivileged()
	case req.GetIdOrSlug() == "public":
		return &roomv1.ListWaitingResponse{}, nil
	}
	return &roomv1.ListWaitingResponse{Entries: []*roomv1.LobbyEntry{{
		ParticipantId: gil, Status: roomv1.EntryStatus_ENTRY_STATUS_WAITING, Username: "Gil", Color: "hsl(92, 59%, 37%)",
	}}}, nil
}

func (r *rooms) DecideEntry(_ context.Context, req *roomv1.DecideEntryRequest) (*roomv1.DecideEntryResponse, error) {
	switch {
	case req.GetIdOrSlug() == "public":
		return nil, apierr.New(apierr.RoomHasNoLobby, "")
	case req.GetParticipantId() != gil || !req.GetAllow():
		return nil, apierr.New(apierr.LobbyEntryNotFound, "")
	}
	return &roomv1.DecideEntryResponse{}, nil
}

// TestLobbyCookie: the cookie carries the pass, as the other cookies do, and
// comes back; the address is the client's own.
func TestLobbyCookie(t *testing.T) {
	const path, body = "/api/v1.0/rooms/x/request-entry", `{"username":"Gil"}`
	for name, c := range map[string]struct {
		environ, headers []string
		secure           bool
		username         string
	}{
		"first":        {nil, nil, false, "Gil with pass '' from 127.0.0.1"},
		"again":        {nil, []string{"Cookie", "lobbyParticipantId=" + pass}, false, "Gil with pass '" + pass + "' from 127.0.0.1"},
		"too long":     {nil, []string{"Cookie", "lobbyParticipantId=" + strings.Repeat("a", 300)}, false, "Gil with pass '' from 127.0.0.1"},
		"secure":       {[]string{"COOKIE_SECURE=true"}, nil, true, "Gil with pass '' from 127.0.0.1"},
		"not a proxy":  {nil, []string{"X-Forwarded-For", "192.0.2.1"}, false, "Gil with pass '' from 127.0.0.1"},
		"by a proxy":   {[]string{"TRUSTED_PROXIES=127.0.0.1/32,10.0.0.0/8"}, []string{"X-Forwarded-For", "192.0.2.66, 2001:db8::1, 10.1.2.3"}, false, "Gil with pass '' from 2001:db8::1"},
		"bad by proxy": {[]string{"TRUSTED_PROXIES=127.0.0.1/32"}, []string{"X-Forwarded-For", "192.0.2.1, what"}, false, "Gil with pass '' from 127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, got := start(t, c.environ...).ask(t, "POST", path, "", body, c.headers...)
			if want := `{"status":"waiting","username":"` + c.username + `","id":"` + gil + `","color":"hsl(92, 59%, 37%)","livekit":null}`; got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
			cookies := resp.Cookies()
			if len(cookies) != 1 {
				t.Fatalf("cookies %v", cookies)
			}
			k := cookies[0]
			if k.Name != "lobbyParticipantId" || k.Value != pass || !k.HttpOnly || k.Secure != c.secure || k.Path != "/" ||
				k.SameSite != http.SameSiteLaxMode || k.MaxAge != 0 || !k.Expires.IsZero() {
				t.Errorf("cookie %v", k)
			}
		})
	}
	resp, _ := start(t).ask(t, "POST", path, "", `{"username":"hasty"}`)
	if resp.Header.Get("Retry-After") != "42" {
		t.Errorf("Retry-After %q", resp.Header.Get("Retry-After"))
	}
}
