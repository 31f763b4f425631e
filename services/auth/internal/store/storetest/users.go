package storetest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

func testLogIn(t *testing.T, s Store) {
	c := claimsOf("ada")
	first := fresh(c)
	got, err := s.LogIn(t.Context(), c, first)
	if must(t, got, err); !reflect.DeepEqual(got, first) {
		t.Fatalf("created %+v, want %+v", got, first)
	}

	renewed := users.Claims{Sub: "ada", Email: "countess@example.org", ShortName: "A", Operator: true}
	want := first
	want.Email, want.ShortName, want.OperatorClaim = renewed.Email, renewed.ShortName, true // the full name was empty
	got, err = s.LogIn(t.Context(), renewed, fresh(renewed))
	if must(t, got, err); !reflect.DeepEqual(got, want) {
		t.Fatalf("renewed %+v, want %+v", got, want)
	}
	stored, err := s.FindUserBySub(t.Context(), "ada")
	if must(t, stored, err); !reflect.DeepEqual(stored, want) {
		t.Errorf("stored %+v, want %+v", stored, want)
	}
	if found, err := s.FindUsersByEmail(t.Context(), c.Email, 2); err != nil || len(found) != 0 {
		t.Errorf("by the old e-mail: %+v, %v", found, err)
	}
	got, err = s.LogIn(t.Context(), users.Claims{Sub: "ada"}, fresh(users.Claims{Sub: "ada"}))
	if must(t, got, err); got.Email != renewed.Email || got.OperatorClaim {
		t.Errorf("claims that are gone: %+v", got)
	}
}

func testRenew(t *testing.T, s Store) {
	_, err := s.Renew(t.Context(), uuid.NewString(), claimsOf("ada"))
	wantReason(t, err, apierr.UserNotFound)
	want, bob := addUser(t, s, "ada"), addUser(t, s, "bob")
	want.FullName, want.OperatorClaim = "Ada King", true
	got, err := s.Renew(t.Context(), want.ID, users.Claims{Sub: "another", FullName: "Ada King", Operator: true})
	if must(t, got, err); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got, err = s.Renew(t.Context(), want.ID, users.Claims{Sub: "ada", Email: "NEW@example.org"})
	if must(t, got, err); got.Email != "NEW@example.org" {
		t.Errorf("got %+v", got)
	}
	if found, err := s.FindUsersByEmail(t.Context(), "new@example.org", 2); err != nil || len(found) != 1 || found[0].ID != want.ID {
		t.Errorf("by the new e-mail: %+v, %v", found, err)
	}
	if got, err := s.FindUser(t.Context(), bob.ID); err != nil || !reflect.DeepEqual(got, bob) {
		t.Errorf("another: %+v, %v", got, err)
	}
}

func testFindUsers(t *testing.T, s Store) {
	ctx := t.Context()
	ada, bob := addUser(t, s, "ada"), addUser(t, s, "bob")
	for name, find := range map[string]func() (users.User, error){
		"id":  func() (users.User, error) { return s.FindUser(ctx, ada.ID) },
		"sub": func() (users.User, error) { return s.FindUserBySub(ctx, "ada") },
	} {
		if got, err := find(); err != nil || !reflect.DeepEqual(got, ada) {
			t.Errorf("by %s: got %+v, %v", name, got, err)
		}
	}
	_, err := s.FindUser(ctx, uuid.NewString())
	wantReason(t, err, apierr.UserNotFound)
	_, err = s.FindUserBySub(ctx, "ADA")
	wantReason(t, err, apierr.UserNotFound)
	for email, want := range map[string][]users.User{"ADA@example.ORG": {ada}, "nobody@example.org": nil} {
		if got, err := s.FindUsersByEmail(ctx, email, 2); err != nil || !same(got, want) {
			t.Errorf("by %s: got %+v, %v", email, got, err)
		}
	}

	later := claimsOf("carol")
	later.Email = ada.Email
	carol := fresh(later)
	carol.Created = noon.Add(-time.Hour)
	_, err = s.LogIn(ctx, later, carol)
	check(t, err)
	for limit, want := range map[int][]users.User{1: {carol}, 2: {carol, ada}, 3: {carol, ada}} {
		if got, err := s.FindUsersByEmail(ctx, ada.Email, limit); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("at most %d of two with an e-mail: got %+v, %v", limit, got, err)
		}
	}

	found, err := s.FindUsers(ctx, []string{bob.ID, ada.ID, uuid.NewString(), ada.ID})
	check(t, err)
	slices.SortFunc(found, func(a, b users.User) int {
		if a.Sub < b.Sub {
			return -1
		}
		return 1
	})
	if !reflect.DeepEqual(found, []users.User{ada, bob}) {
		t.Errorf("several: got %+v", found)
	}
	if found, err := s.FindUsers(ctx, nil); err != nil || len(found) != 0 {
		t.Errorf("none: got %+v, %v", found, err)
	}
}

func testChangeUser(t *testing.T, s Store) {
	want := addUser(t, s, "ada")
	configuration := map[string]any{"can_publish_sources": []any{"camera"}, "everyone_can_mute": "yes"}
	steps := []struct {
		name   string
		change users.Change
		want   func(*users.User)
	}{
		{"nothing", users.Change{}, func(*users.User) {}},
		{"time zone", users.Change{Timezone: ptr("US/Eastern")}, func(u *users.User) { u.Timezone = "US/Eastern" }},
		{"language", users.Change{Language: ptr("fr-fr")}, func(u *users.User) { u.Language = "fr-fr" }},
		{"access level", users.Change{RoomAccessLevel: ptr(ptr("trusted"))}, func(u *users.User) { u.RoomAccessLevel = ptr("trusted") }},
		{"access level of the server", users.Change{RoomAccessLevel: ptr(ptr(""))}, func(u *users.User) { u.RoomAccessLevel = ptr("") }},
		{"no access level", users.Change{RoomAccessLevel: ptr[*string](nil)}, func(u *users.User) { u.RoomAccessLevel = nil }},
		{"configuration", users.Change{RoomConfiguration: configuration}, func(u *users.User) { u.RoomConfiguration = configuration }},
		{"nothing again", users.Change{}, func(*users.User) {}},
		{"empty configuration", users.Change{RoomConfiguration: map[string]any{}}, func(u *users.User) { u.RoomConfiguration = map[string]any{} }},
	}
	for _, step := range steps {
		step.want(&want)
		got, err := s.ChangeUser(t.Context(), want.ID, step.change)
		if must(t, got, err); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", step.name, got, want)
		}
		stored, err := s.FindUser(t.Context(), want.ID)
		if must(t, stored, err); !reflect.DeepEqual(stored, want) {
			t.Errorf("%s: stored %+v, want %+v", step.name, stored, want)
		}
	}
	_, err := s.ChangeUser(t.Context(), uuid.NewString(), users.Change{Language: ptr("fr-fr")})
	wantReason(t, err, apierr.UserNotFound)
}
