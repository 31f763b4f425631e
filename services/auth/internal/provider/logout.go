package provider

import (
	"context"
	"errors"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/parleymeet/parley/pkg/apierr"
)

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

// VerifyLogout checks a logout token: its signature by the provider's keys, for
// whom and by whom it is, its time, and that it is no other kind of token.
func (o *OIDC) VerifyLogout(ctx context.Context, logoutToken string) (Logout, error) {
	d, err := o.discover(ctx)
	if err != nil {
		return Logout{}, err
	}
	token, err := o.verifier(d, oidc.Config{}).VerifyLogout(oidc.ClientContext(ctx, o.client), logoutToken)
	if err != nil {
		return Logout{}, apierr.Wrap(apierr.LogoutTokenInvalid, err)
	}
	if issued := token.IssuedAt; issued.IsZero() || issued.After(o.clock.Now().Add(o.options.Leeway)) {
		return Logout{}, apierr.Wrap(apierr.LogoutTokenInvalid, errors.New("the logout token was issued in the future, or does not say when"))
	}
	return Logout{ID: token.TokenID, Expires: token.Expiry.Add(o.options.Leeway), Sub: token.Subject, Sid: token.SessionID}, nil
}
