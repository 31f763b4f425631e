package contract

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestIdentityProvider logs people in at a real, certified OpenID Connect
// provider: as it behaves, and as one would behave that is broken or evil.
func TestIdentityProvider(t *testing.T) {
	t.Parallel()
	p := newIdentityProvider(t)
	plain, signed := p.client(t, "plain"), p.client(t, "signed")

	// The suites were started while the provider was away.
	away := plain.visitor(t)
	if got := away.visit(t, plain.http+authenticatePath, nil); got.status != http.StatusServiceUnavailable {
		t.Errorf("log-in while the provider is away: %d %s", got.status, got.body)
	}
	away.visit(t, plain.http+authenticatePath+"?silent=true&returnTo=/room", nil).wants(t, "silent log-in while the provider is away", "/room")

	p.start(t)
	for name, d := range map[string]*deployment{"userinfo in JSON": plain, "signed userinfo": signed} {
		t.Run(name, func(t *testing.T) {
			me := d.visitor(t).logInAt(t, "ada")
			if me["email"] != "ada@example.org" || me["full_name"] != "Ada Lovelace" || me["short_name"] != "Ada" {
				t.Errorf("me: %v", me)
			}
		})
	}
	for name, test := range map[string]func(*testing.T, *identityProvider, *deployment){
		"silent log-in":       testSilentAtProvider,
		"consent denied":      testConsentDenied,
		"states and codes":    testStatesAndCodes,
		"ID tokens":           testIDTokens,
		"log-out":             testLogoutRoundTrip,
		"back-channel logout": testBackChannelLogout,
	} {
		t.Run(name, func(t *testing.T) { test(t, p, plain) })
	}

	// The provider comes back with other keys; the suites have read the old ones.
	t.Run("key rotation", func(t *testing.T) {
		before := signed.visitor(t).logInAt(t, "ada")
		p.process.kill()
		p.start(t)
		for _, d := range []*deployment{plain, signed} {
			d.visitor(t).logInAt(t, "ada")
		}
		if after := signed.visitor(t).logInAt(t, "ada"); after["id"] != before["id"] {
			t.Errorf("another user: %v, %v", before, after)
		}
	})
}

func testSilentAtProvider(t *testing.T, _ *identityProvider, d *deployment) {
	const silent = "?silent=true&returnTo=/room"
	b := d.visitor(t)
	back := b.leave(t, silent, person{})
	if back.Query().Get("error") != "login_required" {
		t.Errorf("the provider knows a stranger: %s", back)
	}
	b.visit(t, back.String(), nil).wants(t, "a stranger", "/room")
	b.wantAnonymous(t, "a stranger")

	// Logged in at the provider, and no longer here: nothing is shown.
	b.logInAt(t, "grace")
	b.set(t, &http.Cookie{Name: "sessionid", Path: "/", MaxAge: -1})
	b.wantAnonymous(t, "without the cookie")
	b.visit(t, b.leave(t, silent, person{}).String(), nil).wants(t, "somebody known", "/room")
	if me := b.must(t, http.StatusOK, http.MethodGet, mePath, nil).json; me["email"] != "grace@example.org" {
		t.Errorf("silently logged in: %v", me)
	}
}

func testConsentDenied(t *testing.T, _ *identityProvider, d *deployment) {
	b := d.visitor(t)
	back := b.leave(t, "?returnTo=/room", person{name: "denier", denies: true})
	if back.Query().Get("error") != "access_denied" {
		t.Errorf("the provider answers %s", back)
	}
	b.visit(t, back.String(), nil).wants(t, "consent denied", "/failed")
	b.wantAnonymous(t, "consent denied")
}

func testStatesAndCodes(t *testing.T, _ *identityProvider, d *deployment) {
	with := func(u *url.URL, name, value string) string {
		changed, query := *u, u.Query()
		query.Set(name, value)
		changed.RawQuery = query.Encode()
		return changed.String()
	}
	b := d.visitor(t)
	first := b.leave(t, "?returnTo=/room", person{name: "bob"})
	b.visit(t, with(first, "state", strings.Repeat("a", 32)), nil).wantsBadRequest(t, "wrong state")
	d.visitor(t).visit(t, first.String(), nil).wants(t, "somebody else's answer", "/failed")
	b.wantAnonymous(t, "wrong state")
	b.visit(t, first.String(), nil).wants(t, "right state", "/room")

	b.visit(t, first.String(), nil).wants(t, "the same answer again", "/failed")
	second := b.leave(t, "", person{})
	b.visit(t, first.String(), nil).wantsBadRequest(t, "the same answer during another log-in")
	b.visit(t, with(second, "code", first.Query().Get("code")), nil).wants(t, "the old code for a new state", "/failed")

	// A code that was got for another browser's log-in does not fit this one's PKCE and nonce.
	mallory := d.visitor(t)
	stolen := mallory.leave(t, "", person{name: "mallory"})
	victim := d.visitor(t)
	own := victim.leave(t, "", person{name: "victim"})
	victim.visit(t, with(own, "code", stolen.Query().Get("code")), nil).wants(t, "an injected code", "/failed")
	victim.wantAnonymous(t, "an injected code")
}

func testIDTokens(t *testing.T, p *identityProvider, d *deployment) {
	forger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(string) string {
		return p.resigned(t, func(claims jwt.MapClaims) { claims[name] = value })
	}
	defer p.alter.Store(nil)
	for name, c := range map[string]struct {
		alter func(string) string
		good  bool
	}{
		// The proxy's key is as good as the provider's, so it is the claims that count.
		"signed anew":       {p.resigned(t, func(jwt.MapClaims) {}), true},
		"within the leeway": {set("exp", time.Now().Add(-20*time.Second).Unix()), true},
		"expired":           {set("exp", time.Now().Add(-time.Hour).Unix()), false},
		"wrong nonce":       {set("nonce", "another"), false},
		"no nonce":          {p.resigned(t, func(claims jwt.MapClaims) { delete(claims, "nonce") }), false},
		"wrong audience":    {set("aud", "another"), false},
		"wrong issuer":      {set("iss", "https://evil.example"), false},
		"another person":    {set("sub", "eve"), false}, // than userinfo tells
		"tampered":          {tampered, false},
		"unknown key": {func(token string) string {
			return sign(t, jwt.SigningMethodRS256, proxyKey, forger, claimsOf(t, token))
		}, false},
		"no signature": {func(token string) string { return token[:strings.LastIndex(token, ".")+1] }, false},
		"algorithm none": {func(token string) string {
			return sign(t, jwt.SigningMethodNone, "", jwt.UnsafeAllowNoneSignatureType, claimsOf(t, token))
		}, false},
		"symmetric, secret": {func(token string) string {
			return sign(t, jwt.SigningMethodHS256, "", []byte(providerSecret), claimsOf(t, token))
		}, false},
		"symmetric, key": {func(token string) string {
			return sign(t, jwt.SigningMethodHS256, proxyKey, p.key.N.Bytes(), claimsOf(t, token))
		}, false},
		"none at all": {func(string) string { return "" }, false},
		"no token":    {func(string) string { return "garbage" }, false},
	} {
		b := d.visitor(t)
		p.alter.Store(&c.alter)
		got := b.visit(t, b.leave(t, "?returnTo=/room", person{name: "carol"}).String(), nil)
		if c.good {
			got.wants(t, name, "/room")
			b.must(t, http.StatusOK, http.MethodGet, mePath, nil)
			continue
		}
		got.wantsBadRequest(t, name)
		b.wantAnonymous(t, name)
	}
}

// tampered makes somebody else of the person, under the old signature.
func tampered(token string) string {
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err.Error() // no token either
	}
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), `"sub":"carol"`, `"sub":"admin"`, 1)))
	return strings.Join(parts, ".")
}
