package web

import (
	"net/http"
	"strings"

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
	// machines knows who asks without a session.
	machines machines
}

// visit returns who asks on a route. A session that is unknown or over is no
// session. Errors: UNAUTHENTICATED, PERMISSION_DENIED (CSRF), UNAVAILABLE.
func (s sessions) visit(r *http.Request, row route) (visit.Visit, error) {
	v := visit.Visit{URL: s.origins.url(r), Address: s.origins.client(r), Pass: lobbyPass(r), Language: languageOf(r)}
	if row.mode == open {
		return v, nil
	}
	if row.mode == secret {
		return v, secretOnly(r)
	}
	if row.mode == application || row.mode == applicationOrMember && s.machines.shown(r) {
		var err error
		v.Assertion, err = s.machines.assertion(r, row.audience)
		return v, err
	}
	if row.mode == bearer || row.mode == bearerOrAnyone {
		var err error
		v.Bearer, err = bearerToken(r)
		if err != nil || row.mode == bearer || v.Bearer != "" {
			return v, err
		}
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
	if (row.mode == member || row.mode == applicationOrMember) && v.UserID == "" {
		return v, apierr.New(apierr.Unauthenticated, "")
	}
	return v, nil
}

// bearerToken returns the meeting token of the request, empty when it has no
// such header. Errors: PERMISSION_DENIED for a header that is none.
func bearerToken(r *http.Request) (string, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", nil
	}
	words := strings.Fields(header)
	if len(words) != 2 || !strings.EqualFold(words[0], "bearer") {
		return "", apierr.New(apierr.PermissionDenied, "Authorization header must be: Bearer <token>")
	}
	return asciiOnly(words[1]), nil // no token has other characters, and metadata must not
}

// sessionToken returns the session cookie; empty when there is none that auth could know.
func sessionToken(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || len(cookie.Value) > maxToken {
		return ""
	}
	return cookie.Value
}
