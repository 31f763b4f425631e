package provider_test

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/provider"
)

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// ProConnect answers userinfo as a JWT.
func TestOIDCSignedUserInfo(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*idp, jwt.MapClaims)
		want   apierr.Reason // 0: logged in
	}{
		"good":            {func(*idp, jwt.MapClaims) {}, 0},
		"with an end":     {func(_ *idp, claims jwt.MapClaims) { claims["exp"] = time.Now().Add(time.Minute).Unix() }, 0},
		"within leeway":   {func(_ *idp, claims jwt.MapClaims) { claims["exp"] = time.Now().Add(-leeway / 2).Unix() }, 0},
		"too late":        {func(_ *idp, claims jwt.MapClaims) { claims["exp"] = time.Now().Add(-2 * leeway).Unix() }, apierr.LoginStateUnknown},
		"another issuer":  {func(_ *idp, claims jwt.MapClaims) { claims["iss"] = "https://evil.example" }, apierr.LoginStateUnknown},
		"no issuer":       {func(_ *idp, claims jwt.MapClaims) { delete(claims, "iss") }, apierr.LoginStateUnknown},
		"another client":  {func(_ *idp, claims jwt.MapClaims) { claims["aud"] = "another" }, apierr.LoginStateUnknown},
		"another person":  {func(_ *idp, claims jwt.MapClaims) { claims["sub"] = "eve" }, apierr.LoginStateUnknown},
		"the key rotated": {func(p *idp, _ jwt.MapClaims) { p.rotate() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDP(t)
			p.signInfo, p.userinfo = true, jwt.MapClaims{"sub": "ada", "given_name": "Ada", "iss": p.URL, "aud": clientID}
			client := p.client(rules)
			attempt, _ := p.begin(client, "", false)
			c.change(p, p.userinfo)
			got, err := client.Exchange(t.Context(), attempt, goodCode)
			if c.want != 0 && !apierr.Has(err, c.want) || c.want == 0 && (err != nil || got.Claims.ShortName != "Ada") {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestOIDCKeyRotation(t *testing.T) {
	p := newIDP(t)
	client := p.client(rules)
	for range 3 {
		delete(p.idClaims, "nonce")
		attempt, _ := p.begin(client, "", false)
		if got, err := client.Exchange(t.Context(), attempt, goodCode); err != nil || got.Claims.Sub != "ada" {
			t.Fatalf("got %+v, %v", got, err)
		}
		p.rotate()
	}
}

func TestOIDCSid(t *testing.T) {
	p := newIDP(t)
	p.idClaims["sid"] = "session"
	p.userinfo = map[string]any{"sub": "ada", "sid": "something else"}
	client := p.client(rules)
	attempt, _ := p.begin(client, "", false)
	if got, err := client.Exchange(t.Context(), attempt, goodCode); err != nil || got.Sid != "session" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOIDCVerifyLogout(t *testing.T) {
	forger := newKey(t)
	at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	set := func(name string, value any) func(*idp, jwt.MapClaims) {
		return func(_ *idp, claims jwt.MapClaims) { claims[name] = value }
	}
	without := func(name string) func(*idp, jwt.MapClaims) {
		return func(_ *idp, claims jwt.MapClaims) { delete(claims, name) }
	}
	for name, c := range map[string]struct {
		change func(*idp, jwt.MapClaims)
		good   bool
	}{
		"good":             {func(*idp, jwt.MapClaims) {}, true},
		"only sub":         {without("sid"), true},
		"only sid":         {without("sub"), true},
		"clock behind":     {set("exp", at(-leeway/2)), true},
		"clock before":     {set("iat", at(leeway/2)), true},
		"key rotated":      {func(p *idp, _ jwt.MapClaims) { p.rotate() }, true},
		"nobody":           {func(_ *idp, claims jwt.MapClaims) { delete(claims, "sub"); delete(claims, "sid") }, false},
		"forged":           {func(p *idp, _ jwt.MapClaims) { p.signer = forger }, false},
		"another issuer":   {set("iss", "https://evil.example"), false},
		"another client":   {set("aud", "another"), false},
		"expired":          {set("exp", at(-2*leeway)), false},
		"no end":           {without("exp"), false},
		"from the future":  {set("iat", at(2*leeway)), false},
		"no time":          {without("iat"), false},
		"no id":            {without("jti"), false},
		"a nonce":          {set("nonce", "n"), false}, // an ID token, perhaps
		"no event":         {without("events"), false},
		"another event":    {set("events", map[string]any{"https://example.org/event": map[string]any{}}), false},
		"event of no type": {set("events", "http://schemas.openid.net/event/backchannel-logout"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDP(t)
			client := p.client(rules)
			claims := jwt.MapClaims{
				"iss": p.URL, "aud": clientID, "sub": "ada", "sid": "session", "jti": "id", "iat": at(0), "exp": at(leeway),
				"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
			}
			c.change(p, claims)
			got, err := client.VerifyLogout(t.Context(), p.sign(claims))
			if !c.good {
				if !apierr.Has(err, apierr.LogoutTokenInvalid) {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			want := provider.Logout{ID: "id", Expires: got.Expires}
			want.Sub, _ = claims["sub"].(string)
			want.Sid, _ = claims["sid"].(string)
			if err != nil || got != want {
				t.Errorf("got %+v, %v", got, err)
			}
			if end := time.Unix(claims["exp"].(int64), 0).Add(leeway); !got.Expires.Equal(end) {
				t.Errorf("it is forgotten at %v, but good until %v", got.Expires, end)
			}
		})
	}
	p := newIDP(t)
	for _, garbage := range []string{"", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."} {
		if _, err := p.client(rules).VerifyLogout(t.Context(), garbage); !apierr.Has(err, apierr.LogoutTokenInvalid) {
			t.Errorf("%q: %v", garbage, err)
		}
	}
	p.away.Store(true)
	if _, err := p.client(rules).VerifyLogout(t.Context(), "x"); !apierr.Has(err, apierr.Unavailable) {
		t.Errorf("while the provider is away: %v", err)
	}
}
