package web

import (
	"log/slog"
	"net/http"
	"strings"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/config"
)

// login takes browsers to the identity provider and back.
type login struct {
	client   authv1.LoginServiceClient
	origins  origins
	csrf     csrf
	cookies  cookies
	returns  returns
	settings LoginSettings
	failures failures
	log      *slog.Logger
}

// pages are the paths that log-in and log-out serve, without trailing slash.
func (l *login) pages() []page {
	read := []string{http.MethodGet, http.MethodHead}
	return []page{
		{prefix + "/authenticate", loggingIn, read, l.authenticate},
		{prefix + "/callback", loggingIn, read, l.callback},
		{prefix + "/logout", loggingIn, l.logoutMethods(), l.logout},
		{prefix + "/logout-callback", loggingIn, read, l.logoutCallback},
		{backChannelPath, visiting, []string{http.MethodPost}, l.backChannel},
	}
}

// logoutMethods are those by which a log-out may begin.
func (l *login) logoutMethods() []string {
	if l.settings.LogoutByPostOnly {
		return []string{http.MethodPost}
	}
	return []string{http.MethodGet, http.MethodHead, http.MethodPost}
}

// authenticate begins a log-in. A silent one always ends where it came from:
// the page waits for nothing else.
func (l *login) authenticate(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	_, host := l.origins.of(r)
	returnTo := l.returns.safe(query.Get(l.settings.ReturnToParameter), host)
	silent := strings.EqualFold(query.Get("silent"), "true") || query.Get("prompt") == "none"
	hint := query.Get("login_hint")
	if l.settings.Development {
		if !config.IsLoopback(r.Host) {
			l.failures.page(w, r, http.StatusForbidden, "The development log-in answers only under a loopback name.")
			return
		}
		if hint == "" && !silent {
			writePage(w, http.StatusOK, loginPage, loginForm{Action: r.URL.Path, Parameter: l.settings.ReturnToParameter, ReturnTo: returnTo})
			return
		}
	}
	answer, err := l.client.StartLogin(r.Context(), &authv1.StartLoginRequest{
		SessionToken: sessionToken(r), ReturnTo: returnTo, Silent: silent, LoginHint: hint, RedirectUri: l.callbackURL(r),
	})
	if err != nil && silent {
		l.log.WarnContext(r.Context(), "silent log-in could not begin", "error", err)
		redirect(w, r, or(returnTo, l.settings.Home))
		return
	}
	if err != nil {
		l.fail(w, r, err)
		return
	}
	l.cookies.session(w, answer.GetSession())
	redirect(w, r, answer.GetAuthorizationUrl())
}

// callback ends a log-in.
func (l *login) callback(w http.ResponseWriter, r *http.Request) {
	token := sessionToken(r)
	if token == "" {
		redirect(w, r, l.settings.Failure)
		return
	}
	query := r.URL.Query()
	answer, err := l.client.FinishLogin(r.Context(), &authv1.FinishLoginRequest{
		SessionToken: token, Code: visible(query.Get("code")), State: visible(query.Get("state")), Error: visible(query.Get("error")),
		RedirectUri: l.callbackURL(r),
	})
	if err != nil {
		l.fail(w, r, err)
		return
	}
	target := or(answer.GetReturnTo(), l.settings.Home)
	switch answer.GetOutcome() {
	case authv1.FinishLoginResponse_OUTCOME_LOGGED_IN:
		l.cookies.session(w, answer.GetSession())
		l.cookies.csrf(w)
	case authv1.FinishLoginResponse_OUTCOME_SILENT_REFUSED:
	default:
		if !answer.GetSilent() {
			target = l.settings.Failure
		}
	}
	redirect(w, r, target)
}

// visible leaves of a text the characters that OAuth 2.0 allows in what a provider
// sends back (RFC 6749, appendix A): others may be no text at all.
func visible(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return -1
		}
		return c
	}, text)
}

// logout ends the session, at the identity provider too where it can.
func (l *login) logout(w http.ResponseWriter, r *http.Request) {
	token := sessionToken(r)
	if token == "" {
		redirect(w, r, l.settings.AfterLogout)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLogoutForm)
	if r.Method == http.MethodPost && r.Header.Get(csrfHeader) == "" {
		r.Header.Set(csrfHeader, r.PostFormValue(csrfField)) // navigations carry no headers
	}
	if err := l.csrf.check(r); err != nil {
		l.fail(w, r, err)
		return
	}
	answer, err := l.client.StartLogout(r.Context(), &authv1.StartLogoutRequest{
		SessionToken: token, RedirectUri: l.origins.base(r) + prefix + "/logout-callback/",
	})
	if err != nil && !apierr.Has(err, apierr.SessionNotFound) {
		l.fail(w, r, err)
		return
	}
	if away := answer.GetEndSessionUrl(); away != "" {
		redirect(w, r, away) // the session is kept until the browser is back
		return
	}
	l.cookies.forget(w)
	redirect(w, r, l.settings.AfterLogout)
}

// logoutCallback ends the session after the visit to the identity provider.
func (l *login) logoutCallback(w http.ResponseWriter, r *http.Request) {
	token, state := sessionToken(r), r.URL.Query().Get("state")
	if token == "" || state == "" {
		redirect(w, r, l.settings.AfterLogout)
		return
	}
	_, err := l.client.FinishLogout(r.Context(), &authv1.FinishLogoutRequest{SessionToken: token, State: state})
	if err != nil && !apierr.Has(err, apierr.SessionNotFound) {
		l.fail(w, r, err)
		return
	}
	l.cookies.forget(w)
	redirect(w, r, l.settings.AfterLogout)
}

func (l *login) callbackURL(r *http.Request) string { return l.origins.base(r) + prefix + "/callback/" }

// fail shows a person that a log-in went wrong.
func (l *login) fail(w http.ResponseWriter, r *http.Request, err error) {
	failed := apierr.From(err)
	status := failed.Row().HTTP
	if status >= http.StatusInternalServerError {
		l.log.ErrorContext(r.Context(), "log-in failed", "error", failed)
	}
	l.failures.page(w, r, status, failed.PublicText())
}

func redirect(w http.ResponseWriter, r *http.Request, target string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, target, http.StatusFound) // #nosec G710 -- returns.safe, auth or the configuration vouch for the target
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
