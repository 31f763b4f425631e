package provider_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/provider"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

var rules = provider.ClaimRules{FullName: []string{"given_name", "usual_name"}, ShortName: "given_name"}

func TestOIDCAuthorizationURL(t *testing.T) {
	p := newIDP(t)
	attempt, got := p.begin(p.client(rules), "ada@example.org", true)
	want := url.Values{
		"realm": {"1"}, "response_type": {"code"}, "scope": {"openid email"}, "client_id": {clientID},
		"redirect_uri": {callback}, "state": {attempt.State}, "nonce": {attempt.Nonce},
		"code_challenge": got["code_challenge"], "code_challenge_method": {"S256"},
		"prompt": {"none"}, "login_hint": {"ada@example.org"}, "acr_values": {"eidas1"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	_, got = p.begin(p.client(rules), "", false)
	if got.Has("prompt") || got.Has("login_hint") {
		t.Errorf("plain: got %v", got)
	}
}

func TestOIDCLogIn(t *testing.T) {
	cases := map[string]struct {
		id, userinfo map[string]any
		rules        provider.ClaimRules
		want         users.Claims
		missing      bool
	}{
		"userinfo": {
			userinfo: map[string]any{"sub": "ada", "email": "a@example.org", "given_name": "Ada", "usual_name": "Lovelace"},
			rules:    rules,
			want:     users.Claims{Sub: "ada", Email: "a@example.org", FullName: "Ada Lovelace", ShortName: "Ada"},
		},
		"no userinfo endpoint": {
			id: map[string]any{"email": "a@example.org", "usual_name": "Lovelace"}, rules: rules,
			want: users.Claims{Sub: "ada", Email: "a@example.org", FullName: "Lovelace"},
		},
		"e-mail not verified": {
			userinfo: map[string]any{"sub": "ada", "email": "boss@example.org", "email_verified": false},
			rules:    rules, want: users.Claims{Sub: "ada"},
		},
		"e-mail not verified, in words": {
			userinfo: map[string]any{"sub": "ada", "email": "boss@example.org", "email_verified": "false"},
			rules:    rules, want: users.Claims{Sub: "ada"},
		},
		"e-mail verified": {
			userinfo: map[string]any{"sub": "ada", "email": "a@example.org", "email_verified": true},
			rules:    rules, want: users.Claims{Sub: "ada", Email: "a@example.org"},
		},
		"clock behind": {id: map[string]any{"exp": time.Now().Add(-leeway / 2).Unix()}, rules: rules, want: users.Claims{Sub: "ada"}},
		"operator": {
			userinfo: map[string]any{"sub": "ada", "is_operator": true},
			rules:    provider.ClaimRules{Operator: "is_operator"}, want: users.Claims{Sub: "ada", Operator: true},
		},
		"operator claim not asked for": {
			userinfo: map[string]any{"sub": "ada", "is_operator": true}, want: users.Claims{Sub: "ada"},
		},
		"essential": {
			userinfo: map[string]any{"sub": "ada", "siret": "1"},
			rules:    provider.ClaimRules{Essential: []string{"siret"}}, want: users.Claims{Sub: "ada"},
		},
		"essential missing": {userinfo: map[string]any{"sub": "ada"}, rules: provider.ClaimRules{Essential: []string{"siret"}}, missing: true},
		"essential empty":   {userinfo: map[string]any{"sub": "ada", "siret": ""}, rules: provider.ClaimRules{Essential: []string{"siret"}}, missing: true},
		"no sub":            {userinfo: map[string]any{"email": "a@example.org"}, missing: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDP(t)
			p.userinfo = c.userinfo
			for claim, value := range c.id {
				p.idClaims[claim] = value
			}
			client := p.client(c.rules)
			attempt, _ := p.begin(client, "", false)
			got, err := client.Exchange(t.Context(), attempt, goodCode)
			if c.missing {
				if !errors.Is(err, provider.ErrMissingClaims) {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if err != nil || got.Claims != c.want || got.IDToken == "" {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestOIDCRefuses(t *testing.T) {
	forger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		code   string
		change func(*idp)
		want   apierr.Reason
	}{
		"bad code":       {"bad code", func(*idp) {}, apierr.LoginRefused},
		"bad verifier":   {goodCode, func(p *idp) { p.challenge = "another" }, apierr.LoginRefused},
		"forged":         {goodCode, func(p *idp) { p.signer = forger }, apierr.LoginStateUnknown},
		"other nonce":    {goodCode, func(p *idp) { p.idClaims["nonce"] = "another" }, apierr.LoginStateUnknown},
		"other client":   {goodCode, func(p *idp) { p.idClaims["aud"] = "another" }, apierr.LoginStateUnknown},
		"other issuer":   {goodCode, func(p *idp) { p.idClaims["iss"] = "https://example.org" }, apierr.LoginStateUnknown},
		"expired":        {goodCode, func(p *idp) { p.idClaims["exp"] = jwt.NewNumericDate(time.Now().Add(-time.Hour)) }, apierr.LoginStateUnknown},
		"another person": {goodCode, func(p *idp) { p.userinfo["sub"] = "eve" }, apierr.LoginStateUnknown},
		"away":           {goodCode, func(p *idp) { p.away.Store(true) }, apierr.Unavailable},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDP(t)
			p.userinfo = map[string]any{"sub": "ada"}
			client := p.client(rules)
			attempt, _ := p.begin(client, "", false)
			c.change(p)
			if got, err := client.Exchange(t.Context(), attempt, c.code); !apierr.Has(err, c.want) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestOIDCSecretInBody(t *testing.T) {
	p := newIDP(t)
	p.post = true
	client := p.client(rules)
	attempt, _ := p.begin(client, "", false)
	if got, err := client.Exchange(t.Context(), attempt, goodCode); err != nil || got.Claims.Sub != "ada" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOIDCProviderStartsLater(t *testing.T) {
	p := newIDP(t)
	p.away.Store(true)
	client := p.client(rules)
	attempt := provider.NewAttempt(callback, "", false)
	if _, err := client.AuthorizationURL(t.Context(), &attempt, ""); !apierr.Has(err, apierr.Unavailable) {
		t.Fatalf("while it is away: %v", err)
	}
	p.away.Store(false)
	if _, err := client.AuthorizationURL(t.Context(), &attempt, ""); err != nil {
		t.Fatalf("when it is there: %v", err)
	}
	p.away.Store(true)
	if _, err := client.AuthorizationURL(t.Context(), &attempt, ""); err != nil {
		t.Errorf("known already: %v", err)
	}
}

func TestOIDCEndSessionURL(t *testing.T) {
	p := newIDP(t)
	location, err := p.client(rules).EndSessionURL(t.Context(), "hint", "state", callback)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(location)
	if err != nil || parsed.Path != "/end" {
		t.Fatal(location, err)
	}
	want := url.Values{"realm": {"1"}, "id_token_hint": {"hint"}, "state": {"state"}, "post_logout_redirect_uri": {callback}}
	if got := parsed.Query(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
