package users

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
)

// Directory is the domain's way to users.
type Directory struct {
	store     Store
	clock     clock.Clock
	operators []string // e-mails in lower case
	create    bool
	// provisional lets applications make users.
	provisional bool
}

// Options are the rules of a suite about its users.
type Options struct {
	// OperatorEmails are the people who run the suite, in any letter case.
	OperatorEmails []string
	// CreateUsers lets people in whom the suite has not seen before.
	CreateUsers bool
	// ProvisionalUsers lets applications make users by their e-mail, whom the
	// first person that logs in with it becomes.
	ProvisionalUsers bool
}

// NewDirectory returns a directory over the store.
func NewDirectory(store Store, clk clock.Clock, o Options) *Directory {
	d := &Directory{store: store, clock: clk, create: o.CreateUsers, provisional: o.ProvisionalUsers}
	for _, email := range o.OperatorEmails {
		if email = strings.ToLower(strings.TrimSpace(email)); email != "" {
			d.operators = append(d.operators, email)
		}
	}
	return d
}

// Operator reports whether the user may run the suite.
func (d *Directory) Operator(u User) bool {
	return u.OperatorClaim || slices.Contains(d.operators, strings.ToLower(u.Email))
}

// ByID returns a user. Errors: USER_NOT_FOUND, also for what is no UUID.
func (d *Directory) ByID(ctx context.Context, id string) (User, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return User{}, apierr.Wrap(apierr.UserNotFound, err)
	}
	return d.store.FindUser(ctx, parsed.String())
}

// BySub returns a user. Errors: USER_NOT_FOUND.
func (d *Directory) BySub(ctx context.Context, sub string) (User, error) {
	return d.store.FindUserBySub(ctx, sub)
}

// ByEmail returns the first user with an e-mail. Errors: USER_NOT_FOUND.
func (d *Directory) ByEmail(ctx context.Context, email string) (User, error) {
	return d.store.FindUserByEmail(ctx, email)
}

// ByIDs returns those users that exist among the UUIDs, in no order.
func (d *Directory) ByIDs(ctx context.Context, ids []string) ([]User, error) {
	canonical := make([]string, 0, len(ids))
	for _, id := range ids {
		parsed, err := uuid.Parse(id)
		if err != nil {
			continue // what is no UUID is no user's
		}
		canonical = append(canonical, parsed.String())
	}
	return d.store.FindUsers(ctx, canonical)
}

const (
	maxSub   = 255
	maxName  = 100
	maxEmail = 254
)

var subPattern = regexp.MustCompile(`^[\pL\pN_@.+-]+$`)

// LogIn returns the user whom the claims are about, renewed by them and
// created where the suite allows. Errors: USER_NOT_FOUND when it does not;
// LOGIN_REFUSED when the claims do not fit a user.
func (d *Directory) LogIn(ctx context.Context, claims Claims) (User, error) {
	if fault := claims.fault(); fault != "" {
		return User{}, apierr.New(apierr.LoginRefused, "The identity provider gave %s.", fault)
	}
	if err := d.claim(ctx, claims); err != nil {
		return User{}, err
	}
	if !d.create {
		return d.store.LogInKnown(ctx, claims)
	}
	return d.store.LogIn(ctx, claims, newUser(claims, d.clock.Now()))
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

// Change changes the preferences of the user with the id on behalf of the user
// with the id by. Errors: USER_NOT_FOUND, PERMISSION_DENIED, INVALID_FIELDS.
func (d *Directory) Change(ctx context.Context, by, id string, change Change) (User, error) {
	user, err := d.ByID(ctx, id)
	if err != nil {
		return User{}, err
	}
	if user.ID != by {
		return User{}, apierr.New(apierr.PermissionDenied, "")
	}
	if violations := change.violations(); len(violations) > 0 {
		return User{}, apierr.Invalid(violations...)
	}
	return d.store.ChangeUser(ctx, user.ID, change)
}
