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

// person is a user in an assertion.
type person struct {
	OIDCSub   string `json:"oidc_sub,omitempty"`
	Email     string `json:"email,omitempty"`
	FullName  string `json:"name,omitempty"`
	ShortName string `json:"short_name,omitempty"`
	Operator  bool   `json:"operator,omitempty"`
}

// delegator is the user for whom an application acts.
type delegator struct {
	ID string `json:"id"`
	person
}

// machine is an application in an assertion, whose subject it then is.
type machine struct {
	Scopes []Scope    `json:"scopes"`
	For    *delegator `json:"for,omitempty"`
}

// claims of a user have person at the top and no application. Those of an
// application have its user, if any, inside: who looks for a user alone finds
// none, and never takes an application for the person it acts for.
type claims struct {
	jwt.RegisteredClaims
	person
	Application *machine `json:"application,omitempty"`
}

// Principal is whom an assertion proves: a user, an application, or an
// application that acts for a user.
type Principal struct {
	User        *User
	Application *Application
}

// Signer makes assertions with one private key.
type Signer struct {
	KeyID string
	Key   ed25519.PrivateKey
}

// Sign returns an assertion of the user for one audience, good from now for [Lifetime].
func (s Signer) Sign(user User, audience string, now time.Time) (string, error) {
	return s.sign(claims{
		RegisteredClaims: registered(user.ID, audience, now),
		person: person{
			OIDCSub: user.Sub, Email: user.Email, FullName: user.FullName, ShortName: user.ShortName, Operator: user.Operator,
		},
	})
}

// SignApplication returns an assertion of the application, for the user for
// whom it acts; nil when it acts for itself. It is never an operator's.
func (s Signer) SignApplication(app Application, user *User, audience string, now time.Time) (string, error) {
	m := &machine{Scopes: app.Scopes}
	if user != nil {
		m.For = &delegator{ID: user.ID, person: person{
			OIDCSub: user.Sub, Email: user.Email, FullName: user.FullName, ShortName: user.ShortName,
		}}
	}
	return s.sign(claims{RegisteredClaims: registered(app.ID, audience, now), Application: m})
}

func registered(subject, audience string, now time.Time) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{
		Issuer:    issuer,
		Subject:   subject,
		Audience:  jwt.ClaimStrings{audience},
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(Lifetime)),
	}
}

func (s Signer) sign(c claims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
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
	keys     *KeyCache
	now      func() time.Time
}

// NewVerifier returns a verifier for the named service. source is asked for
// keys when an unknown one is met, at most once a second.
func NewVerifier(audience string, source KeySource, now func() time.Time) *Verifier {
	return &Verifier{audience: audience, keys: NewKeyCache(source, now), now: now}
}

// Verify returns whom a good assertion proves. Errors: UNAUTHENTICATED, or
// UNAVAILABLE when the keys cannot be had.
func (v *Verifier) Verify(ctx context.Context, assertion string) (*Principal, error) {
	var c claims
	_, err := jwt.ParseWithClaims(assertion, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		return v.keys.Get(ctx, kid)
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
	return c.principal()
}

func (c *claims) principal() (*Principal, error) {
	m := c.Application
	switch {
	case m == nil && c.Subject != "" && c.OIDCSub != "":
		return &Principal{User: c.user(c.Subject)}, nil
	case m == nil || c.Subject == "" || c.person != (person{}):
		return nil, apierr.Wrap(apierr.Unauthenticated, errors.New("assertion without subject"))
	}
	p := &Principal{Application: &Application{ID: c.Subject, Scopes: m.Scopes}}
	if m.For != nil {
		if m.For.ID == "" || m.For.OIDCSub == "" || m.For.Operator {
			return nil, apierr.Wrap(apierr.Unauthenticated, errors.New("assertion for a user who cannot be acted for"))
		}
		p.User = m.For.user(m.For.ID)
	}
	return p, nil
}

func (p person) user(id string) *User {
	return &User{
		ID: id, Sub: p.OIDCSub, Email: p.Email,
		FullName: p.FullName, ShortName: p.ShortName, Operator: p.Operator,
	}
}
