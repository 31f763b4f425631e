package sessions_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/auth/internal/provider"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
	"github.com/parleymeet/parley/services/auth/internal/store/sqlite"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

const (
	callback = "https://meet.example.org/api/v1.0/callback/"
	life     = 12 * time.Hour
)

// fakeProvider lets in whom the test says.
type fakeProvider struct {
	login     provider.Login
	err       error
	attempt   provider.Attempt // the last one begun
	exchanged provider.Attempt // the last one that came back
	known     string
	endURL    string
	endErr    error
	idToken   string // the last one whose session was to end
	logout    provider.Logout
}

func (f *fakeProvider) AuthorizationURL(_ context.Context, attempt *provider.Attempt, known string) (string, error) {
	f.attempt, f.known = *attempt, known
	return "https://provider.example.org/authorize?state=" + attempt.State, nil
}

func (f *fakeProvider) Exchange(_ context.Context, attempt provider.Attempt, _ string) (provider.Login, error) {
	f.exchanged = attempt
	return f.login, f.err
}

func (f *fakeProvider) EndSessionURL(_ context.Context, idToken, state, _ string) (string, error) {
	f.idToken = idToken
	if f.endURL == "" || f.endErr != nil {
		return "", f.endErr
	}
	return f.endURL + "?state=" + url.QueryEscape(state), nil
}

func (f *fakeProvider) VerifyLogout(_ context.Context, token string) (provider.Logout, error) {
	if token != f.logout.ID {
		return provider.Logout{}, apierr.New(apierr.LogoutTokenInvalid, "")
	}
	return f.logout, nil
}

// desk is a manager with all that a test wants to turn.
type desk struct {
	*sessions.Manager
	provider *fakeProvider
	store    *sqlite.Store
	clock    *clock.Fake
}

func newDesk(t *testing.T, create bool) *desk {
	t.Helper()
	return newDeskWith(t, users.Options{CreateUsers: create})
}

func newDeskWith(t *testing.T, rules users.Options) *desk {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "auth.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	key, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{
		store: store, clock: clock.NewFake(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)),
		provider: &fakeProvider{login: provider.Login{Claims: users.Claims{Sub: "ada", Email: "ada@example.org"}, IDToken: "id token"}},
	}
	d.Manager, err = sessions.NewManager(sessions.Deps{
		Store: store, Users: users.NewDirectory(store, d.clock, rules),
		Provider: d.provider, Key: key, Clock: d.clock, Logger: log, Registry: prometheus.NewRegistry(), Life: life,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// start begins a log-in and returns the browser's token and the state.
func (d *desk) start(t *testing.T, token sessions.Token, silent bool) (sessions.Token, string) {
	t.Helper()
	_, issued, err := d.StartLogin(t.Context(), sessions.Start{Token: token, ReturnTo: "/room", Silent: silent, RedirectURI: callback})
	if err != nil {
		t.Fatal(err)
	}
	if issued != nil {
		if issued.Life != life || issued.Token == token {
			t.Fatalf("issued %+v", issued)
		}
		token = issued.Token
	}
	return token, d.provider.attempt.State
}

// logIn logs Ada in and returns her token.
func (d *desk) logIn(t *testing.T) sessions.Token {
	t.Helper()
	token, state := d.start(t, "", false)
	finished, err := d.FinishLogin(t.Context(), sessions.Finish{Token: token, Code: "c", State: state, RedirectURI: callback})
	if err != nil || finished.Outcome != sessions.LoggedIn {
		t.Fatal(finished, err)
	}
	return finished.Session.Token
}

func TestFinishLogin(t *testing.T) {
	const right = "(the right one)"
	cases := map[string]struct {
		silent, noCreate     bool
		state, code, failure string
		redirect             string
		exchange             error
		want                 sessions.Outcome
		fault                apierr.Reason
	}{
		"code":                         {state: right, code: "c", want: sessions.LoggedIn},
		"silent code":                  {silent: true, state: right, code: "c", want: sessions.LoggedIn},
		"unknown state":                {state: "x", code: "c", fault: apierr.LoginStateUnknown},
		"no state":                     {code: "c", fault: apierr.LoginStateUnknown},
		"silent and refused":           {silent: true, state: right, failure: "login_required", want: sessions.SilentRefused},
		"silent, refused, other state": {silent: true, state: "x", failure: "login_required", fault: apierr.LoginStateUnknown},
		"refused":                      {state: right, failure: "access_denied", want: sessions.Refused},
		"silent and other error":       {silent: true, state: right, failure: "consent_required", want: sessions.Refused},
		"other error, other state":     {state: "x", failure: "access_denied", want: sessions.Refused},
		"not silent, login required":   {state: right, failure: "login_required", want: sessions.Refused},
		"neither code nor error":       {state: right, want: sessions.Refused},
		"another address":              {state: right, code: "c", redirect: "https://other.example.org/", fault: apierr.LoginStateUnknown},
		"claims missing":               {state: right, code: "c", exchange: provider.ErrMissingClaims, want: sessions.Refused},
		"stranger":                     {noCreate: true, state: right, code: "c", want: sessions.Refused},
		"provider away":                {state: right, code: "c", exchange: apierr.Wrap(apierr.Unavailable, errors.New("away")), fault: apierr.Unavailable},
		"code refused":                 {state: right, code: "c", exchange: apierr.New(apierr.LoginRefused, ""), want: sessions.Refused},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, !c.noCreate)
			token, state := d.start(t, "", c.silent)
			d.provider.err = c.exchange
			known := c.state == right
			if !known {
				state = c.state
			}
			if c.redirect == "" {
				c.redirect = callback
			}
			got, err := d.FinishLogin(t.Context(), sessions.Finish{
				Token: token, Code: c.code, State: state, Error: c.failure, RedirectURI: c.redirect,
			})
			if c.fault != 0 {
				if !apierr.Has(err, c.fault) {
					t.Fatalf("got %+v, %v", got, err)
				}
				return
			}
			if err != nil || got.Outcome != c.want || (got.Session != nil) != (c.want == sessions.LoggedIn) {
				t.Fatalf("got %+v, %v", got, err)
			}
			if known && (got.ReturnTo != "/room" || got.Silent != c.silent) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestFinishWithoutAnyLogin(t *testing.T) {
	d := newDesk(t, true)
	for _, token := range []sessions.Token{"", "unknown"} {
		got, err := d.FinishLogin(t.Context(), sessions.Finish{Token: token, Code: "c", State: "s", RedirectURI: callback})
		if err != nil || got.Outcome != sessions.Refused {
			t.Errorf("%q: got %+v, %v", token, got, err)
		}
	}
}

// TestSessionFixation plants a token in a browser that then logs in.
func TestSessionFixation(t *testing.T) {
	d := newDesk(t, true)
	planted, state := d.start(t, "", false)
	if _, err := d.Resolve(t.Context(), planted); !apierr.Has(err, apierr.SessionNotFound) {
		t.Fatalf("nobody is logged in: %v", err)
	}
	otherTab, otherState := d.start(t, planted, false)
	if otherTab != planted {
		t.Fatal("a second log-in of one browser made another session")
	}
	done, err := d.FinishLogin(t.Context(), sessions.Finish{Token: planted, Code: "c", State: state, RedirectURI: callback})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), planted); !apierr.Has(err, apierr.SessionNotFound) {
		t.Errorf("the planted token: %v", err)
	}
	if user, err := d.Resolve(t.Context(), done.Session.Token); err != nil || user.Sub != "ada" {
		t.Errorf("the new token: %+v, %v", user, err)
	}
	if _, err := d.FinishLogin(t.Context(), sessions.Finish{Token: done.Session.Token, Code: "c", State: state, RedirectURI: callback}); !apierr.Has(err, apierr.LoginStateUnknown) {
		t.Errorf("the same state again: %v", err)
	}
	second, err := d.FinishLogin(t.Context(), sessions.Finish{Token: done.Session.Token, Code: "c", State: otherState, RedirectURI: callback})
	if err != nil || second.Outcome != sessions.LoggedIn {
		t.Errorf("the other tab: %+v, %v", second, err)
	}
}

func TestAttemptKeepsItsSecrets(t *testing.T) {
	d := newDesk(t, true)
	token := d.logIn(t)
	token, _ = d.start(t, token, true)
	begun := d.provider.attempt
	if d.provider.known != "ada@example.org" {
		t.Errorf("the provider was told of %q", d.provider.known)
	}
	if _, err := d.FinishLogin(t.Context(), sessions.Finish{Token: token, Code: "c", State: begun.State, RedirectURI: callback}); err != nil {
		t.Fatal(err)
	}
	if d.provider.exchanged != begun {
		t.Errorf("begun %+v, came back %+v", begun, d.provider.exchanged)
	}
}

func TestTimes(t *testing.T) {
	d := newDesk(t, true)
	token, state := d.start(t, "", false)
	d.clock.Advance(10 * time.Minute)
	got, err := d.FinishLogin(t.Context(), sessions.Finish{Token: token, Code: "c", State: state, RedirectURI: callback})
	if err != nil || got.Outcome != sessions.Refused {
		t.Errorf("after ten minutes: %+v, %v", got, err)
	}
	token = d.logIn(t)
	for range 4 {
		d.clock.Advance(life/4 - time.Microsecond)
		if _, err := d.Resolve(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	d.clock.Advance(4 * time.Microsecond)
	if _, err := d.Resolve(t.Context(), token); !apierr.Has(err, apierr.SessionNotFound) {
		t.Errorf("the session slid: %v", err)
	}
}

func TestRefusalLogsOut(t *testing.T) {
	d := newDesk(t, true)
	token := d.logIn(t)
	_, state := d.start(t, token, true)
	refused := sessions.Finish{Token: token, State: state, Error: "login_required", RedirectURI: callback}
	if _, err := d.FinishLogin(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), token); err != nil {
		t.Errorf("a silent refusal logged out: %v", err)
	}
	_, state = d.start(t, token, false)
	if _, err := d.FinishLogin(t.Context(), sessions.Finish{Token: token, State: state, Error: "access_denied", RedirectURI: callback}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), token); !apierr.Has(err, apierr.SessionNotFound) {
		t.Errorf("after a refusal: %v", err)
	}
}

func TestLogout(t *testing.T) {
	const endURL, back = "https://provider.example.org/logout", "https://meet.example.org/api/v1.0/logout-callback/"
	t.Run("without a place at the provider", func(t *testing.T) {
		d := newDesk(t, true)
		token := d.logIn(t)
		if got, err := d.StartLogout(t.Context(), token, back); err != nil || got != "" {
			t.Fatalf("got %q, %v", got, err)
		}
		if _, err := d.Resolve(t.Context(), token); !apierr.Has(err, apierr.SessionNotFound) {
			t.Errorf("still logged in: %v", err)
		}
	})
	t.Run("provider away", func(t *testing.T) {
		d := newDesk(t, true)
		d.provider.endURL, d.provider.endErr = endURL, errors.New("away")
		token := d.logIn(t)
		if got, err := d.StartLogout(t.Context(), token, back); err != nil || got != "" {
			t.Fatalf("got %q, %v", got, err)
		}
		if _, err := d.Resolve(t.Context(), token); !apierr.Has(err, apierr.SessionNotFound) {
			t.Errorf("still logged in: %v", err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		d := newDesk(t, true)
		d.provider.endURL = endURL
		anonymous, _ := d.start(t, "", false)
		for _, token := range []sessions.Token{"", "unknown", anonymous} {
			if got, err := d.StartLogout(t.Context(), token, back); err != nil || got != "" {
				t.Errorf("start: got %q, %v", got, err)
			}
			if err := d.FinishLogout(t.Context(), token, "state"); err != nil {
				t.Errorf("finish: %v", err)
			}
		}
	})
	t.Run("by way of the provider", func(t *testing.T) {
		d := newDesk(t, true)
		d.provider.endURL = endURL
		token := d.logIn(t)
		if err := d.FinishLogout(t.Context(), token, "unasked"); !apierr.Has(err, apierr.LoginStateUnknown) {
			t.Errorf("before any log-out: %v", err)
		}
		location, err := d.StartLogout(t.Context(), token, back)
		if err != nil || d.provider.idToken != "id token" {
			t.Fatalf("got %q, %v, ID token %q", location, err, d.provider.idToken)
		}
		parsed, err := url.Parse(location)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.FinishLogout(t.Context(), token, ""); err != nil {
			t.Errorf("without a state: %v", err)
		}
		if err := d.FinishLogout(t.Context(), token, "wrong"); !apierr.Has(err, apierr.LoginStateUnknown) {
			t.Errorf("with a wrong state: %v", err)
		}
		if _, err := d.Resolve(t.Context(), token); err != nil {
			t.Fatalf("logged out too early: %v", err)
		}
		if err := d.FinishLogout(t.Context(), token, parsed.Query().Get("state")); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Resolve(t.Context(), token); !apierr.Has(err, apierr.SessionNotFound) {
			t.Errorf("still logged in: %v", err)
		}
	})
}

func TestIDTokenIsSealed(t *testing.T) {
	d := newDesk(t, true)
	token := d.logIn(t)
	session, _, err := d.store.FindSession(t.Context(), token.Hash(), d.clock.Now())
	if err != nil || len(session.IDToken) == 0 || string(session.IDToken) == "id token" {
		t.Errorf("stored %q, %v", session.IDToken, err)
	}
}

func TestSweep(t *testing.T) {
	d := newDesk(t, true)
	token := d.logIn(t)
	expires := d.clock.Now().Add(life)
	d.clock.Set(expires)
	ctx, cancel := context.WithCancel(t.Context())
	swept := make(chan error, 1)
	go func() { swept <- d.Sweep(ctx) }()
	for {
		// Seen from before its end, the session is there until it is deleted.
		_, _, err := d.store.FindSession(t.Context(), token.Hash(), expires.Add(-time.Second))
		if apierr.Has(err, apierr.SessionNotFound) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-swept; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
