package users

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	maxSub   = 255
	maxName  = 100
	maxEmail = 254
)

var subPattern = regexp.MustCompile(`^[\pL\pN_@.+-]+$`)

// LogIn returns the user whom the claims are about, renewed by them and
// created where the suite allows. Errors: USER_NOT_FOUND when it does not;
// LOGIN_REFUSED when the user may not log in, when several users have the e-mail
// that decides, or when the claims do not fit a user.
func (d *Directory) LogIn(ctx context.Context, claims Claims) (User, error) {
	if fault := claims.fault(); fault != "" {
		return User{}, apierr.New(apierr.LoginRefused, "The identity provider gave %s.", fault)
	}
	if err := d.claim(ctx, claims); err != nil {
		return User{}, err
	}
	user, err := d.match(ctx, claims)
	switch {
	case err == nil:
		user, err = d.store.Renew(ctx, user.ID, claims)
	case apierr.Has(err, apierr.UserNotFound) && d.create:
		user, err = d.store.LogIn(ctx, claims, d.fresh(claims))
	}
	if err == nil && !user.Active {
		err = apierr.New(apierr.LoginRefused, "This account is disabled.")
	}
	if err != nil {
		return User{}, err
	}
	return user, nil
}

// match finds the user of the claims: by sub, which alone is sure, and then by
// e-mail where the suite says so. Errors: USER_NOT_FOUND, LOGIN_REFUSED.
func (d *Directory) match(ctx context.Context, claims Claims) (User, error) {
	user, err := d.store.FindUserBySub(ctx, claims.Sub)
	if !apierr.Has(err, apierr.UserNotFound) || !d.byEmail || claims.Email == "" {
		return user, err
	}
	found, err := d.store.FindUsersByEmail(ctx, claims.Email, 2)
	switch {
	case err != nil:
		return User{}, err
	case len(found) > 1:
		return User{}, apierr.New(apierr.LoginRefused, "Several users have this e-mail.")
	case len(found) == 0:
		return User{}, apierr.New(apierr.UserNotFound, "")
	}
	return found[0], nil
}

// fresh is the new user of claims.
func (d *Directory) fresh(claims Claims) User {
	return User{
		ID:  uuid.NewString(),
		Sub: claims.Sub, Email: claims.Email, FullName: claims.FullName, ShortName: claims.ShortName,
		OperatorClaim: claims.Operator, Active: true,
		Timezone:          DefaultTimezone,
		Language:          DefaultLanguage,
		RoomConfiguration: map[string]any{},
		Created:           d.clock.Now().Truncate(time.Microsecond),
	}
}

// fault says which claim does not fit; empty when all do.
func (c Claims) fault() string {
	for _, text := range []string{c.Sub, c.Email, c.FullName, c.ShortName} {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return "text that cannot be stored"
		}
	}
	switch {
	case utf8.RuneCountInString(c.Sub) > maxSub || !subPattern.MatchString(c.Sub):
		return "a sub that is not up to 255 letters, digits and _ @ . + -"
	case utf8.RuneCountInString(c.Email) > maxEmail:
		return "an e-mail of more than 254 characters"
	case utf8.RuneCountInString(c.FullName) > maxName, utf8.RuneCountInString(c.ShortName) > maxName:
		return "a name of more than 100 characters"
	}
	return ""
}
