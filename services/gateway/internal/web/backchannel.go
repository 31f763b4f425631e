package web

import (
	"net/http"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	backChannelPath = prefix + "/backchannel-logout"
	maxLogoutForm   = 64 << 10
)

// backChannel takes the identity provider's word that sessions have ended
// (OpenID Connect Back-Channel Logout 1.0). No browser calls it, so there are no
// cookies and no CSRF: the logout token proves itself.
func (l *login) backChannel(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxLogoutForm)
	token := r.PostFormValue("logout_token") // empty also for what is no form
	if token == "" {
		refuseLogout(w, "invalid_request", "logout_token is missing.")
		return
	}
	_, err := l.client.BackChannelLogout(r.Context(), &authv1.BackChannelLogoutRequest{LogoutToken: token})
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case apierr.Has(err, apierr.LogoutTokenInvalid), apierr.Has(err, apierr.InvalidFields):
		l.log.InfoContext(r.Context(), "a logout token was refused", "reason", err)
		refuseLogout(w, "invalid_request", "The logout token is not valid.")
	default:
		// The protocol knows no other status for a log-out that failed.
		l.log.ErrorContext(r.Context(), "the identity provider's log-out failed", "error", err)
		refuseLogout(w, "temporarily_unavailable", "The log-out failed. Try again.")
	}
}

func refuseLogout(w http.ResponseWriter, code, description string) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
}
