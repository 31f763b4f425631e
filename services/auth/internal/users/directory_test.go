package users_test

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/auth/internal/store/sqlite"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

func newDirectory(t *testing.T, o users.Options) *users.Directory {
	t.Helper()
	return over(newStore(t), o)
}

func over(store *sqlite.Store, o users.Options) *users.Directory {
	return users.NewDirectory(store, clock.NewFake(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)), o)
}

func newStore(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "auth.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func ptr[T any](v T) *T { return &v }

func TestLogIn(t *testing.T) {
	d := newDirectory(t, users.Options{CreateUsers: true})
	cases := map[string]struct {
		claims users.Claims
		ok     bool
	}{
		"plain":         {users.Claims{Sub: "ada", Email: "a@example.org", FullName: "Ada", ShortName: "A"}, true},
		"only a sub":    {users.Claims{Sub: "A.b_c@d+e-1"}, true},
		"longest":       {users.Claims{Sub: strings.Repeat("é", 255), FullName: strings.Repeat("é", 100)}, true},
		"no sub":        {users.Claims{}, false},
		"long sub":      {users.Claims{Sub: strings.Repeat("a", 256)}, false},
		"space in sub":  {users.Claims{Sub: "a b"}, false},
		"slash in sub":  {users.Claims{Sub: "a/b"}, false},
		"newline":       {users.Claims{Sub: "a\n"}, false},
		"long name":     {users.Claims{Sub: "a", FullName: strings.Repeat("a", 101)}, false},
		"long short":    {users.Claims{Sub: "a", ShortName: strings.Repeat("a", 101)}, false},
		"long e-mail":   {users.Claims{Sub: "a", Email: strings.Repeat("a", 255)}, false},
		"null in name":  {users.Claims{Sub: "a", FullName: "a\x00"}, false},
		"no UTF-8 name": {users.Claims{Sub: "a", FullName: "\xff"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			user, err := d.LogIn(t.Context(), c.claims)
			if !c.ok {
				if !apierr.Has(err, apierr.LoginRefused) {
					t.Fatalf("got %+v, %v", user, err)
				}
				return
			}
			if err != nil || user.Sub != c.claims.Sub || user.Timezone != "UTC" || user.Language != "en-us" || uuid.Validate(user.ID) != nil {
				t.Errorf("got %+v, %v", user, err)
			}
		})
	}
}

func TestLogInWithoutCreation(t *testing.T) {
	d := newDirectory(t, users.Options{})
	if _, err := d.LogIn(t.Context(), users.Claims{Sub: "ada"}); !apierr.Has(err, apierr.UserNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestLogInByEmail(t *testing.T) {
	known := []users.Claims{{Sub: "ada", Email: "Ada@example.org"}, {Sub: "bob", Email: "shared@example.org"}, {Sub: "carol", Email: "shared@example.org"}}
	for name, c := range map[string]struct {
		claims  users.Claims
		options users.Options
		want    string // sub; empty for nobody
		fault   apierr.Reason
	}{
		"by e-mail":           {users.Claims{Sub: "new", Email: "ada@EXAMPLE.org"}, users.Options{MatchEmail: true}, "ada", 0},
		"not asked for":       {users.Claims{Sub: "new", Email: "ada@example.org"}, users.Options{}, "", apierr.UserNotFound},
		"not asked for, made": {users.Claims{Sub: "new", Email: "ada@example.org"}, users.Options{CreateUsers: true}, "new", 0},
		"sub first":           {users.Claims{Sub: "bob", Email: "ada@example.org"}, users.Options{MatchEmail: true}, "bob", 0},
		"of several":          {users.Claims{Sub: "new", Email: "shared@example.org"}, users.Options{MatchEmail: true, CreateUsers: true}, "", apierr.LoginRefused},
		"sub of several":      {users.Claims{Sub: "carol", Email: "shared@example.org"}, users.Options{MatchEmail: true}, "carol", 0},
		"no e-mail":           {users.Claims{Sub: "new"}, users.Options{MatchEmail: true}, "", apierr.UserNotFound},
		"unknown, made":       {users.Claims{Sub: "new", Email: "new@example.org"}, users.Options{MatchEmail: true, CreateUsers: true}, "new", 0},
		"unknown":             {users.Claims{Sub: "new", Email: "new@example.org"}, users.Options{MatchEmail: true}, "", apierr.UserNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			for _, claims := range known {
				if _, err := over(store, users.Options{CreateUsers: true}).LogIn(t.Context(), claims); err != nil {
					t.Fatal(err)
				}
			}
			got, err := over(store, c.options).LogIn(t.Context(), c.claims)
			if got.Sub != c.want || c.fault == 0 && err != nil || c.fault != 0 && !apierr.Has(err, c.fault) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestLogInOfDisabledUser(t *testing.T) {
	for _, create := range []bool{true, false} {
		store := newStore(t)
		ada, err := over(store, users.Options{CreateUsers: true}).LogIn(t.Context(), users.Claims{Sub: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		d := over(store, users.Options{CreateUsers: create})
		if _, err := d.SetActive(t.Context(), ada.ID, false); err != nil {
			t.Fatal(err)
		}
		if got, err := d.LogIn(t.Context(), users.Claims{Sub: "ada"}); !apierr.Has(err, apierr.LoginRefused) {
			t.Errorf("create %v: got %+v, %v", create, got, err)
		}
	}
}

func TestSearch(t *testing.T) {
	for _, listed := range []bool{false, true} {
		d := newDirectory(t, users.Options{CreateUsers: true, ListUsers: listed})
		if _, err := d.LogIn(t.Context(), users.Claims{Sub: "ada", Email: "ada@example.org"}); err != nil {
			t.Fatal(err)
		}
		if found, count, err := d.Search(t.Context(), " ADA ", 10, 0); err != nil || (count == 1) != listed || len(found) != count {
			t.Errorf("listed %v: %+v, %d, %v", listed, found, count, err)
		}
	}
}

func TestOperator(t *testing.T) {
	d := newDirectory(t, users.Options{OperatorEmails: []string{" Operator@Example.org", ""}})
	cases := map[string]struct {
		user users.User
		want bool
	}{
		"by e-mail": {users.User{Email: "oPerator@example.org"}, true},
		"by claim":  {users.User{OperatorClaim: true}, true},
		"granted":   {users.User{OperatorGranted: true}, true},
		"another":   {users.User{Email: "ada@example.org"}, false},
		"no e-mail": {users.User{}, false},
	}
	for name, c := range cases {
		if got := d.Operator(c.user); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestChange(t *testing.T) {
	d := newDirectory(t, users.Options{CreateUsers: true})
	ada, err := d.LogIn(t.Context(), users.Claims{Sub: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	bob, err := d.LogIn(t.Context(), users.Claims{Sub: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	french := users.Change{Language: ptr("fr-fr")}
	for name, c := range map[string]struct {
		id   string
		want apierr.Reason
	}{
		"another user": {bob.ID, apierr.PermissionDenied},
		"nobody":       {uuid.NewString(), apierr.UserNotFound},
		"no id":        {"x", apierr.UserNotFound},
	} {
		if _, err := d.Change(t.Context(), ada.ID, c.id, french); !apierr.Has(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err := d.Check(t.Context(), ada.ID, c.id, users.Change{Language: ptr("xx")}); !apierr.Has(err, c.want) {
			t.Errorf("%s, checked: %v", name, err)
		}
	}
	if err := d.Check(t.Context(), ada.ID, ada.ID, users.Change{Language: ptr("xx")}); !apierr.Has(err, apierr.InvalidFields) {
		t.Errorf("checked: %v", err)
	}
	if got, err := d.Change(t.Context(), ada.ID, strings.ToUpper(ada.ID), french); err != nil || got.Language != "fr-fr" {
		t.Errorf("oneself: %+v, %v", got, err)
	}

	const timezone = "A valid timezone is required."
	for name, c := range map[string]struct {
		change      users.Change
		field, text string // empty when good
	}{
		"city":            {change: users.Change{Timezone: ptr("Europe/Paris")}},
		"alias":           {change: users.Change{Timezone: ptr("Asia/Calcutta")}},
		"old alias":       {change: users.Change{Timezone: ptr("US/Eastern")}},
		"offset zone":     {change: users.Change{Timezone: ptr("Etc/GMT+5")}},
		"UTC":             {change: users.Change{Timezone: ptr("UTC")}},
		"no zone":         {users.Change{Timezone: ptr("")}, "timezone", timezone},
		"server's zone":   {users.Change{Timezone: ptr("Local")}, "timezone", timezone},
		"unknown zone":    {users.Change{Timezone: ptr("Mars/Olympus")}, "timezone", timezone},
		"folder":          {users.Change{Timezone: ptr("Europe")}, "timezone", timezone},
		"path":            {users.Change{Timezone: ptr("../etc/passwd")}, "timezone", timezone},
		"absolute path":   {users.Change{Timezone: ptr("/usr/share/zoneinfo/UTC")}, "timezone", timezone},
		"copy of a zone":  {users.Change{Timezone: ptr("posix/Europe/Paris")}, "timezone", timezone},
		"language":        {change: users.Change{Language: ptr("de-de")}},
		"other language":  {users.Change{Language: ptr("xx")}, "language", `"xx" is not a valid choice.`},
		"level":           {change: users.Change{RoomAccessLevel: ptr(ptr("restricted"))}},
		"server's level":  {change: users.Change{RoomAccessLevel: ptr(ptr(""))}},
		"no level":        {change: users.Change{RoomAccessLevel: ptr[*string](nil)}},
		"other level":     {users.Change{RoomAccessLevel: ptr(ptr("open"))}, "default_room_access_level", `"open" is not a valid choice.`},
		"configuration":   {change: users.Change{RoomConfiguration: map[string]any{"everyone_can_mute": true}}},
		"unknown setting": {users.Change{RoomConfiguration: map[string]any{"foo": 1}}, "default_room_configuration.foo", "Extra inputs are not permitted"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Change(t.Context(), ada.ID, ada.ID, c.change)
			if c.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !apierr.Has(err, apierr.InvalidFields) {
				t.Fatalf("got %v", err)
			}
			if v := apierr.From(err).Violations; len(v) != 1 || v[0].Field != c.field || v[0].Text != c.text {
				t.Errorf("got %+v", v)
			}
		})
	}
}
