package users

import (
	"context"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
)

// provisionalSub is the sub of a user who has not logged in yet. No provider's
// sub has a colon.
func provisionalSub(email string) string { return "provisional:" + strings.ToLower(email) }

// ProvisionalStore keeps users whom applications made by their e-mail.
type ProvisionalStore interface {
	// RenameSub gives the user with the sub from the sub to, unless there is no
	// such user, or one with the sub to already.
	RenameSub(ctx context.Context, from, to string) error
}

// ForApplication returns the user for whom an application wants to act, and
// makes one where the suite allows. Errors: USER_NOT_FOUND, also of a disabled
// user; USER_CONFLICT when several people share the e-mail, for it is nobody's
// to choose between them.
func (d *Directory) ForApplication(ctx context.Context, email string) (User, error) {
	found, err := d.store.FindUsersByEmail(ctx, email, 2)
	switch {
	case err != nil:
		return User{}, err
	case len(found) == 1 && !found[0].Active:
		return User{}, apierr.New(apierr.UserNotFound, "")
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return User{}, apierr.New(apierr.UserConflict, "")
	case !d.provisional:
		return User{}, apierr.New(apierr.UserNotFound, "")
	}
	claims := Claims{Sub: provisionalSub(email), Email: email}
	return d.store.LogIn(ctx, claims, d.fresh(claims))
}

// claim makes the provisional user of an e-mail the person who logs in with it,
// if there is one and the person is not known yet.
func (d *Directory) claim(ctx context.Context, claims Claims) error {
	if !d.provisional || claims.Email == "" {
		return nil
	}
	return d.store.RenameSub(ctx, provisionalSub(claims.Email), claims.Sub)
}
