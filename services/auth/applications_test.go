package auth_test

import (
	"testing"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

// TestApplicationsAreForOperators asks through the gateway for people, and as
// services that may not ask at all.
func TestApplicationsAreForOperators(t *testing.T) {
	s := startSuite(t)
	dial := func(caller string) (authv1.ApplicationServiceClient, authv1.ApplicationTokenServiceClient) {
		conn := s.server.Local(caller)
		return authv1.NewApplicationServiceClient(conn), authv1.NewApplicationTokenServiceClient(conn)
	}
	gateway := s.as(identity.CallerGateway)
	apps, _ := dial(identity.CallerGateway)
	for email, want := range map[string]apierr.Reason{"ada@example.org": apierr.OperatorRequired, "boss@example.org": 0} {
		resolved, err := gateway.sessions.ResolveSession(t.Context(), &authv1.ResolveSessionRequest{
			SessionToken: gateway.logIn(t, email), Audience: identity.CallerAuth,
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx := identity.WithAssertion(t.Context(), resolved.GetAssertion())
		_, err = apps.CreateApplication(ctx, &authv1.CreateApplicationRequest{Application: &authv1.Application{Name: "x"}})
		if apierr.ReasonOf(err) != want {
			t.Errorf("%s: %v", email, err)
		}
	}
	if _, err := apps.ListApplications(t.Context(), &authv1.ListApplicationsRequest{}); !apierr.Has(err, apierr.Unauthenticated) {
		t.Errorf("nobody: %v", err)
	}
	operator, _ := dial(identity.CallerOperator)
	if got, err := operator.ListApplications(t.Context(), &authv1.ListApplicationsRequest{}); err != nil || got.GetTotalSize() != 1 {
		t.Errorf("the operator's command line: %v, %v", got, err)
	}
	for _, caller := range []string{identity.CallerRoom, identity.CallerTelephony, identity.CallerBridge} {
		other, tokens := dial(caller)
		if _, err := other.ListApplications(t.Context(), &authv1.ListApplicationsRequest{}); !apierr.Has(err, apierr.CallerNotAllowed) {
			t.Errorf("%s lists: %v", caller, err)
		}
		if _, err := tokens.ResolveToken(t.Context(), &authv1.ResolveTokenRequest{AccessToken: "x"}); !apierr.Has(err, apierr.CallerNotAllowed) {
			t.Errorf("%s resolves: %v", caller, err)
		}
	}
}
