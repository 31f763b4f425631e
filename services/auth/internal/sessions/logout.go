package sessions

import (
	"context"
	"crypto/subtle"

	"github.com/parleymeet/parley/pkg/apierr"
)

// StartLogout returns where to send the browser so that its session at the
// provider ends too; the session here lasts until [Manager.FinishLogout].
// Where there is no such place it ends the session at once and returns "".
func (m *Manager) StartLogout(ctx context.Context, token Token, redirectURI string) (string, error) {
	session, user, err := m.find(ctx, token)
	if apierr.Has(err, apierr.SessionNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	location, state := "", NewToken()
	if user != nil && session.IDToken != nil {
		location = m.endSessionURL(ctx, session, string(state), redirectURI)
	}
	if location == "" {
		return "", m.store.DeleteSession(ctx, session.Hash)
	}
	return location, m.store.SetLogoutState(ctx, session.Hash, string(state))
}

// endSessionURL returns "" when the provider cannot be asked or the ID token
// does not open: then at least the session here must end.
func (m *Manager) endSessionURL(ctx context.Context, session Session, state, redirectURI string) string {
	idToken, err := m.key.Open(session.IDToken, session.Hash.context())
	var location string
	if err == nil {
		location, err = m.provider.EndSessionURL(ctx, string(idToken), state, redirectURI)
	}
	if err != nil {
		m.log.WarnContext(ctx, "a session cannot be ended at the identity provider", "error", err)
	}
	return location
}

// FinishLogout ends the session after the visit to the provider. Without a
// state it does nothing: the browser did not come from there.
// Errors: LOGIN_STATE_UNKNOWN.
func (m *Manager) FinishLogout(ctx context.Context, token Token, state string) error {
	session, user, err := m.find(ctx, token)
	if apierr.Has(err, apierr.SessionNotFound) || err == nil && (user == nil || state == "") {
		return nil
	}
	if err != nil {
		return err
	}
	if session.LogoutState == "" || subtle.ConstantTimeCompare([]byte(session.LogoutState), []byte(state)) != 1 {
		return apierr.New(apierr.LoginStateUnknown, "")
	}
	return m.store.DeleteSession(ctx, session.Hash)
}

// BackChannelLogout ends the sessions that a logout token of the provider names.
// Errors: LOGOUT_TOKEN_INVALID, UNAVAILABLE.
func (m *Manager) BackChannelLogout(ctx context.Context, logoutToken string) error {
	logout, err := m.provider.VerifyLogout(ctx, logoutToken)
	if err != nil {
		return err
	}
	ended, err := m.store.Revoke(ctx, Revocation{TokenID: logout.ID, Expires: logout.Expires, Sub: logout.Sub, Sid: logout.Sid})
	if err != nil {
		return err
	}
	m.log.InfoContext(ctx, "the identity provider ended sessions", "sessions", ended)
	return nil
}

// logOut ends a session that belongs to a user. An anonymous one stays, for
// the log-ins that may be under way in other tabs.
func (m *Manager) logOut(ctx context.Context, token Token) error {
	session, user, err := m.find(ctx, token)
	if apierr.Has(err, apierr.SessionNotFound) || err == nil && user == nil {
		return nil
	}
	if err != nil {
		return err
	}
	return m.store.DeleteSession(ctx, session.Hash)
}
