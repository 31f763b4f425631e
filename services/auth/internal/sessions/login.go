package sessions

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/provider"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// Start is a browser that wants to log in.
type Start struct {
	// Token of its session; empty for none.
	Token       Token
	ReturnTo    string
	Silent      bool
	LoginHint   string
	RedirectURI string
}

// StartLogin remembers the attempt in the browser's session and returns where
// to send the browser, and the session when one had to be made.
// Errors: INVALID_FIELDS, UNAVAILABLE.
func (m *Manager) StartLogin(ctx context.Context, start Start) (string, *Issued, error) {
	session, user, err := m.find(ctx, start.Token)
	if err != nil && !apierr.Has(err, apierr.SessionNotFound) {
		return "", nil, err
	}
	var issued *Issued
	fresh := err != nil
	if fresh {
		var made Issued
		session, made = m.open("")
		issued = &made
	}
	now := m.now()
	attempt := Attempt{
		Attempt:  provider.NewAttempt(start.RedirectURI, start.LoginHint, start.Silent),
		ReturnTo: start.ReturnTo, Created: now, Expires: now.Add(attemptLife),
	}
	if attempt.Expires.After(session.Expires) {
		attempt.Expires = session.Expires
	}
	var known string
	if user != nil {
		known = user.Email
	}
	location, err := m.provider.AuthorizationURL(ctx, &attempt.Attempt, known)
	if err != nil {
		return "", nil, err
	}
	if fresh {
		if err := m.store.AddSession(ctx, session); err != nil {
			return "", nil, err
		}
	}
	if err := m.store.AddAttempt(ctx, session.Hash, attempt, maxAttempts); err != nil {
		return "", nil, err
	}
	return location, issued, nil
}

// find is FindSession for a browser that may have no token.
func (m *Manager) find(ctx context.Context, token Token) (Session, *users.User, error) {
	if token == "" {
		return Session{}, nil, apierr.New(apierr.SessionNotFound, "")
	}
	return m.store.FindSession(ctx, token.Hash(), m.now())
}

// Outcome is how an attempt ended that ended without a fault.
type Outcome string

// Outcomes; also the labels of the metric.
const (
	LoggedIn      Outcome = "logged_in"
	SilentRefused Outcome = "silent_refused"
	Refused       Outcome = "refused"
)

// Finish is a browser that comes back from the provider.
type Finish struct {
	Token       Token
	Code        string
	State       string
	Error       string
	RedirectURI string
}

// Finished says how an attempt ended. ReturnTo and Silent are those of the
// attempt, zero where the attempt was not found.
type Finished struct {
	Outcome  Outcome
	ReturnTo string
	Silent   bool
	// Session is the new one of a browser that is logged in, else nil.
	Session *Issued
}

// errLoginRequired is what a provider answers to a silent attempt of a person
// that it does not know.
const errLoginRequired = "login_required"

// FinishLogin uses up the attempt and, where the provider let the person in,
// replaces the browser's session by a new one.
// Errors: LOGIN_STATE_UNKNOWN, UNAVAILABLE.
func (m *Manager) FinishLogin(ctx context.Context, finish Finish) (Finished, error) {
	finished, err := m.finish(ctx, finish)
	switch {
	case err == nil:
		m.logins.WithLabelValues(string(finished.Outcome)).Inc()
	case apierr.Has(err, apierr.LoginStateUnknown):
		m.logins.WithLabelValues("state_unknown").Inc()
	default:
		m.logins.WithLabelValues("error").Inc()
	}
	return finished, err
}

func (m *Manager) finish(ctx context.Context, finish Finish) (Finished, error) {
	hash := finish.Token.Hash()
	attempt, err := m.store.TakeAttempt(ctx, hash, finish.State, m.now())
	if apierr.Has(err, apierr.LoginStateUnknown) {
		return m.withoutAttempt(ctx, finish, err)
	}
	if err != nil {
		return Finished{}, err
	}
	finished := Finished{ReturnTo: attempt.ReturnTo, Silent: attempt.Silent}
	switch {
	case attempt.RedirectURI != finish.RedirectURI:
		return Finished{}, apierr.Wrap(apierr.LoginStateUnknown, errors.New("the log-in began at another address"))
	case finish.Error == errLoginRequired && attempt.Silent:
		finished.Outcome = SilentRefused
		return finished, nil
	case finish.Error != "" || finish.Code == "":
		finished.Outcome = Refused
		m.log.InfoContext(ctx, "the identity provider refused a log-in", "silent", attempt.Silent)
		return finished, m.logOut(ctx, finish.Token)
	}
	return m.exchange(ctx, hash, attempt, finish.Code, finished)
}

// withoutAttempt answers for a state that is not this browser's. A browser
// that has no log-in under way at all may have lost its session on the way
// and is told no; one that has is being tricked, or too slow.
func (m *Manager) withoutAttempt(ctx context.Context, finish Finish, unknown error) (Finished, error) {
	if finish.Error != "" && finish.Error != errLoginRequired {
		return Finished{Outcome: Refused}, m.logOut(ctx, finish.Token)
	}
	waiting, err := m.store.HasAttempts(ctx, finish.Token.Hash(), m.now())
	if err != nil {
		return Finished{}, err
	}
	if waiting {
		return Finished{}, unknown
	}
	return Finished{Outcome: Refused}, nil
}

func (m *Manager) exchange(ctx context.Context, old Hash, attempt Attempt, code string, finished Finished) (Finished, error) {
	login, err := m.provider.Exchange(ctx, attempt.Attempt, code)
	var user users.User
	if err == nil {
		user, err = m.users.LogIn(ctx, login.Claims)
	}
	if errors.Is(err, provider.ErrMissingClaims) || apierr.Has(err, apierr.UserNotFound) || apierr.Has(err, apierr.LoginRefused) {
		m.log.WarnContext(ctx, "a log-in was refused", "reason", err)
		finished.Outcome = Refused
		return finished, nil
	}
	if err != nil {
		return Finished{}, err
	}
	session, issued := m.open(user.ID)
	session.ProviderSub, session.ProviderSid = login.Claims.Sub, login.Sid
	if login.IDToken != "" {
		session.IDToken = m.key.Seal([]byte(login.IDToken), session.Hash.context())
	}
	if err := m.store.ReplaceSession(ctx, old, session); err != nil {
		return Finished{}, err
	}
	m.log.InfoContext(ctx, "a user logged in", "user_id", user.ID, "silent", attempt.Silent)
	finished.Outcome, finished.Session = LoggedIn, &issued
	return finished, nil
}

// context binds what is sealed for a session to it.
func (h Hash) context() string { return "id-token/" + hex.EncodeToString(h[:]) }
