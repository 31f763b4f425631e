package applications_test

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/auth/internal/applications"
	"github.com/parleymeet/parley/services/auth/internal/keys"
	"github.com/parleymeet/parley/services/auth/internal/store/sqlite"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

const life = time.Hour

// office is a registry and an issuer with all that a test wants to turn.
type office struct {
	*applications.Registry
	*applications.Issuer
	people *users.Directory
	ring   *keys.Ring
	clock  *clock.Fake
}

func newOffice(t *testing.T, provisional bool) *office {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "auth.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	key, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewFake(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC))
	people := users.NewDirectory(store, clk, users.Options{CreateUsers: true, ProvisionalUsers: provisional})
	ring := keys.NewRing(store, key, clk, log, 24*time.Hour)
	return &office{
		Registry: applications.NewRegistry(store, clk), people: people, ring: ring, clock: clk,
		Issuer: applications.NewIssuer(store, people, ring, clk, log, life),
	}
}

func (o *office) user(t *testing.T, sub, email string) users.User {
	t.Helper()
	user, err := o.people.LogIn(t.Context(), users.Claims{Sub: sub, Email: email})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// machine adds an application with all scopes, for users at example.org.
func (o *office) machine(t *testing.T) (applications.Application, applications.Secret) {
	t.Helper()
	name, scopes, domains := "Calendar", identity.Scopes(), []string{"Example.ORG"}
	app, secret, err := o.Create(t.Context(), applications.Draft{Name: &name, Scopes: &scopes, Domains: &domains})
	if err != nil {
		t.Fatal(err)
	}
	return app, secret
}

func (o *office) token(t *testing.T, app applications.Application, secret applications.Secret, onBehalfOf string) string {
	t.Helper()
	issued, err := o.Issue(t.Context(), applications.Request{ClientID: app.ID, Secret: secret, OnBehalfOf: onBehalfOf})
	if err != nil {
		t.Fatal(err)
	}
	return issued.Token
}

func wantText(t *testing.T, err error, reason apierr.Reason, text string) {
	t.Helper()
	if !apierr.Has(err, reason) || apierr.From(err).PublicText() != text {
		t.Errorf("got %v, want %v %q", err, reason, text)
	}
}

func TestIssue(t *testing.T) {
	o := newOffice(t, false)
	app, secret := o.machine(t)
	ada := o.user(t, "ada", "Ada@example.org")
	o.user(t, "one", "shared@example.org")
	o.user(t, "two", "Shared@example.org")
	for name, c := range map[string]struct {
		id     string
		secret applications.Secret
		behalf string
		reason apierr.Reason
		text   string
	}{
		"unknown client":       {"x", secret, ada.Email, apierr.ApplicationCredentials, "Invalid credentials"},
		"wrong secret":         {app.ID, secret + "x", ada.Email, apierr.ApplicationCredentials, "Invalid credentials"},
		"no secret":            {app.ID, "", ada.Email, apierr.ApplicationCredentials, "Invalid credentials"},
		"credentials first":    {app.ID, "x", "nonsense", apierr.ApplicationCredentials, "Invalid credentials"},
		"no e-mail":            {app.ID, secret, "nonsense", apierr.DelegationMalformed, "Scope should be a valid email address."},
		"name and e-mail":      {app.ID, secret, "Ada <ada@example.org>", apierr.DelegationMalformed, "Scope should be a valid email address."},
		"scope for users":      {app.ID, secret, "rooms:list", apierr.DelegationMalformed, "Scope should be a valid email address."},
		"domain":               {app.ID, secret, "ada@example.com", apierr.DelegationRefused, "This application is not authorized for this email domain."},
		"domain inside domain": {app.ID, secret, "ada@sub.example.org", apierr.DelegationRefused, "This application is not authorized for this email domain."},
		"unknown user":         {app.ID, secret, "bob@example.org", apierr.UserNotFound, "User not found."},
		"two users":            {app.ID, secret, "shared@example.org", apierr.UserConflict, "Failed to create or retrieve provisional user."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.Issue(t.Context(), applications.Request{ClientID: c.id, Secret: c.secret, OnBehalfOf: c.behalf})
			wantText(t, err, c.reason, c.text)
		})
	}
	resolved, err := o.Resolve(t.Context(), o.token(t, app, secret, "ADA@example.org"))
	rooms := []identity.Scope{identity.ScopeRoomsList, identity.ScopeRoomsRetrieve, identity.ScopeRoomsCreate}
	if err != nil || resolved.User.ID != ada.ID || resolved.Application.ID != app.ID || !slices.Equal(resolved.Application.Scopes, rooms) {
		t.Errorf("for a user: %+v, %v", resolved, err)
	}
	resolved, err = o.Resolve(t.Context(), o.token(t, app, secret, "Telephony:Resolve"))
	if err != nil || resolved.User != nil || !slices.Equal(resolved.Application.Scopes, []identity.Scope{identity.ScopeResolve}) {
		t.Errorf("for itself: %+v, %v", resolved, err)
	}
	if got, err := o.Get(t.Context(), app.ID); err != nil || !got.LastUsed.Equal(o.clock.Now()) {
		t.Errorf("last used %v, %v", got.LastUsed, err)
	}
}

// TestTokensFollowTheirApplication takes rights away from tokens that were given.
func TestTokensFollowTheirApplication(t *testing.T) {
	o := newOffice(t, false)
	app, secret := o.machine(t)
	ada := o.user(t, "ada", "ada@example.org")
	token := o.token(t, app, secret, ada.Email)
	update := func(d applications.Draft) {
		t.Helper()
		if _, err := o.Update(t.Context(), app.ID, d); err != nil {
			t.Fatal(err)
		}
	}
	off, on, fewer, elsewhere := false, true, []string{"rooms:list"}, []string{"example.com"}
	update(applications.Draft{Scopes: &fewer})
	if got, err := o.Resolve(t.Context(), token); err != nil || !slices.Equal(got.Application.Scopes, []identity.Scope{identity.ScopeRoomsList}) {
		t.Errorf("fewer scopes: %+v, %v", got, err)
	}
	_, err := o.Issue(t.Context(), applications.Request{ClientID: app.ID, Secret: secret, OnBehalfOf: "telephony:resolve"})
	wantText(t, err, apierr.DelegationRefused, "This application does not have the scope telephony:resolve.")

	update(applications.Draft{Active: &off})
	_, err = o.Resolve(t.Context(), token)
	wantText(t, err, apierr.ApplicationToken, "Application is disabled.")
	_, err = o.Issue(t.Context(), applications.Request{ClientID: app.ID, Secret: secret, OnBehalfOf: ada.Email})
	wantText(t, err, apierr.ApplicationCredentials, "Application is inactive")

	update(applications.Draft{Active: &on, Domains: &elsewhere})
	_, err = o.Resolve(t.Context(), token)
	wantText(t, err, apierr.ApplicationToken, "User not found.")

	update(applications.Draft{Domains: &[]string{}})
	if _, err := o.people.SetActive(t.Context(), ada.ID, false); err != nil {
		t.Fatal(err)
	}
	_, err = o.Resolve(t.Context(), token)
	wantText(t, err, apierr.ApplicationToken, "User account is disabled.")
	_, err = o.Issue(t.Context(), applications.Request{ClientID: app.ID, Secret: secret, OnBehalfOf: ada.Email})
	if !apierr.Has(err, apierr.UserNotFound) {
		t.Errorf("for a disabled user: %v", err)
	}

	if err := o.Delete(t.Context(), app.ID); err != nil {
		t.Fatal(err)
	}
	_, err = o.Resolve(t.Context(), token)
	wantText(t, err, apierr.ApplicationToken, "Application not found.")
}

func TestForgedTokens(t *testing.T) {
	o := newOffice(t, false)
	app, secret := o.machine(t)
	ada := o.user(t, "ada", "ada@example.org")
	good := o.token(t, app, secret, ada.Email)
	signer, err := o.ring.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := o.clock.Now()
	claims := func(change func(jwt.MapClaims)) jwt.MapClaims {
		c := jwt.MapClaims{
			"iss": "parley-auth", "aud": "parley-external-api", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
			"client_id": app.ID, "delegated": true, "user_id": ada.ID, "scope": "rooms:list",
		}
		change(c)
		return c
	}
	sign := func(method jwt.SigningMethod, key any, kid, typ string, c jwt.MapClaims) string {
		token := jwt.NewWithClaims(method, c)
		token.Header["kid"], token.Header["typ"] = kid, typ
		signed, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	ours := func(typ string, change func(jwt.MapClaims)) string {
		return sign(jwt.SigningMethodEdDSA, signer.Key, signer.KeyID, typ, claims(change))
	}
	same := func(jwt.MapClaims) {}
	assertion, err := signer.SignApplication(identity.Application{ID: app.ID}, nil, "room", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Resolve(t.Context(), ours("at+jwt", same)); err != nil {
		t.Fatalf("the test's own token: %v", err)
	}
	parts := strings.Split(good, ".")
	for name, c := range map[string]struct{ token, text string }{
		"empty":                  {"", "Invalid token."},
		"no token":               {"x.y.z", "Invalid token."},
		"tampered payload":       {parts[0] + "." + parts[1][:30] + "A" + parts[1][31:] + "." + parts[2], "Invalid token."},
		"other's signature":      {parts[0] + "." + parts[1] + "." + strings.Split(ours("at+jwt", same), ".")[2], "Invalid token."},
		"algorithm none":         {sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, signer.KeyID, "at+jwt", claims(same)), "Invalid token."},
		"public key as a secret": {sign(jwt.SigningMethodHS256, []byte(signer.Key[32:]), signer.KeyID, "at+jwt", claims(same)), "Invalid token."},
		"unknown key":            {sign(jwt.SigningMethodEdDSA, signer.Key, "k9", "at+jwt", claims(same)), "Invalid token."},
		"identity assertion":     {assertion, "Invalid token type."},
		"another type":           {ours("JWT", same), "Invalid token type."},
		"another audience":       {ours("at+jwt", func(c jwt.MapClaims) { c["aud"] = "room" }), "Invalid token claims."},
		"another issuer":         {ours("at+jwt", func(c jwt.MapClaims) { c["iss"] = "x" }), "Invalid token claims."},
		"no end":                 {ours("at+jwt", func(c jwt.MapClaims) { delete(c, "exp") }), "Invalid token claims."},
		"no client":              {ours("at+jwt", func(c jwt.MapClaims) { delete(c, "client_id") }), "Invalid token claims."},
		"delegated by nobody":    {ours("at+jwt", func(c jwt.MapClaims) { delete(c, "user_id") }), "Invalid token claims."},
		"for a user, but not":    {ours("at+jwt", func(c jwt.MapClaims) { c["delegated"] = false }), "Invalid token claims."},
		"expired":                {ours("at+jwt", func(c jwt.MapClaims) { c["exp"] = now.Unix() - 1 }), "Token expired."},
		"of an unknown client":   {ours("at+jwt", func(c jwt.MapClaims) { c["client_id"] = "x" }), "Application not found."},
		"for a user who is gone": {ours("at+jwt", func(c jwt.MapClaims) { c["user_id"] = app.ID }), "User not found."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.Resolve(t.Context(), c.token)
			wantText(t, err, apierr.ApplicationToken, c.text)
		})
	}
	// Nor is a token an assertion, at any service.
	for _, audience := range []string{"room", "telephony", "auth", "parley-external-api"} {
		if got, err := identity.NewVerifier(audience, o.ring.List, o.clock.Now).Verify(t.Context(), good); !apierr.Has(err, apierr.Unauthenticated) {
			t.Errorf("at %s the token is an assertion of %+v, %v", audience, got, err)
		}
	}
	// A scope that the application has, but not the token.
	if got, err := o.Resolve(t.Context(), ours("at+jwt", same)); err != nil || len(got.Application.Scopes) != 1 {
		t.Errorf("scopes of the token: %+v, %v", got, err)
	}
	o.clock.Advance(life)
	_, err = o.Resolve(t.Context(), good)
	wantText(t, err, apierr.ApplicationToken, "Token expired.")
}

func TestTokenOutlivesItsKey(t *testing.T) {
	o := newOffice(t, false)
	app, secret := o.machine(t)
	first, err := o.ring.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var last string
	for range 25 * 60 {
		signer, err := o.ring.Signer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if signer.KeyID != first.KeyID {
			break
		}
		last = o.token(t, app, secret, "telephony:resolve")
		o.clock.Advance(time.Minute)
		if err := o.ring.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	o.clock.Advance(life - 2*time.Minute)
	if err := o.ring.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Resolve(t.Context(), last); err != nil {
		t.Errorf("the last token of a retired key: %v", err)
	}
}

func TestRotation(t *testing.T) {
	o := newOffice(t, false)
	app, first := o.machine(t)
	rotate := func(grace time.Duration) applications.Secret {
		t.Helper()
		_, next, err := o.RotateSecret(t.Context(), app.ID, grace)
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	good := func(secret applications.Secret) bool {
		_, err := o.Issue(t.Context(), applications.Request{ClientID: app.ID, Secret: secret, OnBehalfOf: "telephony:resolve"})
		return err == nil
	}
	second := rotate(time.Hour)
	if !good(first) || !good(second) || first == second {
		t.Error("both must be good for the grace")
	}
	o.clock.Advance(time.Hour)
	if good(first) || !good(second) {
		t.Error("the grace is over")
	}
	third := rotate(time.Hour)
	fourth := rotate(0)
	if good(second) || good(third) || !good(fourth) {
		t.Error("only the present one is good after a rotation without grace")
	}
	if got, err := o.Get(t.Context(), app.ID); err != nil || !o.OldSecretExpires(got).IsZero() {
		t.Errorf("an old secret is told of: %v, %v", got.Secrets.OldExpires, err)
	}
}

func TestProvisionalUsers(t *testing.T) {
	o := newOffice(t, true)
	app, secret := o.machine(t)
	for _, spelling := range []string{"ada@example.org", "Ada@Example.org"} {
		o.token(t, app, secret, spelling)
	}
	made, err := o.people.ByEmail(t.Context(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if ada := o.user(t, "ada", "ADA@example.org"); ada.ID != made.ID || ada.Sub != "ada" {
		t.Errorf("the person is %+v, not %+v", ada, made)
	}
	if other := o.user(t, "eve", "ada@example.org"); other.ID == made.ID {
		t.Error("a second person took the user over")
	}
}

func TestFields(t *testing.T) {
	o := newOffice(t, false)
	app, _ := o.machine(t)
	if !slices.Equal(app.Domains, []string{"example.org"}) || !app.Active || len(app.Scopes) != 4 {
		t.Errorf("made %+v", app)
	}
	blank, scopes, domains := " ", []string{"ROOMS:list", "rooms:delete", "rooms:list"}, []string{"exämple.org", "@example.org", "example", "-a.org", "a..org"}
	_, err := o.Update(t.Context(), app.ID, applications.Draft{Name: &blank, Scopes: &scopes, Domains: &domains})
	fields := make([]string, 0, 6)
	for _, v := range apierr.From(err).Violations {
		fields = append(fields, v.Field)
	}
	want := []string{"name", "scopes.1", "allowed_domains.1", "allowed_domains.2", "allowed_domains.3", "allowed_domains.4"}
	if !slices.Equal(fields, want) {
		t.Errorf("wrong: %v, want %v", fields, want)
	}
	_, err = o.Update(t.Context(), "gone", applications.Draft{Name: &blank})
	wantText(t, err, apierr.ApplicationNotFound, "No Application matches the given query.")
	name := "other"
	draft := applications.Draft{Name: &name, ValidateOnly: true}
	if _, err := o.Update(t.Context(), app.ID, draft); err != nil {
		t.Errorf("validated: %v", err)
	}
	if _, secret, err := o.Create(t.Context(), draft); err != nil || secret != "" {
		t.Errorf("validated: %q, %v", secret, err)
	}
	if list, total, err := o.List(t.Context(), 0, 10); err != nil || total != 1 || list[0].Name == name {
		t.Errorf("after mere validations: %v, %v", list, err)
	}
	_, err = o.Update(t.Context(), "gone", draft)
	wantText(t, err, apierr.ApplicationNotFound, "No Application matches the given query.")
	_, _, err = o.Create(t.Context(), applications.Draft{})
	if !apierr.Has(err, apierr.InvalidFields) {
		t.Errorf("without a name: %v", err)
	}
}
