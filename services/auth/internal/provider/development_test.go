package provider_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/provider"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

const callback = "http://127.0.0.1:8080/api/v1.0/callback/"

func TestDevelopmentPeople(t *testing.T) {
	cases := map[string]users.Claims{
		"ada.lovelace@example.org":   {Email: "ada.lovelace@example.org", FullName: "Ada Lovelace", ShortName: "Ada"},
		"Ada.Lovelace@Example.org":   {Email: "ada.lovelace@example.org", FullName: "Ada Lovelace", ShortName: "Ada"},
		"operator@example.org":       {Email: "operator@example.org", FullName: "Operator", ShortName: "Operator"},
		"jean-paul_x+tag@mail.b.org": {Email: "jean-paul_x+tag@mail.b.org", FullName: "Jean Paul X", ShortName: "Jean"},
		"émile@example.org":          {Email: "émile@example.org", FullName: "Émile", ShortName: "Émile"},
		"+@example.org":              {Email: "+@example.org", FullName: "+", ShortName: "+"},
	}
	subs := map[string]string{}
	for email, want := range cases {
		attempt := provider.NewAttempt(callback, email, false)
		location, err := provider.Development{}.AuthorizationURL(t.Context(), &attempt, "")
		if err != nil {
			t.Fatal(err)
		}
		back, err := url.Parse(location)
		if err != nil || !strings.HasPrefix(location, callback) || back.Query().Get("state") != attempt.State {
			t.Errorf("%s: sent to %s, %v", email, location, err)
		}
		login, err := provider.Development{}.Exchange(t.Context(), attempt, back.Query().Get("code"))
		if err != nil {
			t.Fatal(err)
		}
		want.Sub = login.Claims.Sub
		if login.Claims != want || login.IDToken != "" {
			t.Errorf("%s: got %+v", email, login)
		}
		if known, ok := subs[want.Sub]; ok && known != want.Email {
			t.Errorf("%s and %s are the same person", known, want.Email)
		}
		subs[want.Sub] = want.Email
	}
	if len(subs) != len(cases)-1 { // two spellings of one e-mail
		t.Errorf("people: %v", subs)
	}
}

func TestDevelopmentAuthorizationURL(t *testing.T) {
	cases := map[string]struct {
		hint, known, redirect string
		silent                bool
		login                 string // e-mail that is logged in; "" for an error in the URL
		violation             string
	}{
		"hint":                    {hint: "a@example.org", login: "a@example.org"},
		"hint, silent":            {hint: "a@example.org", silent: true, login: "a@example.org"},
		"hint before session":     {hint: "a@example.org", known: "b@example.org", silent: true, login: "a@example.org"},
		"silent, unknown":         {silent: true},
		"silent, logged in":       {silent: true, known: "b@example.org", login: "b@example.org"},
		"no hint":                 {},
		"no hint, but logged in":  {known: "b@example.org"},
		"no e-mail":               {hint: "ada", violation: "login_hint"},
		"e-mail with a name":      {hint: "Ada <a@example.org>", violation: "login_hint"},
		"domain without a dot":    {hint: "a@example", violation: "login_hint"},
		"long local part":         {hint: strings.Repeat("a", 65) + "@example.org", violation: "login_hint"},
		"another host":            {hint: "a@example.org", redirect: "https://meet.example.org/", violation: "redirect_uri"},
		"host with loopback name": {hint: "a@example.org", redirect: "http://localhost.example.org/", violation: "redirect_uri"},
		"localhost":               {hint: "a@example.org", redirect: "http://localhost:8080/", login: "a@example.org"},
		"version 6":               {hint: "a@example.org", redirect: "http://[::1]:8080/", login: "a@example.org"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.redirect == "" {
				c.redirect = callback
			}
			attempt := provider.NewAttempt(c.redirect, c.hint, c.silent)
			location, err := provider.Development{}.AuthorizationURL(t.Context(), &attempt, c.known)
			if c.violation != "" {
				if !apierr.Has(err, apierr.InvalidFields) || apierr.From(err).Violations[0].Field != c.violation {
					t.Fatalf("got %s, %v", location, err)
				}
				return
			}
			back, parseErr := url.Parse(location)
			if err != nil || parseErr != nil {
				t.Fatal(err, parseErr)
			}
			query := back.Query()
			if c.login == "" {
				if query.Get("error") != "login_required" || query.Has("code") {
					t.Errorf("sent to %s", location)
				}
				return
			}
			login, err := provider.Development{}.Exchange(t.Context(), attempt, query.Get("code"))
			if err != nil || login.Claims.Email != c.login {
				t.Errorf("got %+v, %v", login, err)
			}
		})
	}
}

func TestDevelopmentRefusesCodes(t *testing.T) {
	attempt := provider.NewAttempt(callback, "", false)
	for _, code := range []string{"", "guess"} {
		if _, err := (provider.Development{}).Exchange(t.Context(), attempt, code); !apierr.Has(err, apierr.LoginRefused) {
			t.Errorf("code %q: %v", code, err)
		}
	}
}

func TestAttemptSecrets(t *testing.T) {
	a, b := provider.NewAttempt(callback, "", false), provider.NewAttempt(callback, "", false)
	if len(a.State) != 32 || len(a.Verifier) < 43 || a.State == b.State || a.Nonce == b.Nonce || a.Verifier == b.Verifier || a.State == a.Nonce {
		t.Errorf("got %+v and %+v", a, b)
	}
}
