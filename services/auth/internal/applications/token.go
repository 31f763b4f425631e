package applications

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

const (
	issuer   = "parley-auth"
	audience = "parley-external-api"
	// tokenType is the media type of JWT access tokens (RFC 9068).
	tokenType = "at+jwt"
	// scopeSeparator is what stands between scopes in a token's claim.
	scopeSeparator = " "
)

// What is wrong with a token, in the contract's words.
const (
	expiredText    = "Token expired."
	invalidText    = "Invalid token."
	claimsText     = "Invalid token claims."
	typeText       = "Invalid token type."
	unknownClient  = "Application not found."
	disabledClient = "Application is disabled."
	unknownUser    = "User not found."
	disabledUser   = "User account is disabled."
)

type tokenClaims struct {
	jwt.RegisteredClaims
	ClientID string `json:"client_id"`
	// Delegated tokens are for a user.
	Delegated bool   `json:"delegated"`
	UserID    string `json:"user_id,omitempty"`
	Scope     string `json:"scope"`
}

// sign returns the token of the claims, good for life from now.
func sign(signer identity.Signer, c tokenClaims, now time.Time, life time.Duration) (string, error) {
	c.RegisteredClaims = jwt.RegisteredClaims{
		Issuer: issuer, Audience: jwt.ClaimStrings{audience},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)),
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
	token.Header["kid"], token.Header["typ"] = signer.KeyID, tokenType
	signed, err := token.SignedString(signer.Key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed, nil
}

var errTokenType = errors.New("not an access token")

// verify returns the claims of a good token. Errors: APPLICATION_TOKEN, UNAVAILABLE.
func verify(ctx context.Context, keys *identity.KeyCache, token string, now func() time.Time) (*tokenClaims, error) {
	var c tokenClaims
	_, err := jwt.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if t.Header["typ"] != tokenType {
			return nil, errTokenType
		}
		kid, _ := t.Header["kid"].(string)
		return keys.Get(ctx, kid)
	},
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(now))
	switch {
	case err == nil && (c.ClientID == "" || c.Delegated != (c.UserID != "")):
		return nil, refuse(claimsText, errors.New("claims that auth does not make"))
	case err == nil:
		return &c, nil
	case apierr.Has(err, apierr.Unavailable):
		return nil, err
	case errors.Is(err, errTokenType):
		return nil, refuse(typeText, err)
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, refuse(expiredText, err)
	case errors.Is(err, jwt.ErrTokenInvalidClaims):
		return nil, refuse(claimsText, err)
	default:
		return nil, refuse(invalidText, err)
	}
}

func refuse(text string, cause error) error {
	e := apierr.New(apierr.ApplicationToken, "%s", text)
	e.Cause = cause
	return e
}

// usable returns the application's scopes for users, or those for itself.
func (a Application) usable(delegated bool) []identity.Scope {
	return slices.DeleteFunc(slices.Clone(a.Scopes), func(s identity.Scope) bool { return s.Delegated() != delegated })
}
