package provider

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
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
	Claims       ClaimRules
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
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	d := &discovered{provider: provider, endSessionURL: more.EndSessionURL, tokenAuthMethods: more.TokenAuthMethods}
	o.found.Store(d)
	return d, nil
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
	idToken, err := d.provider.Verifier(&oidc.Config{ClientID: o.options.ClientID, Now: o.clock.Now}).Verify(ctx, raw)
	if err != nil {
		return Login{}, apierr.Wrap(apierr.LoginStateUnknown, err)
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(attempt.Nonce)) != 1 {
		return Login{}, apierr.Wrap(apierr.LoginStateUnknown, errors.New("the ID token is for another log-in: nonce differs"))
	}
	claims, err := userInfo(ctx, d.provider, token, idToken)
	if err != nil {
		return Login{}, err
	}
	person, err := o.options.Claims.read(claims)
	if err != nil {
		return Login{}, err
	}
	return Login{Claims: person, IDToken: raw}, nil
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

// userInfo returns the claims of the userinfo endpoint over those of the ID
// token, which alone do where there is no such endpoint.
func userInfo(ctx context.Context, provider *oidc.Provider, token *oauth2.Token, idToken *oidc.IDToken) (map[string]any, error) {
	claims := map[string]any{}
	if err := idToken.Claims(&claims); err != nil {
		return nil, apierr.Wrap(apierr.LoginStateUnknown, err)
	}
	if provider.UserInfoEndpoint() == "" {
		return claims, nil
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, apierr.Wrap(apierr.Unavailable, err)
	}
	if info.Subject == "" {
		return nil, ErrMissingClaims
	}
	if info.Subject != idToken.Subject {
		return nil, apierr.Wrap(apierr.LoginStateUnknown, errors.New("userinfo is about another person than the ID token"))
	}
	if err := info.Claims(&claims); err != nil {
		return nil, apierr.Wrap(apierr.Unavailable, err)
	}
	return claims, nil
}

// EndSessionURL returns the provider's end-session endpoint with the request.
func (o *OIDC) EndSessionURL(ctx context.Context, idToken, state, redirectURI string) (string, error) {
	d, err := o.discover(ctx)
	if err != nil || d.endSessionURL == "" {
		return "", err
	}
	location, err := url.Parse(d.endSessionURL)
	if err != nil {
		return "", err
	}
	query := location.Query()
	query.Set("id_token_hint", idToken)
	query.Set("state", state)
	query.Set("post_logout_redirect_uri", redirectURI)
	location.RawQuery = query.Encode()
	return location.String(), nil
}
