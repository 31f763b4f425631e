package contract

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	logoutPath         = "/api/v1.0/logout"
	logoutCallbackPath = "/api/v1.0/logout-callback/"
	backChannelPath    = "/api/v1.0/backchannel-logout/"
	logoutEvent        = "http://schemas.openid.net/event/backchannel-logout"
)

func testLogoutRoundTrip(t *testing.T, p *identityProvider, d *deployment) {
	d.visitor(t).visit(t, d.http+logoutPath, nil).wants(t, "a stranger", "/bye")
	d.visitor(t).visit(t, d.http+logoutCallbackPath+"?state=x", nil).wants(t, "a stranger's return", "/bye")

	b := d.visitor(t)
	b.logInAt(t, "ada")
	away := b.visit(t, d.http+logoutPath, nil)
	if away.status != http.StatusFound || !strings.HasPrefix(away.location.String(), p.issuer) {
		t.Fatalf("log-out: %d to %v", away.status, away.location)
	}
	query := away.location.Query()
	if query.Get("id_token_hint") == "" || query.Get("state") == "" || query.Get("post_logout_redirect_uri") != d.http+logoutCallbackPath {
		t.Errorf("log-out leads to %v", away.location)
	}
	// Until the browser is back, it is logged in; other ways back change nothing.
	b.visit(t, d.http+logoutCallbackPath, nil).wants(t, "return without state", "/bye")
	b.visit(t, d.http+logoutCallbackPath+"?state=wrong", nil).wantsBadRequest(t, "return with a wrong state")
	b.must(t, http.StatusOK, http.MethodGet, mePath, nil)

	back := b.confirmLogout(t, away.location.String())
	if back.location == nil || back.location.Query().Get("state") != query.Get("state") {
		t.Fatalf("the provider sends back to %v: %s", back.location, back.body)
	}
	b.visit(t, back.location.String(), nil).wants(t, "return", "/bye")
	b.wantAnonymous(t, "after the round trip")
	if got := b.leave(t, "?silent=true&returnTo=/room", person{}); got.Query().Get("error") != "login_required" {
		t.Errorf("still logged in at the provider: %v", got)
	}
}

func testBackChannelLogout(t *testing.T, p *identityProvider, d *deployment) {
	b, elsewhere, other := d.visitor(t), d.visitor(t), d.visitor(t)
	b.logInAt(t, "ada")
	elsewhere.logInAt(t, "ada")
	other.logInAt(t, "bob")
	// Ada ends her session at the provider's own page; the provider tells the suite.
	b.confirmLogout(t, p.issuer+"/session/end")
	b.wantAnonymous(t, "logged out at the provider")
	elsewhere.must(t, http.StatusOK, http.MethodGet, mePath, nil)
	other.must(t, http.StatusOK, http.MethodGet, mePath, nil)

	// The proxy's key is one of the provider's: what the suite makes of tokens that it signs.
	token := func(change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{
			"iss": p.issuer, "aud": "plain", "sub": "ada", "jti": t.Name(), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
			"events": map[string]any{logoutEvent: map[string]any{}},
		}
		change(claims)
		return sign(t, jwt.SigningMethodRS256, proxyKey, p.key, claims)
	}
	good := token(func(jwt.MapClaims) {})
	for name, bad := range map[string]string{
		"garbage":        "a.b.c",
		"another client": token(func(c jwt.MapClaims) { c["aud"] = "signed" }),
		"with a nonce":   token(func(c jwt.MapClaims) { c["nonce"] = "n" }),
		"expired":        token(func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Hour).Unix() }),
		"no event":       token(func(c jwt.MapClaims) { delete(c, "events") }),
		"unsigned":       sign(t, jwt.SigningMethodNone, "", jwt.UnsafeAllowNoneSignatureType, claimsOf(t, good)),
	} {
		got := d.visitor(t).visit(t, d.http+backChannelPath, url.Values{"logout_token": {bad}})
		var body map[string]string
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || got.status != http.StatusBadRequest || body["error"] != "invalid_request" || body["error_description"] == "" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	elsewhere.must(t, http.StatusOK, http.MethodGet, mePath, nil)
	if got := d.visitor(t).visit(t, d.http+backChannelPath, url.Values{"logout_token": {good}}); got.status != http.StatusNoContent {
		t.Errorf("a good token: %d %s", got.status, got.body)
	}
	elsewhere.wantAnonymous(t, "all of a person's sessions")
	other.must(t, http.StatusOK, http.MethodGet, mePath, nil)

	elsewhere.logInAt(t, "ada")
	if got := d.visitor(t).visit(t, d.http+backChannelPath, url.Values{"logout_token": {good}}); got.status != http.StatusBadRequest {
		t.Errorf("the token again: %d %s", got.status, got.body)
	}
	elsewhere.must(t, http.StatusOK, http.MethodGet, mePath, nil)
}
