package applications

import (
	"context"
	"slices"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// Resolved is whom a token stands for, as of now.
type Resolved struct {
	Application identity.Application
	// User is for whom the application acts; nil when for itself.
	User *users.User
}

// Resolve returns whom a token stands for. The application and the user are read
// anew: a token is worth no more than they are now. Errors: APPLICATION_TOKEN,
// UNAVAILABLE.
func (i *Issuer) Resolve(ctx context.Context, token string) (Resolved, error) {
	claims, err := verify(ctx, i.cache, token, i.clock.Now)
	if err != nil {
		return Resolved{}, err
	}
	app, err := i.store.FindApplication(ctx, claims.ClientID)
	switch {
	case apierr.Has(err, apierr.ApplicationNotFound):
		return Resolved{}, refuse(unknownClient, err)
	case err != nil:
		return Resolved{}, err
	case !app.Active:
		return Resolved{}, refuse(disabledClient, nil)
	}
	granted := strings.Fields(claims.Scope)
	scopes := slices.DeleteFunc(app.usable(claims.Delegated), func(s identity.Scope) bool {
		return !slices.Contains(granted, string(s))
	})
	resolved := Resolved{Application: identity.Application{ID: app.ID, Scopes: scopes}}
	if !claims.Delegated {
		return resolved, nil
	}
	user, err := i.users.ByID(ctx, claims.UserID)
	switch {
	case apierr.Has(err, apierr.UserNotFound):
		return Resolved{}, refuse(unknownUser, err)
	case err != nil:
		return Resolved{}, err
	case !user.Active:
		return Resolved{}, refuse(disabledUser, nil)
	case !app.actsFor(user.Email):
		return Resolved{}, refuse(unknownUser, nil) // the domain was taken from the application
	}
	resolved.User = &user
	return resolved, nil
}
