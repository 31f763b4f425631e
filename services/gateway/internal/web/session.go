package web

import (
	"net/http"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

// maxToken is more than any session token is long.
const maxToken = 256

// sessions finds out who asks.
type sessions struct {
	client  authv1.SessionServiceClient
	origins origins
	csrf    csrf
}

// visit returns who asks on a route. A session that is unknown or over is no
// session. Errors: UNAUTHENTICATED, PERMISSION_DENIED (CSRF), UNAVAILABLE.
func (s sessions) visit(r *http.Request, row route) (visit.Visit, error) {
	v := visit.Visit{URL: s.origins.url(r), Address: s.origins.client(r), Pass: lobbyPass(r)}
	if row.mode == open {
		return v, nil
	}
	if token := sessionToken(r); token != "" {
		answer, err := s.client.ResolveSession(r.Context(), &authv1.ResolveSessionRequest{SessionToken: token, Audience: row.audience})
		switch {
		case apierr.Has(err, apierr.SessionNotFound):
		case err != nil:
			return v, err
		default:
			if err := s.csrf.check(r); err != nil {
				return v, err
			}
			v.UserID, v.Assertion = answer.GetUser().GetId(), answer.GetAssertion()
		}
	}
	if row.mode == member && v.UserID == "" {
		return v, apierr.New(apierr.Unauthenticated, "")
	}
	return v, nil
}

// sessionToken returns the session cookie; empty when there is none that auth could know.
func sessionToken(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || len(cookie.Value) > maxToken {
		return ""
	}
	return cookie.Value
}
