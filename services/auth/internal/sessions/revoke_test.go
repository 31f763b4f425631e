package sessions_test

import (
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/provider"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

func TestBackChannelLogout(t *testing.T) {
	d := newDesk(t, true)
	d.provider.login = provider.Login{Claims: users.Claims{Sub: "ada"}, IDToken: "id token", Sid: "1"}
	first := d.logIn(t)
	d.provider.login.Sid = "2"
	second := d.logIn(t)
	end := func(id, sub, sid string) error {
		d.provider.logout = provider.Logout{ID: id, Expires: d.clock.Now().Add(time.Minute), Sub: sub, Sid: sid}
		return d.BackChannelLogout(t.Context(), id)
	}
	if err := end("a", "ada", "1"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), first); !apierr.Has(err, apierr.SessionNotFound) {
		t.Errorf("its session: %v", err)
	}
	if _, err := d.Resolve(t.Context(), second); err != nil {
		t.Errorf("another of the same person: %v", err)
	}
	if err := end("a", "ada", ""); !apierr.Has(err, apierr.LogoutTokenInvalid) {
		t.Errorf("the token again: %v", err)
	}
	if err := d.BackChannelLogout(t.Context(), "forged"); !apierr.Has(err, apierr.LogoutTokenInvalid) {
		t.Errorf("a forged token: %v", err)
	}
	if _, err := d.Resolve(t.Context(), second); err != nil {
		t.Errorf("a token that is not good ended a session: %v", err)
	}
	if err := end("b", "ada", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), second); !apierr.Has(err, apierr.SessionNotFound) {
		t.Errorf("all of the person: %v", err)
	}
}

// The sub by which the provider ends sessions is its own, also where the user
// was found by e-mail and has another one.
func TestBackChannelLogoutOfWhoWasFoundByEmail(t *testing.T) {
	d := newDeskWith(t, users.Options{CreateUsers: true, MatchEmail: true})
	d.logIn(t) // ada
	d.provider.login.Claims.Sub = "ada-at-another-provider"
	token := d.logIn(t)
	if user, err := d.Resolve(t.Context(), token); err != nil || user.Sub != "ada" {
		t.Fatalf("%+v, %v", user, err)
	}
	d.provider.logout = provider.Logout{ID: "a", Expires: d.clock.Now().Add(time.Minute), Sub: "ada-at-another-provider"}
	if err := d.BackChannelLogout(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), token); !apierr.Has(err, apierr.SessionNotFound) {
		t.Errorf("still logged in: %v", err)
	}
}

func TestDisabledUser(t *testing.T) {
	d := newDesk(t, true)
	token := d.logIn(t)
	user, err := d.Resolve(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.store.SetActive(t.Context(), user.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), token); !apierr.Has(err, apierr.SessionNotFound) {
		t.Errorf("still logged in: %v", err)
	}
}
