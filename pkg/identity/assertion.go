package identity

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	issuer = "parley-auth"
	// Lifetime is how long an assertion is good.
	Lifetime = time.Minute
	// leeway allows for clocks that differ between machines.
	leeway = 5 * time.Second
)

type claims struct {
	jwt.RegisteredClaims
	OIDCSub   string `json:"oidc_sub"`
	Email     string `json:"email,omitempty"`
	FullName  string `json:"name,omitempty"`
	ShortName string `json:"short_name,omitempty"`
	Operator  bool   `json:"operator,omitempty"`
}

// Signer makes assertions with one private key.
type Signer struct {
	KeyID string
	Key   ed25519.PrivateKey
}

// Sign returns an assertion of the user for one audience, good from now for [Lifetime].
func (s Signer) Sign(user User, audience string, now time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   user.ID,
			Audience:  jwt.ClaimStrings{audience},
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(Lifetime)),
		},
		OIDCSub: user.Sub, Email: user.Email, FullName: user.FullName, ShortName: user.ShortName, Operator: user.Operator,
	})
	token.Header["kid"] = s.KeyID
	signed, err := token.SignedString(s.Key)
	if err != nil {
		return "", fmt.Errorf("sign assertion: %w", err)
	}
	return signed, nil
}

// Verifier checks assertions made for one audience.
type Verifier struct {
	audience string
	keys     *keyCache
	now      func() time.Time
}

// NewVerifier returns a verifier for the named service. source is asked for
// keys when an unknown one is met, at most once a second.
func NewVerifier(audience string, source KeySource, now func() time.Time) *Verifier {
	return &Verifier{audience: audience, keys: newKeyCache(source, now), now: now}
}

// Verify returns the user of a good assertion. Errors: UNAUTHENTICATED, or
// UNAVAILABLE when the keys cannot be had.
func (v *Verifier) Verify(ctx context.Context, assertion string) (*User, error) {
	var c claims
	_, err := jwt.ParseWithClaims(assertion, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		return v.keys.get(ctx, kid)
	},
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(v.audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(v.now))
	if err != nil {
		var known *apierr.Error
		if errors.As(err, &known) && known.Reason == apierr.Unavailable {
			return nil, known
		}
		return nil, apierr.Wrap(apierr.Unauthenticated, fmt.Errorf("assertion: %w", err))
	}
	if c.Subject == "" || c.OIDCSub == "" {
		return nil, apierr.Wrap(apierr.Unauthenticated, errors.New("assertion without subject"))
	}
	return &User{
		ID: c.Subject, Sub: c.OIDCSub, Email: c.Email,
		FullName: c.FullName, ShortName: c.ShortName, Operator: c.Operator,
	}, nil
}
