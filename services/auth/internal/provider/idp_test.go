package provider_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/auth/internal/provider"
)

const (
	clientID     = "parley"
	clientSecret = "client secret"
	goodCode     = "good code"
	leeway       = time.Minute
)

// idp is an OpenID Connect provider of one test. It checks what a client must send.
type idp struct {
	*httptest.Server
	t         *testing.T
	key       *rsa.PrivateKey
	keyID     string
	away      atomic.Bool
	challenge string         // of the last authorization request
	idClaims  jwt.MapClaims  // beside those of the protocol
	userinfo  map[string]any // nil: the endpoint is not offered
	signer    *rsa.PrivateKey
	post      bool // clients must send their secret in the body
	signInfo  bool // userinfo is a JWT
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{t: t, key: key, keyID: "1", signer: key, idClaims: jwt.MapClaims{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.configuration)
	mux.HandleFunc("GET /jwks", p.jwks)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer access" {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		if p.signInfo {
			w.Header().Set("Content-Type", "application/jwt")
			_, _ = w.Write([]byte(p.sign(p.userinfo)))
			return
		}
		p.answer(w, p.userinfo)
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.away.Load() {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *idp) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		p.t.Error(err)
	}
}

func (p *idp) refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	p.answer(w, map[string]any{"error": code})
}

func (p *idp) configuration(w http.ResponseWriter, _ *http.Request) {
	doc := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize?realm=1", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/jwks", "end_session_endpoint": p.URL + "/end?realm=1",
		"id_token_signing_alg_values_supported": []string{"RS256"},
	}
	if p.post {
		doc["token_endpoint_auth_methods_supported"] = []string{"private_key_jwt", "client_secret_post"}
	}
	if p.userinfo != nil {
		doc["userinfo_endpoint"] = p.URL + "/userinfo"
	}
	p.answer(w, doc)
}

func (p *idp) jwks(w http.ResponseWriter, _ *http.Request) {
	encode := base64.RawURLEncoding.EncodeToString
	p.answer(w, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": p.keyID,
		"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	want := url.QueryEscape(clientSecret)
	if p.post {
		id, secret, want = r.FormValue("client_id"), r.FormValue("client_secret"), clientSecret
	}
	if id != clientID || secret != want {
		p.refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	if r.FormValue("code") != goodCode || r.FormValue("redirect_uri") != callback ||
		oauth2.S256ChallengeFromVerifier(r.FormValue("code_verifier")) != p.challenge {
		p.refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	claims := jwt.MapClaims{"iss": p.URL, "aud": clientID, "sub": "ada", "exp": time.Now().Add(time.Hour).Unix()}
	for name, value := range p.idClaims {
		claims[name] = value
	}
	p.answer(w, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": p.sign(claims)})
}

func (p *idp) sign(claims jwt.MapClaims) string {
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = p.keyID
	signed, err := token.SignedString(p.signer)
	if err != nil {
		p.t.Error(err)
	}
	return signed
}

// rotate replaces the provider's key.
func (p *idp) rotate() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		p.t.Fatal(err)
	}
	p.key, p.signer, p.keyID = key, key, p.keyID+"+"
}

// client returns the provider under test.
func (p *idp) client(rules provider.ClaimRules) *provider.OIDC {
	return provider.NewOIDC(provider.OIDCOptions{
		IssuerURL: p.URL, ClientID: clientID, ClientSecret: clientSecret,
		Scopes: []string{"openid", "email"}, Claims: rules, Leeway: leeway, AuthParams: map[string]string{"acr_values": "eidas1"},
	}, clock.System{})
}

// begin starts a log-in and lets the provider remember its challenge and nonce.
func (p *idp) begin(client *provider.OIDC, hint string, silent bool) (provider.Attempt, url.Values) {
	p.t.Helper()
	attempt := provider.NewAttempt(callback, hint, silent)
	location, err := client.AuthorizationURL(p.t.Context(), &attempt, "")
	if err != nil {
		p.t.Fatal(err)
	}
	parsed, err := url.Parse(location)
	if err != nil {
		p.t.Fatal(err)
	}
	query := parsed.Query()
	p.challenge = query.Get("code_challenge")
	if _, ok := p.idClaims["nonce"]; !ok {
		p.idClaims["nonce"] = query.Get("nonce")
	}
	return attempt, query
}
