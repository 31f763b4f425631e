package sessions

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/parleymeet/parley/services/auth/internal/provider"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// Token is what the browser holds. It is never stored or logged.
type Token string

// Hash is how a token is stored.
type Hash [sha256.Size]byte

// NewToken returns a new token of 256 random bits in base64url.
func NewToken() Token {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails, says crypto/rand
	return Token(base64.RawURLEncoding.EncodeToString(raw))
}

// Hash returns the stored form. A plain hash does: there are 256 bits to guess.
func (t Token) Hash() Hash { return sha256.Sum256([]byte(t)) }

// Session is a browser that came to log in. Expiry is the end of its life.
type Session struct {
	Hash Hash
	// UserID is empty while nobody is logged in.
	UserID  string
	Created time.Time
	Expires time.Time
	// IDToken is the provider's, sealed; nil for none.
	IDToken []byte
	// LogoutState is what must come back from the provider's log-out; empty
	// while there is none under way.
	LogoutState string
	// ProviderSub and ProviderSid are what the provider calls the person and its
	// session there; empty where it did not say. By these it ends sessions here.
	ProviderSub string
	ProviderSid string
}

// Revocation is which sessions the provider's logout token ends.
type Revocation struct {
	// TokenID is the token's jti, which is good once.
	TokenID string
	// Expires is when the token is worth nothing anyhow.
	Expires time.Time
	// Sub and Sid are whose sessions end, or which one; one may be empty.
	Sub, Sid string
}

// Attempt is a log-in under way.
type Attempt struct {
	provider.Attempt
	// ReturnTo is where the browser wants to go in the end.
	ReturnTo string
	Created  time.Time
	Expires  time.Time
}

// Store keeps sessions and attempts. Where a method takes the time, a session
// or an attempt whose Expires is not after it counts as gone. All methods fail
// with UNAVAILABLE while the database is away.
type Store interface {
	// AddSession stores a session.
	AddSession(ctx context.Context, session Session) error
	// FindSession returns a session with its user, nil for an anonymous one.
	// Errors: SESSION_NOT_FOUND.
	FindSession(ctx context.Context, hash Hash, now time.Time) (Session, *users.User, error)
	// ReplaceSession stores next, gives it the attempts of old, and deletes
	// old, all at once. An old that is gone already is no fault.
	ReplaceSession(ctx context.Context, old Hash, next Session) error
	// SetLogoutState remembers the state of a log-out under way. Errors: SESSION_NOT_FOUND.
	SetLogoutState(ctx context.Context, hash Hash, state string) error
	// DeleteSession deletes a session and its attempts; one that is gone
	// already is no fault.
	DeleteSession(ctx context.Context, hash Hash) error
	// Revoke deletes the sessions that the revocation names and returns how many:
	// with a sid the one with it, and those of which no sid is known; without,
	// all; of the sub where there is one, and of nobody else. It remembers the
	// token. Errors: LOGOUT_TOKEN_INVALID when the token was used before, also by
	// one of several at once.
	Revoke(ctx context.Context, r Revocation) (int, error)
	// AddAttempt adds an attempt to a session and deletes its oldest ones
	// beyond limit, also when many are added at once. Errors: SESSION_NOT_FOUND.
	AddAttempt(ctx context.Context, hash Hash, attempt Attempt, limit int) error
	// TakeAttempt returns and deletes the attempt of a session with a state. Of
	// several takers one gets it. Errors: LOGIN_STATE_UNKNOWN.
	TakeAttempt(ctx context.Context, hash Hash, state string, now time.Time) (Attempt, error)
	// HasAttempts says whether a session has an attempt left.
	HasAttempts(ctx context.Context, hash Hash, now time.Time) (bool, error)
	// DeleteExpired deletes at most limit expired sessions, with their
	// attempts, at most limit expired attempts and at most limit logout tokens
	// that are no longer good, and returns how many of all it deleted.
	DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error)
}
