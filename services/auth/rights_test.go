package auth_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

func TestRights(t *testing.T) {
	t.Parallel()
	s := startSuite(t)
	gateway, operator := s.as(identity.CallerGateway), s.as(identity.CallerOperator)
	boss, ada := gateway.logIn(t, "boss@example.org"), gateway.logIn(t, "ada@example.org")
	who := func(token string) *authv1.User {
		t.Helper()
		resolved, err := gateway.sessions.ResolveSession(t.Context(), &authv1.ResolveSessionRequest{SessionToken: token})
		if err != nil {
			t.Fatal(err)
		}
		return resolved.GetUser()
	}
	id := who(ada).GetId()
	list := func() []*authv1.Operator {
		t.Helper()
		resp, err := operator.users.ListOperators(t.Context(), &authv1.ListOperatorsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetOperators()
	}
	if found := list(); len(found) != 1 || !proto.Equal(found[0], &authv1.Operator{User: who(boss), Configured: true}) {
		t.Errorf("at first: %v", found)
	}
	for _, want := range []bool{true, false} {
		got, err := operator.users.SetOperator(t.Context(), &authv1.SetOperatorRequest{UserId: id, Operator: want})
		if err != nil || got.GetOperator().GetGranted() != want || who(ada).GetOperator() != want {
			t.Errorf("operator %v: %v, %v", want, got, err)
		}
		if found := list(); (len(found) == 2) != want {
			t.Errorf("operator %v: %v", want, found)
		}
	}
	if _, err := operator.users.SetActive(t.Context(), &authv1.SetActiveRequest{UserId: id}); err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.sessions.ResolveSession(t.Context(), &authv1.ResolveSessionRequest{SessionToken: ada}); !apierr.Has(err, apierr.SessionNotFound) {
		t.Errorf("disabled, still logged in: %v", err)
	}
	if got, err := operator.users.SetActive(t.Context(), &authv1.SetActiveRequest{UserId: id, Active: true}); err != nil || !got.GetUser().GetActive() {
		t.Errorf("enabled: %v, %v", got, err)
	}
}

// Rights are for the operator's command line alone: not even an operator's
// browser may give or take them.
func TestRightsAreForOperatorsCommands(t *testing.T) {
	t.Parallel()
	s := startSuite(t)
	gateway := s.as(identity.CallerGateway)
	resolved, err := gateway.sessions.ResolveSession(t.Context(), &authv1.ResolveSessionRequest{
		SessionToken: gateway.logIn(t, "boss@example.org"), Audience: "auth",
	})
	if err != nil || !resolved.GetUser().GetOperator() {
		t.Fatal(resolved, err)
	}
	ctx, id := identity.WithAssertion(t.Context(), resolved.GetAssertion()), resolved.GetUser().GetId()
	for _, caller := range []string{identity.CallerGateway, identity.CallerRoom, identity.CallerTelephony, ""} {
		c := s.as(caller)
		_, granted := c.users.SetOperator(ctx, &authv1.SetOperatorRequest{UserId: id, Operator: true})
		_, disabled := c.users.SetActive(ctx, &authv1.SetActiveRequest{UserId: id})
		_, listed := c.users.ListOperators(ctx, &authv1.ListOperatorsRequest{})
		for _, err := range []error{granted, disabled, listed} {
			if !apierr.Has(err, apierr.CallerNotAllowed) {
				t.Errorf("%q: %v", caller, err)
			}
		}
	}
	if _, err := gateway.users.SearchUsers(t.Context(), &authv1.SearchUsersRequest{Limit: 1}); !apierr.Has(err, apierr.Unauthenticated) {
		t.Errorf("nobody lists users: %v", err)
	}
	if got, err := gateway.users.SearchUsers(ctx, &authv1.SearchUsersRequest{Limit: 1}); err != nil || len(got.GetUsers()) != 0 || got.GetCount() != 0 {
		t.Errorf("users are listed by default: %v, %v", got, err)
	}
}
