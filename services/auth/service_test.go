package auth_test

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/auth"
)

const callback = "http://127.0.0.1:8080/api/v1.0/callback/"

// suite is an auth service behind the real interceptors, with callers of any name.
type suite struct {
	server   *grpcx.Server
	registry *prometheus.Registry
}

func startSuite(t *testing.T) *suite {
	t.Helper()
	var cfg auth.Config
	if err := config.Load(&cfg, []string{
		"DATABASE_URL=sqlite://" + t.TempDir(), "SECRET_KEY=" + secret.Generate(),
		"DEVELOPMENT_LOGIN=true", "OPERATOR_EMAILS=boss@example.org,Operator@example.org",
	}); err != nil {
		t.Fatal(err)
	}
	s := &suite{registry: prometheus.NewRegistry()}
	log := slog.New(slog.DiscardHandler)
	service, err := auth.New(cfg, auth.Deps{Logger: log, Registry: s.registry, Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	verifier := identity.NewVerifier(identity.CallerAuth, s.keys(), time.Now)
	server, err := grpcx.NewServer(grpcx.Options{
		Policy: auth.Policy(), Verifiers: grpcx.Verifiers{"parley.auth.v1": verifier},
		Logger: log, Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	service.Register(server)
	s.server = server
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ran, served := make(chan error, 1), make(chan error, 1)
	go func() { ran <- service.Component().Run(ctx) }()
	go func() { served <- server.Serve() }()
	t.Cleanup(func() {
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-ran; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return s
}

// keys asks the service as another one would.
func (s *suite) keys() identity.KeySource {
	return func(ctx context.Context) ([]identity.Key, error) {
		resp, err := s.as(identity.CallerRoom).keys.ListKeys(ctx, &authv1.ListKeysRequest{})
		if err != nil {
			return nil, err
		}
		var list []identity.Key
		for _, key := range resp.GetKeys() {
			list = append(list, identity.Key{ID: key.GetId(), Public: key.GetPublicKey(), Expires: key.GetExpireTime().AsTime()})
		}
		return list, nil
	}
}

type clients struct {
	users    authv1.UserServiceClient
	logins   authv1.LoginServiceClient
	sessions authv1.SessionServiceClient
	keys     authv1.KeyServiceClient
}

func (s *suite) as(caller string) clients {
	conn := s.server.Local(caller)
	return clients{
		authv1.NewUserServiceClient(conn), authv1.NewLoginServiceClient(conn),
		authv1.NewSessionServiceClient(conn), authv1.NewKeyServiceClient(conn),
	}
}

// logIn logs a person in as the gateway does and returns its session's token.
func (c clients) logIn(t *testing.T, email string) string {
	t.Helper()
	started, err := c.logins.StartLogin(t.Context(), &authv1.StartLoginRequest{LoginHint: email, RedirectUri: callback, ReturnTo: "/x"})
	if err != nil {
		t.Fatal(err)
	}
	if age := started.GetSession().GetMaxAge().AsDuration(); age != 12*time.Hour {
		t.Errorf("the session lasts %v", age)
	}
	finished, err := c.finish(t, started.GetAuthorizationUrl(), started.GetSession().GetToken())
	if err != nil || finished.GetOutcome() != authv1.FinishLoginResponse_OUTCOME_LOGGED_IN || finished.GetReturnTo() != "/x" {
		t.Fatal(finished, err)
	}
	return finished.GetSession().GetToken()
}

// finish is the browser that follows the redirect to the callback.
func (c clients) finish(t *testing.T, location, token string) (*authv1.FinishLoginResponse, error) {
	t.Helper()
	back, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, callback) {
		t.Fatal(location, err)
	}
	query := back.Query()
	return c.logins.FinishLogin(t.Context(), &authv1.FinishLoginRequest{
		SessionToken: token, Code: query.Get("code"), State: query.Get("state"), Error: query.Get("error"), RedirectUri: callback,
	})
}

func TestLogInAndOut(t *testing.T) {
	t.Parallel()
	s := startSuite(t)
	gateway := s.as(identity.CallerGateway)
	token := gateway.logIn(t, "ada.lovelace@example.org")
	resolved, err := gateway.sessions.ResolveSession(t.Context(), &authv1.ResolveSessionRequest{SessionToken: token, Audience: "room"})
	if err != nil {
		t.Fatal(err)
	}
	user := resolved.GetUser()
	if user.GetFullName() != "Ada Lovelace" || user.GetShortName() != "Ada" || user.GetTimezone() != "UTC" ||
		user.GetLanguage() != "en-us" || user.DefaultRoomAccessLevel != nil || user.GetDefaultRoomConfiguration() == nil || user.GetOperator() {
		t.Errorf("user %v", user)
	}
	room := identity.NewVerifier("room", s.keys(), time.Now)
	verified, err := room.Verify(t.Context(), resolved.GetAssertion())
	if err != nil || verified.User.ID != user.GetId() || verified.User.Sub != user.GetSub() || verified.User.Email != "ada.lovelace@example.org" {
		t.Errorf("assertion of %+v, %v", verified, err)
	}
	if _, err := identity.NewVerifier("telephony", s.keys(), time.Now).Verify(t.Context(), resolved.GetAssertion()); err == nil {
		t.Error("the assertion is good elsewhere")
	}
	out, err := gateway.logins.StartLogout(t.Context(), &authv1.StartLogoutRequest{SessionToken: token, RedirectUri: callback})
	if err != nil || out.GetEndSessionUrl() != "" {
		t.Errorf("log-out: %v, %v", out, err)
	}
	_, err = gateway.sessions.ResolveSession(t.Context(), &authv1.ResolveSessionRequest{SessionToken: token})
	if !apierr.Has(err, apierr.SessionNotFound) {
		t.Errorf("after the log-out: %v", err)
	}
	wantCounter(t, s.registry, "parley_auth_logins_total", "logged_in", 1)
	wantCounter(t, s.registry, "parley_auth_sessions_resolved_total", "found", 1)
	wantCounter(t, s.registry, "parley_auth_sessions_resolved_total", "not_found", 1)
}

func wantCounter(t *testing.T, registry *prometheus.Registry, name, outcome string, want float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name && metric.GetLabel()[0].GetValue() == outcome {
				if got := metric.GetCounter().GetValue(); got != want {
					t.Errorf("%s{outcome=%q} is %v, want %v", name, outcome, got, want)
				}
				return
			}
		}
	}
	t.Errorf("no %s{outcome=%q}", name, outcome)
}

func TestSilentLogin(t *testing.T) {
	t.Parallel()
	gateway := startSuite(t).as(identity.CallerGateway)
	silent := &authv1.StartLoginRequest{Silent: true, RedirectUri: callback, ReturnTo: "/x"}
	started, err := gateway.logins.StartLogin(t.Context(), silent)
	if err != nil {
		t.Fatal(err)
	}
	finished, err := gateway.finish(t, started.GetAuthorizationUrl(), started.GetSession().GetToken())
	if err != nil || finished.GetOutcome() != authv1.FinishLoginResponse_OUTCOME_SILENT_REFUSED || !finished.GetSilent() || finished.GetReturnTo() != "/x" {
		t.Errorf("a stranger: %v, %v", finished, err)
	}

	silent.SessionToken = gateway.logIn(t, "ada@example.org")
	started, err = gateway.logins.StartLogin(t.Context(), silent)
	if err != nil || started.GetSession() != nil {
		t.Fatal(started, err)
	}
	finished, err = gateway.finish(t, started.GetAuthorizationUrl(), silent.GetSessionToken())
	if err != nil || finished.GetOutcome() != authv1.FinishLoginResponse_OUTCOME_LOGGED_IN {
		t.Fatalf("somebody known: %v, %v", finished, err)
	}
	resolved, err := gateway.sessions.ResolveSession(t.Context(), &authv1.ResolveSessionRequest{SessionToken: finished.GetSession().GetToken()})
	if err != nil || resolved.GetUser().GetEmail() != "ada@example.org" || resolved.GetAssertion() != "" {
		t.Errorf("resolved %v, %v", resolved, err)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	s := startSuite(t)
	gateway, room, operator := s.as(identity.CallerGateway), s.as(identity.CallerRoom), s.as(identity.CallerOperator)
	token := gateway.logIn(t, "operator@example.org")
	resolved, err := gateway.sessions.ResolveSession(t.Context(), &authv1.ResolveSessionRequest{SessionToken: token, Audience: "auth"})
	if err != nil || !resolved.GetUser().GetOperator() {
		t.Fatal(resolved, err)
	}
	id := resolved.GetUser().GetId()
	for name, req := range map[string]*authv1.GetUserRequest{
		"id":     {Key: &authv1.GetUserRequest_Id{Id: id}},
		"sub":    {Key: &authv1.GetUserRequest_Sub{Sub: resolved.GetUser().GetSub()}},
		"e-mail": {Key: &authv1.GetUserRequest_Email{Email: "OPERATOR@example.org"}},
	} {
		for _, caller := range []clients{room, operator} {
			if got, err := caller.users.GetUser(t.Context(), req); err != nil || got.GetUser().GetId() != id || !got.GetUser().GetOperator() {
				t.Errorf("by %s: %v, %v", name, got, err)
			}
		}
	}
	_, err = gateway.users.GetUser(t.Context(), &authv1.GetUserRequest{Key: &authv1.GetUserRequest_Email{Email: "operator@example.org"}})
	if !apierr.Has(err, apierr.CallerNotAllowed) {
		t.Errorf("the gateway by e-mail: %v", err)
	}
	batch, err := room.users.BatchGetUsers(t.Context(), &authv1.BatchGetUsersRequest{Ids: []string{id, "00000000-0000-0000-0000-000000000000"}})
	if err != nil || len(batch.GetUsers()) != 1 || batch.GetUsers()[0].GetId() != id {
		t.Errorf("batch: %v, %v", batch, err)
	}

	update := &authv1.UpdateUserRequest{User: &authv1.User{Id: id, Timezone: "US/Eastern", Language: "fr-fr"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"timezone"}}}
	if _, err := gateway.users.UpdateUser(t.Context(), update); !apierr.Has(err, apierr.Unauthenticated) {
		t.Errorf("nobody updates: %v", err)
	}
	self := identity.WithAssertion(t.Context(), resolved.GetAssertion())
	update.ValidateOnly = true
	if validated, err := gateway.users.UpdateUser(self, update); err != nil || validated.GetUser() != nil {
		t.Errorf("validated %v, %v", validated, err)
	}
	got, err := gateway.users.GetUser(self, &authv1.GetUserRequest{Key: &authv1.GetUserRequest_Id{Id: id}})
	if err != nil || got.GetUser().GetTimezone() == "US/Eastern" {
		t.Errorf("after a mere validation: %v, %v", got, err)
	}
	update.ValidateOnly = false
	updated, err := gateway.users.UpdateUser(self, update)
	if err != nil || updated.GetUser().GetTimezone() != "US/Eastern" || updated.GetUser().GetLanguage() != "en-us" {
		t.Errorf("updated %v, %v", updated, err)
	}
	configuration, err := structpb.NewStruct(map[string]any{"everyone_can_mute": "yes"})
	if err != nil {
		t.Fatal(err)
	}
	level := ""
	update.User.DefaultRoomConfiguration, update.User.DefaultRoomAccessLevel = configuration, &level
	update.UpdateMask.Paths = []string{"default_room_access_level", "default_room_configuration"}
	updated, err = gateway.users.UpdateUser(self, update)
	if err != nil || updated.GetUser().DefaultRoomAccessLevel == nil ||
		updated.GetUser().GetDefaultRoomConfiguration().GetFields()["everyone_can_mute"].GetStringValue() != "yes" {
		t.Errorf("updated %v, %v", updated, err)
	}
	update.User.DefaultRoomConfiguration = nil
	if _, err := gateway.users.UpdateUser(self, update); !apierr.Has(err, apierr.InvalidFields) {
		t.Errorf("no configuration: %v", err)
	}
	update.UpdateMask.Paths = []string{"email"}
	if _, err := gateway.users.UpdateUser(self, update); !apierr.Has(err, apierr.InvalidFields) {
		t.Errorf("a field of the provider's: %v", err)
	}
}

func TestOnlyTheGatewayHandlesSessions(t *testing.T) {
	t.Parallel()
	s := startSuite(t)
	for _, caller := range []string{identity.CallerRoom, identity.CallerTelephony, identity.CallerOperator, ""} {
		c := s.as(caller)
		_, err := c.sessions.ResolveSession(t.Context(), &authv1.ResolveSessionRequest{SessionToken: "x"})
		if !apierr.Has(err, apierr.CallerNotAllowed) {
			t.Errorf("%q resolves: %v", caller, err)
		}
		_, err = c.logins.StartLogin(t.Context(), &authv1.StartLoginRequest{LoginHint: "a@example.org", RedirectUri: callback})
		if !apierr.Has(err, apierr.CallerNotAllowed) {
			t.Errorf("%q logs in: %v", caller, err)
		}
	}
}

func TestConfig(t *testing.T) {
	key := "SECRET_KEY=" + secret.Generate()
	good := func(more ...string) []string { return append([]string{key}, more...) }
	development := func(more ...string) []string { return append([]string{key, "DEVELOPMENT_LOGIN=true"}, more...) }
	cases := map[string]struct {
		environ []string
		want    []string // parts of the error; none when good
	}{
		"development":             {development(), nil},
		"development, standalone": {development("GRPC_ADDR=127.0.0.1:9000"), nil},
		"development, version 6":  {development("GRPC_ADDR=[::1]:9000"), nil},
		"development, open":       {development("GRPC_ADDR=0.0.0.0:9001"), []string{"loopback"}},
		"development, all":        {development("GRPC_ADDR=:9001"), []string{"loopback"}},
		"development, AUTH_ADDR":  {development("AUTH_ADDR=auth.internal:9001"), []string{"loopback"}},
		"OIDC":                    {good("GRPC_ADDR=0.0.0.0:9001", "OIDC_ISSUER_URL=https://id.example.org", "OIDC_CLIENT_ID=parley"), nil},
		"OIDC without client":     {good("OIDC_ISSUER_URL=id.example.org"), []string{"OIDC_ISSUER_URL", "OIDC_CLIENT_ID"}},
		"parameters":              {good("OIDC_ISSUER_URL=https://id.example.org", "OIDC_CLIENT_ID=parley", `OIDC_AUTH_REQUEST_EXTRA_PARAMS={"acr_values":"eidas1"}`), nil},
		"parameters, not JSON":    {good("OIDC_ISSUER_URL=https://id.example.org", "OIDC_CLIENT_ID=parley", "OIDC_AUTH_REQUEST_EXTRA_PARAMS=acr_values:eidas1"), []string{"JSON object"}},
		"parameters of our own":   {good("OIDC_ISSUER_URL=https://id.example.org", "OIDC_CLIENT_ID=parley", `OIDC_AUTH_REQUEST_EXTRA_PARAMS={"state":"x"}`, "OIDC_CLOCK_LEEWAY=1h"), []string{"must not set state", "OIDC_CLOCK_LEEWAY"}},
		"neither":                 {good(), []string{"OIDC_ISSUER_URL", "DEVELOPMENT_LOGIN"}},
		"both":                    {development("OIDC_ISSUER_URL=https://id.example.org"), []string{"keep one"}},
		"everything wrong":        {[]string{"DATABASE_URL=mysql://x", "SESSION_COOKIE_AGE=0", "KEY_ROTATION=1s"}, []string{"DATABASE_URL", "SECRET_KEY", "SESSION_COOKIE_AGE", "KEY_ROTATION", "DEVELOPMENT_LOGIN"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := config.Load(&auth.Config{}, c.environ)
			if (err == nil) != (c.want == nil) {
				t.Fatalf("got %v", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}
