package applications

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/parleymeet/parley/pkg/identity"
)

// Application is a machine that calls the suite.
type Application struct {
	// ID is the client id.
	ID     string
	Name   string
	Active bool
	Scopes []identity.Scope
	// Domains of the e-mails of users for whom it may act, in lower case; empty
	// for all.
	Domains []string
	Created time.Time
	// LastUsed is when it was last given a token; zero for never.
	LastUsed time.Time
	Secrets  Secrets
}

// Secrets are the hashes of what an application proves itself with.
type Secrets struct {
	Current Hash
	// Old is good until OldExpires; both are zero when there is none.
	Old        Hash
	OldExpires time.Time
}

// Secret is what an application holds. It is never stored or logged.
type Secret string

// Hash is how a secret is stored.
type Hash [sha256.Size]byte

// NewSecret returns a new secret of 256 random bits in base64url.
func NewSecret() Secret {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails, says crypto/rand
	return Secret(base64.RawURLEncoding.EncodeToString(raw))
}

// Hash returns the stored form. A plain hash does: there are 256 bits to guess.
func (s Secret) Hash() Hash { return sha256.Sum256([]byte(s)) }

// match reports whether the secret is good. It takes as long for every answer.
func (s Secrets) match(secret Secret, now time.Time) bool {
	hash := secret.Hash()
	current := subtle.ConstantTimeCompare(hash[:], s.Current[:])
	old := subtle.ConstantTimeCompare(hash[:], s.Old[:])
	if !now.Before(s.OldExpires) {
		old = 0
	}
	return current|old == 1
}

// actsFor reports whether the application may act for the users of an e-mail.
func (a Application) actsFor(email string) bool {
	_, domain, _ := strings.Cut(strings.ToLower(email), "@")
	return len(a.Domains) == 0 || slices.Contains(a.Domains, domain)
}

// Change is a change of an application. Nil fields stay as they are.
type Change struct {
	Name    *string
	Active  *bool
	Scopes  *[]identity.Scope
	Domains *[]string
}

// Store keeps applications. All methods fail with UNAVAILABLE while the database
// is away.
type Store interface {
	// AddApplication stores an application.
	AddApplication(ctx context.Context, app Application) error
	// FindApplication returns the application with the id. Errors:
	// APPLICATION_NOT_FOUND.
	FindApplication(ctx context.Context, id string) (Application, error)
	// ListApplications returns at most limit applications by name and id, after
	// the first skip ones, and how many there are in all.
	ListApplications(ctx context.Context, skip, limit int) ([]Application, int, error)
	// ChangeApplication applies a change and returns the application after it.
	// Changes of different fields at once are all kept. Errors:
	// APPLICATION_NOT_FOUND.
	ChangeApplication(ctx context.Context, id string, change Change) (Application, error)
	// RotateSecret makes next the current secret and the one that was current
	// the old one, good until expires, and returns the application after it. Of
	// rotations at once each makes old what was current at its turn. Errors:
	// APPLICATION_NOT_FOUND.
	RotateSecret(ctx context.Context, id string, next Hash, expires time.Time) (Application, error)
	// TouchApplication sets when the application was last used, unless that is
	// known to be after the instant since. One that is gone is no fault.
	TouchApplication(ctx context.Context, id string, now, since time.Time) error
	// DeleteApplication deletes an application. Errors: APPLICATION_NOT_FOUND.
	DeleteApplication(ctx context.Context, id string) error
}
