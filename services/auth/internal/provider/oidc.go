package provider

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
)

// requestTimeout bounds one request to the provider.
const requestTimeout = 5 * time.Second

// OIDCOptions are a client's registration at an OpenID Connect provider.
type OIDCOptions struct {
	IssuerURL    string
	ClientID     string
	ClientSecret config.Secret
	Scopes       []string
	// AuthParams are sent with every authorization request, beside those of the
	// protocol, such as acr_values.
	AuthParams map[string]string
	// Leeway is how far the provider's clock may be off.
	Leeway time.Duration
	Claims ClaimRules
}

// OIDC is an OpenID Connect provider, used by authorization code with PKCE,
// state and nonce. What it publishes about itself is read when it is first
// needed, and again until that works: the provider may start after the suite.
type OIDC struct {
	options OIDCOptions
	clock   clock.Clock
	client  *http.Client
	group   singleflight.Group
	found   atomic.Pointer[discovered] // nil until it is known
}

// discovered is what the provider publishes about itself.
type discovered struct {
	provider      *oidc.Provider
	endSessionURL string
	// tokenAuthMethods are the ways in which a client may prove itself.
	tokenAuthMethods []string
	// userInfoAlgs are the algorithms by which userinfo may be signed.
	userInfoAlgs []string
}

// NewOIDC returns the provider without asking it anything.
func NewOIDC(options OIDCOptions, clk clock.Clock) *OIDC {
	return &OIDC{
		options: options, clock: clk,
		client: &http.Client{Timeout: requestTimeout},
	}
}

// discover returns what the provider publishes. Callers at once share one request.
func (o *OIDC) discover(ctx context.Context) (*discovered, error) {
	if d := o.found.Load(); d != nil {
		return d, nil
	}
	result := o.group.DoChan("", func() (any, error) {
		// Not the caller's context: others wait for the same answer.
		return o.fetch(oidc.ClientContext(context.WithoutCancel(ctx), o.client))
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-result:
		if r.Err != nil {
			return nil, apierr.Wrap(apierr.Unavailable, r.Err)
		}
		return r.Val.(*discovered), nil
	}
}

func (o *OIDC) fetch(ctx context.Context) (*discovered, error) {
	provider, err := oidc.NewProvider(ctx, o.options.IssuerURL)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSessionURL    string   `json:"end_session_endpoint"`
		TokenAuthMethods []string `json:"token_endpoint_auth_methods_supported"`
		UserInfoAlgs     []string `json:"userinfo_signing_alg_values_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	d := &discovered{
		provider: provider, endSessionURL: more.EndSessionURL,
		tokenAuthMethods: more.TokenAuthMethods, userInfoAlgs: asymmetric(more.UserInfoAlgs),
	}
	o.found.Store(d)
	return d, nil
}

// asymmetric keeps the algorithms whose signatures only the provider can make.
func asymmetric(algs []string) []string {
	return slices.DeleteFunc(algs, func(alg string) bool {
		return !slices.Contains([]string{
			oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
		}, alg)
	})
}

// verifier checks tokens of the provider for this client, with the leeway.
func (o *OIDC) verifier(d *discovered, config oidc.Config) *oidc.IDTokenVerifier {
	config.ClientID = o.options.ClientID
	config.Now = func() time.Time { return o.clock.Now().Add(-o.options.Leeway) }
	return d.provider.Verifier(&config)
}

func (o *OIDC) oauth(d *discovered, redirectURI string) *oauth2.Config {
	endpoint := d.provider.Endpoint()
	endpoint.AuthStyle = o.authStyle(d.tokenAuthMethods)
	return &oauth2.Config{
		ClientID: o.options.ClientID, ClientSecret: o.options.ClientSecret.Reveal(),
		Endpoint: endpoint, RedirectURL: redirectURI, Scopes: o.options.Scopes,
	}
}

// authStyle chooses how the client proves itself. Left to itself the library
// tries both ways, and the second try would spend a code that is spent.
func (o *OIDC) authStyle(methods []string) oauth2.AuthStyle {
	const basic, post = "client_secret_basic", "client_secret_post"
	if o.options.ClientSecret == "" || slices.Contains(methods, post) && !slices.Contains(methods, basic) {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader // the default of OpenID Connect
}

// AuthorizationURL returns the provider's authorization endpoint with the
// request. The provider knows the browser itself: known is not used.
func (o *OIDC) AuthorizationURL(ctx context.Context, attempt *Attempt, _ string) (string, error) {
	d, err := o.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(attempt.Nonce), oauth2.S256ChallengeOption(attempt.Verifier)}
	if attempt.Silent {
		options = append(options, oauth2.SetAuthURLParam("prompt", "none"))
	}
	if attempt.LoginHint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", attempt.LoginHint))
	}
	for name, value := range o.options.AuthParams {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	return o.oauth(d, attempt.RedirectURI).AuthCodeURL(attempt.State, options...), nil
}

// Exchange redeems the code, checks the ID token and asks who the person is.
func (o *OIDC) Exchange(ctx context.Context, attempt Attempt, code string) (Login, error) {
	d, err := o.discover(ctx)
	if err != nil {
		return Login{}, err
	}
	ctx = oidc.ClientContext(ctx, o.client)
	token, err := o.oauth(d, attempt.RedirectURI).Exchange(ctx, code, oauth2.VerifierOption(attempt.Verifier))
	if err != nil {
		return Login{}, exchangeFault(err)
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := o.verifier(d, oidc.Config{}).Verify(ctx, raw)
	if err != nil {
		return Login{}, apierr.Wrap(apierr.LoginStateUnknown, err)
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(attempt.Nonce)) != 1 {
		return Login{}, apierr.Wrap(apierr.LoginStateUnknown, errors.New("the ID token is for another log-in: nonce differs"))
	}
	var session struct {
		ID string `json:"sid"`
	}
	if err := idToken.Claims(&session); err != nil {
		return Login{}, apierr.Wrap(apierr.LoginStateUnknown, err)
	}
	claims, err := o.userInfo(ctx, d, token, idToken)
	if err != nil {
		return Login{}, err
	}
	person, err := o.options.Claims.read(claims)
	if err != nil {
		return Login{}, err
	}
	return Login{Claims: person, IDToken: raw, Sid: session.ID}, nil
}

// exchangeFault tells a bad code from a provider that fails.
func exchangeFault(err error) error {
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) {
		switch {
		case answer.ErrorCode == "invalid_grant":
			return apierr.Wrap(apierr.LoginRefused, err)
		case answer.Response.StatusCode < http.StatusInternalServerError:
			return err // our registration is wrong: retrying will not mend it
		}
	}
	return apierr.Wrap(apierr.Unavailable, err)
}
