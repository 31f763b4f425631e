package applications

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// touchEvery bounds how often the time of last use is written.
const touchEvery = time.Minute

// Users knows the people for whom applications act.
type Users interface {
	// ByID returns a user. Errors: USER_NOT_FOUND.
	ByID(ctx context.Context, id string) (users.User, error)
	// ForApplication returns the user with an e-mail. Errors: USER_NOT_FOUND,
	// USER_CONFLICT.
	ForApplication(ctx context.Context, email string) (users.User, error)
}

// Keys signs, and knows the keys that verify.
type Keys interface {
	Signer(ctx context.Context) (identity.Signer, error)
	List(ctx context.Context) ([]identity.Key, error)
}

// Issuer gives applications tokens and knows them again.
type Issuer struct {
	store Store
	users Users
	keys  Keys
	cache *identity.KeyCache
	clock clock.Clock
	log   *slog.Logger
	life  time.Duration
}

// NewIssuer returns an issuer of tokens that are good for life.
func NewIssuer(store Store, people Users, keys Keys, clk clock.Clock, log *slog.Logger, life time.Duration) *Issuer {
	return &Issuer{
		store: store, users: people, keys: keys, cache: identity.NewKeyCache(keys.List, clk.Now),
		clock: clk, log: log, life: life,
	}
}

// Request is an application's question for a token.
type Request struct {
	ClientID string
	Secret   Secret
	// OnBehalfOf is the e-mail of the user for whom the application wants to
	// act, or scopes that it wants for itself, with spaces between them.
	OnBehalfOf string
}

// Issued is a token with what its holder is told.
type Issued struct {
	Token  string
	Life   time.Duration
	Scopes []identity.Scope
}

// Issue gives a token. Errors, in this order: APPLICATION_CREDENTIALS,
// DELEGATION_MALFORMED, DELEGATION_REFUSED, USER_NOT_FOUND, USER_CONFLICT.
func (i *Issuer) Issue(ctx context.Context, req Request) (Issued, error) {
	app, err := i.authenticate(ctx, req)
	if err != nil {
		return Issued{}, err
	}
	claims, scopes, err := i.grant(ctx, app, req.OnBehalfOf)
	if err != nil {
		return Issued{}, err
	}
	signer, err := i.keys.Signer(ctx)
	if err != nil {
		return Issued{}, err
	}
	claims.ClientID, claims.Scope = app.ID, joinScopes(scopes)
	now := i.clock.Now()
	token, err := sign(signer, claims, now, i.life)
	if err != nil {
		return Issued{}, err
	}
	now = now.Truncate(time.Microsecond)
	if err := i.store.TouchApplication(ctx, app.ID, now, now.Add(-touchEvery)); err != nil {
		i.log.WarnContext(ctx, "the last use of an application is not written", "client_id", app.ID, "error", err)
	}
	return Issued{Token: token, Life: i.life, Scopes: scopes}, nil
}

// authenticate tells an unknown client from a wrong secret neither in the answer
// nor in the time that the comparison takes.
func (i *Issuer) authenticate(ctx context.Context, req Request) (Application, error) {
	app, err := i.store.FindApplication(ctx, req.ClientID)
	if err != nil && !apierr.Has(err, apierr.ApplicationNotFound) {
		return Application{}, err
	}
	match := app.Secrets.match(req.Secret, i.clock.Now())
	switch {
	case err != nil || !match:
		return Application{}, apierr.New(apierr.ApplicationCredentials, "")
	case !app.Active:
		return Application{}, apierr.New(apierr.ApplicationCredentials, "Application is inactive")
	}
	return app, nil
}

// grant returns what the token will say, and its scopes.
func (i *Issuer) grant(ctx context.Context, app Application, onBehalfOf string) (tokenClaims, []identity.Scope, error) {
	if wanted, ok := ownScopes(onBehalfOf); ok {
		for _, scope := range wanted {
			if !slices.Contains(app.Scopes, scope) {
				return tokenClaims{}, nil, apierr.New(apierr.DelegationRefused, "This application does not have the scope %s.", scope)
			}
		}
		return tokenClaims{}, wanted, nil
	}
	switch {
	case !isEmail(onBehalfOf):
		return tokenClaims{}, nil, apierr.New(apierr.DelegationMalformed, "")
	case !app.actsFor(onBehalfOf):
		return tokenClaims{}, nil, apierr.New(apierr.DelegationRefused, "")
	}
	user, err := i.users.ForApplication(ctx, onBehalfOf)
	if apierr.Has(err, apierr.UserNotFound) {
		return tokenClaims{}, nil, apierr.New(apierr.UserNotFound, "%s", unknownUser)
	}
	if err != nil {
		return tokenClaims{}, nil, err
	}
	return tokenClaims{Delegated: true, UserID: user.ID}, app.usable(true), nil
}

// ownScopes reads a list of scopes that applications use for themselves.
func ownScopes(text string) ([]identity.Scope, bool) {
	var scopes []identity.Scope
	for _, word := range strings.Fields(text) {
		scope, ok := identity.ParseScope(word)
		if !ok || scope.Delegated() {
			return nil, false
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, len(scopes) > 0
}

func joinScopes(scopes []identity.Scope) string {
	words := make([]string, len(scopes))
	for i, scope := range scopes {
		words[i] = string(scope)
	}
	return strings.Join(words, scopeSeparator)
}
