package gateway

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// machines is what the services know of applications. The token "good" is one
// for Ada.
type machines struct {
	authv1.UnimplementedApplicationServiceServer
	authv1.UnimplementedApplicationTokenServiceServer
	roomv1.UnimplementedExternalRoomServiceServer
}

func (machines) IssueToken(_ context.Context, req *authv1.IssueTokenRequest) (*authv1.IssueTokenResponse, error) {
	reasons := map[string]apierr.Reason{
		"nonsense": apierr.DelegationMalformed, "a@foreign.org": apierr.DelegationRefused, "a@twice.org": apierr.UserConflict,
	}
	switch reason, refused := reasons[req.GetOnBehalfOf()]; {
	case req.GetClientSecret() != "s3cret":
		return nil, apierr.New(apierr.ApplicationCredentials, "")
	case refused:
		return nil, apierr.New(reason, "")
	case req.GetOnBehalfOf() == "a@nowhere.org":
		return nil, apierr.New(apierr.UserNotFound, "User not found.")
	}
	answer := &authv1.IssueTokenResponse{AccessToken: "good", Lifetime: durationpb.New(time.Hour)}
	if req.GetClientId() == "calendar" {
		answer.Scopes = []string{"rooms:list", "rooms:create"}
	}
	return answer, nil
}

func (machines) ResolveToken(_ context.Context, req *authv1.ResolveTokenRequest) (*authv1.ResolveTokenResponse, error) {
	if req.GetAccessToken() != "good" {
		return nil, apierr.New(apierr.ApplicationToken, "Token expired.")
	}
	return &authv1.ResolveTokenResponse{Assertion: req.GetAudience() + ":" + ada}, nil
}

func external() *roomv1.ExternalRoom {
	whole := view("kqz-wrtp-lmn")
	return &roomv1.ExternalRoom{Room: whole.GetRoom(), DialIn: whole.GetDialIn()}
}

func (machines) GetExternalRoom(ctx context.Context, req *roomv1.GetExternalRoomRequest) (*roomv1.GetExternalRoomResponse, error) {
	if caller(ctx, "room") != ada {
		return nil, apierr.New(apierr.Unauthenticated, "")
	}
	if req.GetId() != roomID {
		return nil, apierr.New(apierr.RoomNotFound, "Not found.")
	}
	return &roomv1.GetExternalRoomResponse{Room: external()}, nil
}

func (machines) ListExternalRooms(_ context.Context, req *roomv1.ListExternalRoomsRequest) (*roomv1.ListExternalRoomsResponse, error) {
	if req.GetPageSize() != 20 {
		return nil, apierr.New(apierr.Internal, "")
	}
	bare := external()
	bare.DialIn = nil
	return &roomv1.ListExternalRoomsResponse{Rooms: []*roomv1.ExternalRoom{external(), bare}, TotalSize: 2}, nil
}

func (machines) CreateExternalRoom(ctx context.Context, req *roomv1.CreateExternalRoomRequest) (*roomv1.CreateExternalRoomResponse, error) {
	if caller(ctx, "room") != ada {
		return nil, apierr.New(apierr.Unauthenticated, "")
	}
	if req.GetValidateOnly() {
		return &roomv1.CreateExternalRoomResponse{}, nil
	}
	made := external()
	made.Room.AccessLevel = req.GetAccessLevel()
	return &roomv1.CreateExternalRoomResponse{Room: made}, nil
}

func (machines) ListApplications(ctx context.Context, _ *authv1.ListApplicationsRequest) (*authv1.ListApplicationsResponse, error) {
	if caller(ctx, "auth") != ada {
		return nil, apierr.New(apierr.OperatorRequired, "")
	}
	return &authv1.ListApplicationsResponse{TotalSize: 1, Applications: []*authv1.Application{{ClientId: "calendar", Name: "Calendar"}}}, nil
}

func (machines) CreateApplication(ctx context.Context, req *authv1.CreateApplicationRequest) (*authv1.CreateApplicationResponse, error) {
	if caller(ctx, "auth") != ada {
		return nil, apierr.New(apierr.OperatorRequired, "")
	}
	if slices.Contains(req.GetApplication().GetScopes(), "nonsense") {
		return nil, apierr.InvalidField("scopes.0", "invalid_choice", "No.")
	}
	made := req.GetApplication()
	made.ClientId, made.Active, made.CreateTime = "calendar", true, timestamppb.New(time.Unix(1768478400, 0))
	return &authv1.CreateApplicationResponse{Application: made, ClientSecret: "s3cret"}, nil
}

func TestExternalAPI(t *testing.T) {
	g := start(t, "EXTERNAL_API_ENABLED=true", "APPLICATION_ENABLED=true", "APPLICATION_BASE_URL=https://meet.example.org/")
	const (
		form      = "application/x-www-form-urlencoded"
		tokens    = "/external-api/v1.0/application/token/"
		list      = "/external-api/v1.0/rooms/"
		issued    = `{"access_token":"good","token_type":"Bearer","expires_in":3600,"scope":"rooms:list rooms:create"}`
		anonymous = `{"detail":"Authentication credentials were not provided."}`
		telephone = `"telephony":{"enabled":true,"phone_number":"+33123456789","pin_code":"0123456789","default_country":"FR"}}`
		head      = `{"id":"` + roomID + `","name":"kqz-wrtp-lmn","slug":"kqz-wrtp-lmn","access_level":`
		link      = `"configuration":{},"url":"https://meet.example.org/kqz-wrtp-lmn",`
		shown     = head + `"public",` + link + telephone
	)
	ask := func(secret, scope string) string {
		return `{"client_id":"calendar","client_secret":"` + secret + `","grant_type":"client_credentials","scope":"` + scope + `"}`
	}
	for name, c := range map[string]struct {
		method, path, token, body string
		status                    int
		want                      string
	}{
		"token":             {"POST", tokens, "", ask("s3cret", "ada@example.org"), 200, issued},
		"no scopes":         {"POST", tokens, "", strings.Replace(ask("s3cret", "ada@example.org"), "calendar", "x", 1), 200, `{"access_token":"good","token_type":"Bearer","expires_in":3600}`},
		"no fields":         {"POST", tokens, "", `{"grant_type":"password"}`, 400, `{"client_id":["This field is required."],"client_secret":["This field is required."],"grant_type":["\"password\" is not a valid choice."],"scope":["This field is required."]}`},
		"wrong secret":      {"POST", tokens, "", ask("x", "ada@example.org"), 401, `{"detail":"Invalid credentials"}`},
		"no e-mail":         {"POST", tokens, "", ask("s3cret", "nonsense"), 400, `{"error":"Scope should be a valid email address."}`},
		"domain":            {"POST", tokens, "", ask("s3cret", "a@foreign.org"), 403, `{"error":"This application is not authorized for this email domain."}`},
		"no user":           {"POST", tokens, "", ask("s3cret", "a@nowhere.org"), 404, `{"detail":"User not found."}`},
		"two users":         {"POST", tokens, "", ask("s3cret", "a@twice.org"), 409, `{"error":"Failed to create or retrieve provisional user."}`},
		"token by GET":      {"GET", tokens, "", "", 405, `{"detail":"Method \"GET\" not allowed."}`},
		"anonymous":         {"GET", list, "", "", 401, anonymous},
		"basic":             {"GET", list, "Basic good", "", 401, anonymous},
		"empty header":      {"GET", list, "Bearer", "", 401, `{"detail":"Invalid token header."}`},
		"three words":       {"GET", list, "Bearer a b", "", 401, `{"detail":"Invalid token header."}`},
		"old token":         {"GET", list, "Bearer old", "", 401, `{"detail":"Token expired."}`},
		"list":              {"GET", list, "bearer good", "", 200, `{"count":2,"next":null,"previous":null,"results":[` + shown + "," + strings.Replace(shown, `"0123456789"`, "null", 1) + `]}`},
		"room":              {"GET", list + roomID + "/", "Bearer good", "", 200, shown},
		"slug":              {"GET", list + "slug/", "Bearer good", "", 404, `{"detail":"Not found."}`},
		"create":            {"POST", list, "Bearer good", `{"name":"mine","access_level":"restricted"}`, 201, head + `"restricted",` + link + telephone},
		"create, no level":  {"POST", list, "Bearer good", `{"access_level":"x"}`, 400, `{"access_level":["\"x\" is not a valid choice."]}`},
		"anonymous first":   {"POST", list, "", `{"access_level":"x"}`, 401, anonymous},
		"DELETE":            {"DELETE", list + roomID + "/", "Bearer good", "", 405, `{"detail":"Method \"DELETE\" not allowed."}`},
		"DELETE, anonymous": {"DELETE", list + roomID + "/", "", "", 401, anonymous},
		"unknown path":      {"GET", "/external-api/v1.0/users/", "Bearer good", "", 404, `{"detail":"Not found."}`},
		"resolve":           {"POST", "/api/v1.0/telephony/resolve/", "Bearer good", `{"number":"+33123456789","pin":"0123456789"}`, 200, `{"result":"accept","room_id":"` + roomID + `","trunk_id":"ST_1"}`},
		"resolve, old":      {"POST", "/api/v1.0/telephony/resolve/", "Bearer old", `{}`, 401, `{"detail":"Token expired."}`},
		"resolve, nobody":   {"POST", "/api/v1.0/telephony/resolve/", "", `{}`, 401, anonymous},
		// A token is no session.
		"me":              {"GET", "/api/v1.0/users/me/", "Bearer good", "", 401, anonymous},
		"create a room":   {"POST", "/api/v1.0/rooms/", "Bearer good", `{"name":"x"}`, 401, anonymous},
		"as applications": {"GET", "/api/v1.0/applications/", "Bearer good", "", 401, anonymous},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{"X-Nothing", ""}
			if c.token != "" {
				headers = []string{"Authorization", c.token}
			}
			resp, body := g.ask(t, c.method, c.path, "", c.body, headers...)
			if resp.StatusCode != c.status || body != c.want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, c.status, c.want)
			}
			bearer := strings.HasPrefix(c.path, "/external-api/") || body == `{"detail":"Token expired."}`
			if resp.StatusCode == http.StatusUnauthorized && (resp.Header.Get("WWW-Authenticate") == "Bearer") != bearer {
				t.Errorf("WWW-Authenticate %q", resp.Header.Get("WWW-Authenticate"))
			}
			if resp.Header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
		})
	}
	values := url.Values{"client_id": {"calendar"}, "client_secret": {"s3cret"}, "grant_type": {"client_credentials"}, "scope": {"ada@example.org"}}
	if resp, body := g.ask(t, "POST", tokens, "", values.Encode(), "Content-Type", form); resp.StatusCode != http.StatusOK || body != issued {
		t.Errorf("form: %d %s", resp.StatusCode, body)
	}
	if resp, body := g.ask(t, "POST", tokens, "", "client_id=%zz", "Content-Type", form); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("bad form: %d %s", resp.StatusCode, body)
	}
	for path, kind := range map[string]string{tokens: "text/plain", "/api/v1.0/rooms/": form} {
		if resp, body := g.ask(t, "POST", path, adaCook, "a=b", "Content-Type", kind); resp.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%s as %s: %d %s", path, kind, resp.StatusCode, body)
		}
	}
	// A session is nothing to the external API.
	if resp, _ := g.ask(t, "GET", list, adaCook, ""); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("with a session: %d", resp.StatusCode)
	}
}

func TestExternalAPIOff(t *testing.T) {
	const body = `{"client_id":"calendar","client_secret":"s3cret","grant_type":"client_credentials","scope":"ada@example.org"}`
	for name, c := range map[string]struct {
		environ []string
		rooms   int
	}{
		"all off":            {nil, http.StatusNotFound},
		"external API off":   {[]string{"APPLICATION_ENABLED=true"}, http.StatusNotFound},
		"no application may": {[]string{"EXTERNAL_API_ENABLED=true"}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, c.environ...)
			resp, text := g.ask(t, "POST", "/external-api/v1.0/application/token/", "", body)
			if resp.StatusCode != http.StatusNotFound || text != `{"detail":"Not found."}` {
				t.Errorf("token: %d %s", resp.StatusCode, text)
			}
			if resp, text := g.ask(t, "GET", "/external-api/v1.0/rooms/", "", "", "Authorization", "Bearer good"); resp.StatusCode != c.rooms {
				t.Errorf("rooms: %d %s", resp.StatusCode, text)
			}
		})
	}
	g := start(t)
	if resp, _ := g.ask(t, "POST", "/api/v1.0/telephony/resolve/", "", `{}`, "Authorization", "Bearer good"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("resolve: %d", resp.StatusCode)
	}
}

func TestApplicationsOverREST(t *testing.T) {
	g := start(t)
	const path = "/api/v1.0/applications/"
	for name, c := range map[string]struct {
		method, cookie, body string
		status               int
		want                 string
	}{
		"create":      {"POST", adaCook, `{"name":"Calendar","scopes":["rooms:list"]}`, 201, `{"client_id":"calendar","name":"Calendar","active":true,"scopes":["rooms:list"],"allowed_domains":[],"created_at":"2026-01-15T12:00:00Z","last_used_at":null,"old_secret_expires_at":null,"client_secret":"s3cret"}`},
		"no name":     {"POST", adaCook, `{}`, 400, `{"name":["This field is required."]}`},
		"no operator": {"POST", bobCook, `{}`, 403, `{"detail":"Only operators may do this."}`},
		"anonymous":   {"GET", "", "", 401, `{"detail":"Authentication credentials were not provided."}`},
		"list":        {"GET", adaCook, "", 200, `{"count":1,"next":null,"previous":null,"results":[{"client_id":"calendar","name":"Calendar","active":false,"scopes":[],"allowed_domains":[],"created_at":"","last_used_at":null,"old_secret_expires_at":null}]}`},
	} {
		if resp, body := g.ask(t, c.method, path, c.cookie, c.body); resp.StatusCode != c.status || body != c.want {
			t.Errorf("%s: %d %s\nwant %d %s", name, resp.StatusCode, body, c.status, c.want)
		}
	}
}
