package grpcx

import (
	"context"
	"testing"
	"time"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

func TestApplicationRules(t *testing.T) {
	ada := &identity.User{ID: "u", Sub: "s"}
	lister, nothing := []identity.Scope{identity.ScopeRoomsList}, []identity.Scope(nil)
	const missing = "Insufficient permissions. Required scope: rooms:create"
	for name, c := range map[string]struct {
		rule     Rule
		scopes   []identity.Scope
		user     *identity.User
		person   bool // a user's own assertion
		want     apierr.Reason
		wantText string
	}{
		"a method for users":         {rule: Rule{User: RequireUser}, scopes: lister, user: ada, want: apierr.PermissionDenied},
		"a method for everybody":     {rule: Rule{User: OptionalUser}, scopes: lister, user: ada, want: apierr.PermissionDenied},
		"scope held":                 {rule: Rule{User: RequireDelegate, Scope: identity.ScopeRoomsList}, scopes: lister, user: ada},
		"scope missing":              {rule: Rule{User: RequireDelegate, Scope: identity.ScopeRoomsCreate}, scopes: lister, user: ada, want: apierr.PermissionDenied, wantText: missing},
		"no scope at all":            {rule: Rule{User: RequireDelegate, Scope: identity.ScopeRoomsCreate}, scopes: nothing, user: ada, want: apierr.PermissionDenied, wantText: "Insufficient permissions."},
		"no user":                    {rule: Rule{User: RequireDelegate, Scope: identity.ScopeRoomsList}, scopes: lister, want: apierr.Unauthenticated},
		"a user's own":               {rule: Rule{User: RequireDelegate, Scope: identity.ScopeRoomsList}, person: true, want: apierr.Unauthenticated},
		"for itself":                 {rule: Rule{User: OptionalUser, Scope: identity.ScopeRoomsList}, scopes: lister},
		"a user where machines may":  {rule: Rule{User: OptionalUser, Scope: identity.ScopeRoomsList}, person: true},
		"for itself, user is needed": {rule: Rule{User: RequireUser, Scope: identity.ScopeRoomsList}, scopes: lister, want: apierr.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			c.rule.Callers = []string{"gateway"}
			b := newBench(t, c.rule)
			b.impl.verify = func(ctx context.Context, _ *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
				if app := identity.ApplicationFrom(ctx); (app != nil) == c.person || (identity.UserFrom(ctx) != nil) != (c.person || c.user != nil) {
					t.Errorf("application %v, user %v", app, identity.UserFrom(ctx))
				}
				return &tokenv1.VerifyTokenResponse{}, nil
			}
			assertion, err := b.signer.SignApplication(identity.Application{ID: "c", Scopes: c.scopes}, c.user, "token", time.Now())
			if c.person {
				assertion, err = b.signer.Sign(*ada, "token", time.Now())
			}
			if err != nil {
				t.Fatal(err)
			}
			err = verify(identity.WithAssertion(t.Context(), assertion), b.client("gateway"))
			if apierr.ReasonOf(err) != c.want || c.wantText != "" && apierr.From(err).PublicText() != c.wantText {
				t.Fatalf("got %v, want %v %q", err, c.want, c.wantText)
			}
		})
	}
	t.Run("a method for the process alone ignores assertions", func(t *testing.T) {
		b := newBench(t, Rule{Callers: []string{"gateway"}})
		if err := verify(identity.WithAssertion(t.Context(), "x"), b.client("gateway")); err != nil {
			t.Error(err)
		}
	})
}
