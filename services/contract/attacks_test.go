package contract

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
)

// testFixation plants the session of an attacker, with the log-in that it began,
// in a browser that then logs in. Defence: a log-in replaces the session
// (sessions.Manager.exchange).
func testFixation(t *testing.T, d *deployment) {
	attacker := d.visitor(t)
	attacker.noRedirects().must(t, http.StatusFound, http.MethodGet, authenticatePath+"?login_hint=mallory%40example.org", nil)
	planted := attacker.cookie("sessionid")
	victim := d.visitor(t)
	victim.set(t, &http.Cookie{Name: "sessionid", Value: planted, Path: "/"})
	victim.do(t, http.MethodGet, authenticatePath+"?login_hint=ada.lovelace%40example.org", nil)
	victim.must(t, http.StatusOK, http.MethodGet, mePath, nil)
	if victim.cookie("sessionid") == planted || planted == "" {
		t.Errorf("the log-in kept the session %q", planted)
	}
	attacker.wantAnonymous(t, "the one who planted it")
}

// testForeignLobbyCookie asks to enter with somebody's sub, the name by which
// LiveKit knows that person, as lobby cookie. Defence: lobby passes are signed
// (lobby.passes.id).
func testForeignLobbyCookie(t *testing.T, d *deployment) {
	ada := d.login(t, "ada.lovelace@example.org")
	room := ada.must(t, http.StatusCreated, http.MethodPost, roomsPath, map[string]any{"name": "impersonated", "access_level": "public"}).json
	_, token := connection(t, room)
	sub, err := claimsOf(t, token).GetSubject()
	if err != nil || sub == "" {
		t.Fatal(sub, err)
	}
	for _, cookie := range []string{sub, sub + ".", sub + "." + strings.Repeat("A", 43)} {
		mallory := d.visitor(t)
		mallory.set(t, &http.Cookie{Name: "lobbyParticipantId", Value: cookie, Path: "/"})
		got := mallory.must(t, http.StatusOK, http.MethodPost, roomsPath+"impersonated/request-entry/", map[string]any{"username": "Ada"}).json
		token, _ := got["livekit"].(map[string]any)["token"].(string)
		if entered, err := claimsOf(t, token).GetSubject(); err != nil || got["id"] == sub || entered == sub {
			t.Errorf("cookie %q: enters as %v with %v, %v", cookie, got["id"], entered, err)
		}
	}
}

// TestServicesTrustNobody asks services of their own processes with what an
// attacker inside the network might hold: the certificate of another service, an
// assertion made for another service.
func TestServicesTrustNobody(t *testing.T) {
	t.Parallel()
	d := startSplit(t, splitOptions{})
	session := d.login(t, "ada.lovelace@example.org").cookie("sessionid")
	as := func(caller, service string) *grpc.ClientConn { return d.dial(t, caller, service) }
	assertionFor := func(audience string) string {
		resp, err := authv1.NewSessionServiceClient(as(identity.CallerGateway, "auth")).
			ResolveSession(t.Context(), &authv1.ResolveSessionRequest{SessionToken: session, Audience: audience})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetAssertion()
	}
	for name, c := range map[string]struct {
		caller, audience string
		want             apierr.Reason // 0: room creates
	}{
		"the gateway, for room":              {identity.CallerGateway, "room", 0},
		"the gateway, no assertion":          {identity.CallerGateway, "", apierr.Unauthenticated},
		"the gateway, stolen from telephony": {identity.CallerGateway, "telephony", apierr.Unauthenticated}, // Verifier: audience
		"the gateway, stolen from auth":      {identity.CallerGateway, "auth", apierr.Unauthenticated},
		"telephony's certificate":            {identity.CallerTelephony, "room", apierr.CallerNotAllowed}, // Policy: callers of the row
		"token's certificate":                {identity.CallerToken, "room", apierr.CallerNotAllowed},
	} {
		ctx := t.Context()
		if c.audience != "" {
			ctx = identity.WithAssertion(ctx, assertionFor(c.audience))
		}
		_, err := roomv1.NewRoomServiceClient(as(c.caller, "room")).CreateRoom(ctx, &roomv1.CreateRoomRequest{Name: "attacked"})
		if got := apierr.ReasonOf(err); got != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// Only the gateway may turn a session into an assertion.
	for _, caller := range []string{identity.CallerRoom, identity.CallerTelephony, identity.CallerOperator} {
		_, err := authv1.NewSessionServiceClient(as(caller, "auth")).
			ResolveSession(t.Context(), &authv1.ResolveSessionRequest{SessionToken: session, Audience: "room"})
		if !apierr.Has(err, apierr.CallerNotAllowed) {
			t.Errorf("%s resolves a session: %v", caller, err)
		}
	}
}

// dial connects to a service of its own process with the certificate of a caller.
func (d *deployment) dial(t *testing.T, caller, service string) *grpc.ClientConn {
	t.Helper()
	settings := map[string]string{}
	for _, line := range d.operator {
		name, value, _ := strings.Cut(line, "=")
		settings[name] = value
	}
	certs := filepath.Dir(settings["TLS_CA_FILE"])
	files, err := grpcx.NewTLS(filepath.Join(certs, caller+".crt"), filepath.Join(certs, caller+".key"), settings["TLS_CA_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpcx.Dial(settings[strings.ToUpper(service)+"_ADDR"], files.Client(service))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
