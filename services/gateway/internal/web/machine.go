package web

import (
	"net/http"
	"strings"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// maxMachineToken is more than any token of an application is long.
const maxMachineToken = 8192

// machines finds out which application asks.
type machines struct {
	client authv1.ApplicationTokenServiceClient
	// enabled says whether applications are served at all.
	enabled bool
}

// shown reports whether a request comes with a token, be it a bad one.
func (m machines) shown(r *http.Request) bool {
	scheme, _, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	return m.enabled && strings.EqualFold(scheme, "bearer")
}

// assertion returns auth's proof of the application that asks, for one service.
// Errors: UNAUTHENTICATED without a token, APPLICATION_TOKEN, UNAVAILABLE.
func (m machines) assertion(r *http.Request, audience string) (string, error) {
	if !m.shown(r) {
		return "", apierr.New(apierr.Unauthenticated, "")
	}
	words := strings.Fields(r.Header.Get("Authorization"))
	if len(words) != 2 || len(words[1]) > maxMachineToken {
		return "", apierr.New(apierr.ApplicationToken, "Invalid token header.")
	}
	answer, err := m.client.ResolveToken(r.Context(), &authv1.ResolveTokenRequest{AccessToken: asciiOnly(words[1]), Audience: audience})
	return answer.GetAssertion(), err
}
