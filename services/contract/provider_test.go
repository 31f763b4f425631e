package contract

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/testkit"
)

const providerSecret = "a secret of the clients"

// identityProvider is the certified oidc-provider as a process of its own,
// behind a proxy that can alter the ID tokens it issues. The proxy's key is
// published as one of the provider's.
type identityProvider struct {
	issuer  string
	backend string // host:port of the process
	key     *rsa.PrivateKey
	process *process
	clients map[string]*deployment
	// alter changes the ID tokens that pass; nil for none.
	alter atomic.Pointer[func(token string) string]
}

// proxyKey is the id of the proxy's key.
const proxyKey = "proxy"

// newIdentityProvider makes the proxy; the provider behind it is not started.
func newIdentityProvider(t *testing.T) *identityProvider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &identityProvider{key: key, backend: freeAddr(t), clients: map[string]*deployment{}}
	proxy := &httputil.ReverseProxy{
		// The Host header stays, so that the provider speaks of the proxy's address.
		Rewrite:        func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", p.backend },
		ModifyResponse: p.modify,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	p.issuer = server.URL
	return p
}

// start starts the provider, with new keys, and waits until it answers.
func (p *identityProvider) start(t *testing.T) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("Node.js is missing: run make system: %v", err)
	}
	dir, err := filepath.Abs("provider")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Fatalf("the provider is not installed: run make npm: %v", err)
	}
	urls := map[string]string{}
	for id, d := range p.clients {
		urls[id] = d.http
	}
	clients, err := json.Marshal(urls)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(p.backend, ":")
	p.process = &process{t: t, bin: node, args: []string{filepath.Join(dir, "provider.mjs")}, logs: &tail{}, env: []string{
		"ISSUER=" + p.issuer, "PORT=" + port, "SECRET=" + providerSecret, "CLIENTS=" + string(clients),
	}}
	p.process.start()
	t.Cleanup(p.process.kill)
	testkit.Eventually(t, 30*time.Second, func() error {
		resp, err := http.Get(p.issuer + "/.well-known/openid-configuration")
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s\n%s", resp.Status, lastLines(p.process.logs.String(), 10))
		}
		return nil
	})
}

// modify alters what clients read of the provider.
func (p *identityProvider) modify(resp *http.Response) error {
	var change func(map[string]any)
	switch alter := p.alter.Load(); {
	case resp.Request.URL.Path == "/jwks":
		change = p.publish
	case resp.Request.URL.Path == "/token" && alter != nil:
		change = func(body map[string]any) {
			if token, ok := body["id_token"].(string); ok {
				body["id_token"] = (*alter)(token)
			}
		}
	default:
		return nil
	}
	body := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		return err
	}
	change(body)
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	resp.Header.Set("Content-Length", fmt.Sprint(len(raw)))
	return nil
}

// publish adds the proxy's key to the provider's.
func (p *identityProvider) publish(body map[string]any) {
	encode := base64.RawURLEncoding.EncodeToString
	keys, _ := body["keys"].([]any)
	body["keys"] = append(keys, map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": proxyKey,
		"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
	})
}

// resigned returns an alteration that changes claims and signs with the proxy's key.
func (p *identityProvider) resigned(t *testing.T, change func(jwt.MapClaims)) func(string) string {
	return func(token string) string {
		claims := claimsOf(t, token)
		change(claims)
		return sign(t, jwt.SigningMethodRS256, proxyKey, p.key, claims)
	}
}

// claimsOf reads a token without looking at its signature.
func claimsOf(t *testing.T, token string) jwt.MapClaims {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		t.Error(err)
	}
	return claims
}

func sign(t *testing.T, method jwt.SigningMethod, keyID string, key any, claims jwt.MapClaims) string {
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = keyID
	signed, err := token.SignedString(key)
	if err != nil {
		t.Error(err)
	}
	return signed
}

// client starts a suite that logs people in at the provider.
func (p *identityProvider) client(t *testing.T, id string, more ...string) *deployment {
	t.Helper()
	d := startStandalone(t, "", append([]string{
		"DEVELOPMENT_LOGIN", "false", "OIDC_ISSUER_URL", p.issuer, "OIDC_CLIENT_ID", id, "OIDC_CLIENT_SECRET", providerSecret,
		"LOGIN_REDIRECT_URL", "/home", "LOGIN_REDIRECT_URL_FAILURE", "/failed", "LOGOUT_REDIRECT_URL", "/bye",
	}, more...)...)
	p.clients[id] = d
	return d
}

// page is what a browser got at a URL, redirects not followed.
type page struct {
	status   int
	location *url.URL // nil for none
	body     string
}

// visit asks for a page; form, where it is not nil, is sent by POST.
func (b *browser) visit(t *testing.T, target string, form url.Values) *page {
	t.Helper()
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.noRedirects().http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	location, err := resp.Location()
	if err != nil {
		location = nil
	}
	return &page{status: resp.StatusCode, location: location, body: string(raw)}
}
