package identity

import "context"

// Names of the processes that call services.
const (
	CallerGateway   = "gateway"
	CallerAuth      = "auth"
	CallerRoom      = "room"
	CallerTelephony = "telephony"
	CallerToken     = "token"
	// CallerOperator is the operator's command line. It acts without a user.
	CallerOperator = "operator"
	// CallerBridge is a SIP bridge other than LiveKit SIP.
	CallerBridge = "bridge"
)

// User is the person on whose behalf a call is made.
type User struct {
	// ID is the UUID that Parley gave.
	ID string
	// Sub is the subject at the identity provider, and the LiveKit identity.
	Sub       string
	Email     string
	FullName  string
	ShortName string
	// Operator says that the person may run the suite.
	Operator bool
}

type userKey struct{}
type applicationKey struct{}
type callerKey struct{}
type assertionKey struct{}

// WithUser returns a context with the verified user.
func WithUser(ctx context.Context, user *User) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// UserFrom returns the verified user, nil for an anonymous call.
func UserFrom(ctx context.Context) *User {
	user, _ := ctx.Value(userKey{}).(*User)
	return user
}

// WithApplication returns a context with the verified application.
func WithApplication(ctx context.Context, app *Application) context.Context {
	return context.WithValue(ctx, applicationKey{}, app)
}

// ApplicationFrom returns the verified application through which a call is made,
// nil for none. [UserFrom] is then the user for whom it acts, if any.
func ApplicationFrom(ctx context.Context) *Application {
	app, _ := ctx.Value(applicationKey{}).(*Application)
	return app
}

// WithCaller returns a context with the name of the calling process.
func WithCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callerKey{}, name)
}

// CallerFrom returns the name of the calling process; empty when it proved none.
func CallerFrom(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}

// IsOperator reports whether an operator calls: the operator's command line,
// or a person with the operator mark. An application never is one, also when it
// acts for one.
func IsOperator(ctx context.Context) bool {
	if CallerFrom(ctx) == CallerOperator {
		return true
	}
	user := UserFrom(ctx)
	return user != nil && user.Operator && ApplicationFrom(ctx) == nil
}

// WithAssertion makes calls under the context carry the assertion to the peer.
func WithAssertion(ctx context.Context, assertion string) context.Context {
	return context.WithValue(ctx, assertionKey{}, assertion)
}

// AssertionFrom returns the assertion for outgoing calls; empty for none.
func AssertionFrom(ctx context.Context) string {
	assertion, _ := ctx.Value(assertionKey{}).(string)
	return assertion
}
