package users

import (
	"context"
	"slices"
	"strings"

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
	byEmail     bool
	listed      bool
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
	// MatchEmail takes who has an unknown sub for the one user with the same
	// e-mail. Only for providers that have verified the e-mails they tell.
	MatchEmail bool
	// ListUsers shows people to each other.
	ListUsers bool
}

// NewDirectory returns a directory over the store.
func NewDirectory(store Store, clk clock.Clock, o Options) *Directory {
	d := &Directory{
		store: store, clock: clk, create: o.CreateUsers, provisional: o.ProvisionalUsers,
		byEmail: o.MatchEmail, listed: o.ListUsers,
	}
	for _, email := range o.OperatorEmails {
		if email = strings.ToLower(strings.TrimSpace(email)); email != "" {
			d.operators = append(d.operators, email)
		}
	}
	return d
}

// Operator reports whether the user may run the suite.
func (d *Directory) Operator(u User) bool {
	return u.OperatorClaim || u.OperatorGranted || d.Configured(u)
}

// Configured reports whether the suite's settings make the user an operator.
func (d *Directory) Configured(u User) bool {
	return slices.Contains(d.operators, strings.ToLower(u.Email))
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
	found, err := d.store.FindUsersByEmail(ctx, email, 1)
	if err != nil {
		return User{}, err
	}
	if len(found) == 0 {
		return User{}, apierr.New(apierr.UserNotFound, "")
	}
	return found[0], nil
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

// Change changes the preferences of the user with the id on behalf of the user
// with the id by. Errors: USER_NOT_FOUND, PERMISSION_DENIED, INVALID_FIELDS; the
// first of them that fits.
func (d *Directory) Change(ctx context.Context, by, id string, change Change) (User, error) {
	if err := d.Check(ctx, by, id, change); err != nil {
		return User{}, err
	}
	return d.store.ChangeUser(ctx, by, change)
}

// Check fails as Change would, and changes nothing.
func (d *Directory) Check(ctx context.Context, by, id string, change Change) error {
	user, err := d.ByID(ctx, id)
	if err != nil {
		return err
	}
	if user.ID != by {
		return apierr.New(apierr.PermissionDenied, "")
	}
	if violations := change.violations(); len(violations) > 0 {
		return apierr.Invalid(violations...)
	}
	return nil
}

// Search returns a page of the users whose e-mail has the query in it, the
// newest first, and how many there are in all: none where people are not shown
// to each other.
func (d *Directory) Search(ctx context.Context, query string, limit, offset int) ([]User, int, error) {
	if !d.listed {
		return nil, 0, nil
	}
	return d.store.SearchUsers(ctx, strings.TrimSpace(query), limit, offset)
}

// SetActive lets a user log in, or not. Errors: USER_NOT_FOUND.
func (d *Directory) SetActive(ctx context.Context, id string, active bool) (User, error) {
	return d.store.SetActive(ctx, id, active)
}

// SetOperator grants a user the right to run the suite, or takes it back.
// Errors: USER_NOT_FOUND.
func (d *Directory) SetOperator(ctx context.Context, id string, granted bool) (User, error) {
	return d.store.SetOperator(ctx, id, granted)
}

// Operators returns who may run the suite.
func (d *Directory) Operators(ctx context.Context) ([]User, error) {
	return d.store.ListOperators(ctx, d.operators)
}
