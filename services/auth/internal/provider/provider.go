package provider

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"

	"github.com/parleymeet/parley/services/auth/internal/users"
)

// ErrMissingClaims says that the provider let the person in but did not tell
// enough about it.
var ErrMissingClaims = errors.New("the identity provider gave no sub, or not every essential claim")

// Attempt is one try to log in, from the visit to the provider to the return.
type Attempt struct {
	// State comes back with the browser: 32 characters that nobody can guess.
	State string
	// Nonce comes back inside the ID token.
	Nonce string
	// Verifier is the secret half of PKCE.
	Verifier string
	// Code is the one that must come back, for providers that choose it
	// beforehand; else empty.
	Code string
	// LoginHint is the e-mail of the person that wants to log in, if known.
	LoginHint string
	// RedirectURI is where the browser comes back to.
	RedirectURI string
	// Silent asks the provider to show nothing.
	Silent bool
}

// NewAttempt returns an attempt with fresh secrets.
func NewAttempt(redirectURI, loginHint string, silent bool) Attempt {
	return Attempt{
		State: randomText(24), Nonce: randomText(24), Verifier: randomText(32),
		LoginHint: loginHint, RedirectURI: redirectURI, Silent: silent,
	}
}

// randomText returns n random bytes in base64url: four characters for three bytes.
func randomText(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails, says crypto/rand
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Login is a person whom the provider has let in.
type Login struct {
	Claims users.Claims
	// IDToken ends the session at the provider; empty when there is none to end.
	IDToken string
	// Sid is the session at the provider; empty when it did not say.
	Sid string
}

// Logout is a provider's word that sessions have ended.
type Logout struct {
	// ID is unique to it: it is good once, until it expires.
	ID      string
	Expires time.Time
	// Sub is whose sessions ended, Sid which one; at least one is set.
	Sub, Sid string
}

// Provider proves who people are.
type Provider interface {
	// AuthorizationURL returns where to send the browser. known is the e-mail of
	// the user whom the browser's session belongs to, empty for nobody. The
	// attempt is stored after the call, with what the provider set in it.
	// Errors: INVALID_FIELDS, UNAVAILABLE.
	AuthorizationURL(ctx context.Context, attempt *Attempt, known string) (string, error)
	// Exchange turns the code that came back into a person. Errors:
	// ErrMissingClaims; LOGIN_REFUSED for a code that is not good;
	// LOGIN_STATE_UNKNOWN for an answer that is not for this attempt; UNAVAILABLE.
	Exchange(ctx context.Context, attempt Attempt, code string) (Login, error)
	// EndSessionURL returns where to send the browser to end the session at the
	// provider, empty when there is no such place. Errors: UNAVAILABLE.
	EndSessionURL(ctx context.Context, idToken, state, redirectURI string) (string, error)
	// VerifyLogout reads a logout token (OpenID Connect Back-Channel Logout 1.0).
	// Whether it was used before is for the caller to know. Errors:
	// LOGOUT_TOKEN_INVALID, UNAVAILABLE.
	VerifyLogout(ctx context.Context, logoutToken string) (Logout, error)
}
