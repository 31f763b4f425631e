package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/parleymeet/parley/pkg/apierr"
)

// maxUserInfo is more than any provider tells about a person, in bytes.
const maxUserInfo = 1 << 20

// userInfo returns the claims of the userinfo endpoint over those of the ID
// token, which alone do where there is no such endpoint.
func (o *OIDC) userInfo(ctx context.Context, d *discovered, token *oauth2.Token, idToken *oidc.IDToken) (map[string]any, error) {
	claims := map[string]any{}
	if err := idToken.Claims(&claims); err != nil {
		return nil, apierr.Wrap(apierr.LoginStateUnknown, err)
	}
	if d.provider.UserInfoEndpoint() == "" {
		return claims, nil
	}
	body, media, err := o.askUserInfo(ctx, d.provider.UserInfoEndpoint(), token)
	if err != nil {
		return nil, apierr.Wrap(apierr.Unavailable, err)
	}
	info := map[string]any{}
	switch media {
	case "application/json":
		err = json.Unmarshal(body, &info)
	case "application/jwt":
		err = o.openUserInfo(ctx, d, string(body), &info)
	default:
		err = fmt.Errorf("userinfo is of type %q", media)
	}
	if err != nil {
		return nil, apierr.Wrap(apierr.LoginStateUnknown, err)
	}
	switch sub := text(info, "sub"); sub {
	case "":
		return nil, ErrMissingClaims
	case idToken.Subject:
	default:
		return nil, apierr.Wrap(apierr.LoginStateUnknown, errors.New("userinfo is about another person than the ID token"))
	}
	for name, value := range info {
		claims[name] = value
	}
	return claims, nil
}

// askUserInfo returns what the endpoint answers and its media type.
func (o *OIDC) askUserInfo(ctx context.Context, endpoint string, token *oauth2.Token) (body []byte, media string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, http.NoBody)
	if err != nil {
		return nil, "", err
	}
	token.SetAuthHeader(req)
	resp, err := o.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("userinfo: %s", resp.Status)
	}
	if media, _, err = mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil {
		return nil, "", fmt.Errorf("userinfo: %w", err)
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxUserInfo))
	return body, media, err
}

// openUserInfo reads userinfo that the provider has signed, as ProConnect does:
// by the provider's keys, from this provider, for this client, and in time where
// it says until when it is good.
func (o *OIDC) openUserInfo(ctx context.Context, d *discovered, raw string, claims *map[string]any) error {
	info, err := o.verifier(d, oidc.Config{
		SupportedSigningAlgs: d.userInfoAlgs, SkipExpiryCheck: true, // it need not have one
	}).Verify(oidc.ClientContext(ctx, o.client), raw)
	if err != nil {
		return err
	}
	if expiry := info.Expiry; !expiry.IsZero() && expiry.Before(o.clock.Now().Add(-o.options.Leeway)) {
		return &oidc.TokenExpiredError{Expiry: expiry}
	}
	return info.Claims(claims)
}
