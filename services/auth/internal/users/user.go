package users

import (
	"context"
	"time"
)

// What a new user starts with.
const (
	DefaultTimezone = "UTC"
	DefaultLanguage = "en-us"
)

// User is a person who has logged in at least once.
type User struct {
	// ID is a UUID.
	ID string
	// Sub is the subject at the identity provider.
	Sub string
	// Email, FullName and ShortName are empty when the provider gave none.
	Email     string
	FullName  string
	ShortName string
	// OperatorClaim is whether the provider called the person an operator at
	// the last log-in. Operator also counts the configured e-mails.
	OperatorClaim bool
	// OperatorGranted is whether an operator made the person one, by command.
	OperatorGranted bool
	// Active is whether the person may log in.
	Active   bool
	Timezone string
	Language string
	// RoomAccessLevel of rooms the user creates; nil when never chosen, empty
	// for the server's default.
	RoomAccessLevel *string
	// RoomConfiguration of rooms the user creates; never nil.
	RoomConfiguration map[string]any
	Created           time.Time
}

// Claims are what the identity provider says about a person at a log-in.
type Claims struct {
	Sub       string
	Email     string
	FullName  string
	ShortName string
	Operator  bool
}

// Change is a change of preferences. Nil fields stay as they are.
type Change struct {
	Timezone *string
	Language *string
	// RoomAccessLevel points to the new value, which itself may be nil.
	RoomAccessLevel   **string
	RoomConfiguration map[string]any
}

// Store keeps users. All methods fail with UNAVAILABLE while the database is away.
type Store interface {
	ProvisionalStore
	// FindUser returns the user with the id. Errors: USER_NOT_FOUND.
	FindUser(ctx context.Context, id string) (User, error)
	// FindUserBySub returns the user with the sub. Errors: USER_NOT_FOUND.
	FindUserBySub(ctx context.Context, sub string) (User, error)
	// FindUsersByEmail returns at most limit users with the e-mail, whatever its
	// letter case, those created first.
	FindUsersByEmail(ctx context.Context, email string, limit int) ([]User, error)
	// FindUsers returns those users that exist among the ids, each once, in no order.
	FindUsers(ctx context.Context, ids []string) ([]User, error)
	// LogIn returns the user with the sub of the claims, after it wrote those
	// claims that are not empty, and the operator mark, over what was known.
	// Where there is no such user it stores fresh, whose claims are the same,
	// and returns it. Log-ins of one person at once make one user.
	LogIn(ctx context.Context, claims Claims, fresh User) (User, error)
	// Renew is LogIn for the user with the id, whose sub stays as it is. Errors:
	// USER_NOT_FOUND.
	Renew(ctx context.Context, id string, claims Claims) (User, error)
	// ChangeUser applies a change and returns the user after it. Changes of
	// different fields at once are all kept. Errors: USER_NOT_FOUND.
	ChangeUser(ctx context.Context, id string, change Change) (User, error)
	// SearchUsers returns a page of the users whose e-mail has the query in it,
	// whatever its letter case, the newest first, and how many there are in all.
	// No character of the query has a meaning of its own.
	SearchUsers(ctx context.Context, query string, limit, offset int) ([]User, int, error)
	// SetActive lets the user log in, or not. Errors: USER_NOT_FOUND.
	SetActive(ctx context.Context, id string, active bool) (User, error)
	// SetOperator sets OperatorGranted. Errors: USER_NOT_FOUND.
	SetOperator(ctx context.Context, id string, granted bool) (User, error)
	// ListOperators returns the users who are operators by grant, by claim, or by
	// one of the e-mails, which are in lower case; by e-mail, then by id.
	ListOperators(ctx context.Context, emails []string) ([]User, error)
}
