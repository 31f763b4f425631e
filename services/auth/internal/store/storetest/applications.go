package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth/internal/applications"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

func addApplication(t *testing.T, s Store, id, name string) applications.Application {
	t.Helper()
	app := applications.Application{
		ID: id, Name: name, Active: true, Scopes: []identity.Scope{identity.ScopeRoomsList, identity.ScopeResolve},
		Domains: []string{"example.org", "example.com"}, Created: noon,
		Secrets: applications.Secrets{Current: applications.Secret("first").Hash()},
	}
	check(t, s.AddApplication(t.Context(), app))
	return app
}

// sameApplication compares applications; no scopes and no domains may be nil or empty.
func sameApplication(a, b applications.Application) bool {
	for _, app := range []*applications.Application{&a, &b} {
		if len(app.Scopes) == 0 {
			app.Scopes = nil
		}
		if len(app.Domains) == 0 {
			app.Domains = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

func testApplications(t *testing.T, s Store) {
	ctx := t.Context()
	second, third := addApplication(t, s, "c", "Bridge"), addApplication(t, s, "a", "calendar")
	first := addApplication(t, s, "b", "Bridge")
	bare := applications.Application{ID: "d", Name: "zz", Created: noon, Secrets: applications.Secrets{Current: applications.Secret("x").Hash()}}
	check(t, s.AddApplication(ctx, bare))
	for _, want := range []applications.Application{first, second, third, bare} {
		if got, err := s.FindApplication(ctx, want.ID); err != nil || !sameApplication(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	_, err := s.FindApplication(ctx, "B")
	wantReason(t, err, apierr.ApplicationNotFound)

	for _, c := range []struct {
		skip, limit int
		want        []string
	}{{0, 10, []string{"b", "c", "a", "d"}}, {1, 2, []string{"c", "a"}}, {4, 1, []string{}}} {
		list, total, err := s.ListApplications(ctx, c.skip, c.limit)
		ids := make([]string, 0, len(list))
		for _, app := range list {
			ids = append(ids, app.ID)
		}
		if err != nil || total != 4 || !reflect.DeepEqual(ids, c.want) {
			t.Errorf("list from %d: %v of %d, %v", c.skip, ids, total, err)
		}
	}

	check(t, s.DeleteApplication(ctx, "b"))
	_, err = s.FindApplication(ctx, "b")
	wantReason(t, err, apierr.ApplicationNotFound)
	wantReason(t, s.DeleteApplication(ctx, "b"), apierr.ApplicationNotFound)
	if _, err := s.FindApplication(ctx, "c"); err != nil {
		t.Errorf("another went too: %v", err)
	}
}

func testChangeApplication(t *testing.T, s Store) {
	want := addApplication(t, s, "a", "Bridge")
	for _, step := range []struct {
		name   string
		change applications.Change
		want   func()
	}{
		{"nothing", applications.Change{}, func() {}},
		{"name", applications.Change{Name: ptr("Pont")}, func() { want.Name = "Pont" }},
		{"inactive", applications.Change{Active: ptr(false)}, func() { want.Active = false }},
		{"scopes", applications.Change{Scopes: &[]identity.Scope{identity.ScopeRoomsCreate}}, func() { want.Scopes = []identity.Scope{identity.ScopeRoomsCreate} }},
		{"no scopes", applications.Change{Scopes: &[]identity.Scope{}}, func() { want.Scopes = nil }},
		{"domains", applications.Change{Domains: &[]string{"example.net"}}, func() { want.Domains = []string{"example.net"} }},
		{"no domains", applications.Change{Domains: &[]string{}}, func() { want.Domains = nil }},
		{"active", applications.Change{Active: ptr(true)}, func() { want.Active = true }},
	} {
		step.want()
		got, err := s.ChangeApplication(t.Context(), "a", step.change)
		if err != nil || !sameApplication(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", step.name, got, err, want)
		}
		if stored, err := s.FindApplication(t.Context(), "a"); err != nil || !sameApplication(stored, want) {
			t.Errorf("%s: stored %+v, %v, want %+v", step.name, stored, err, want)
		}
	}
	_, err := s.ChangeApplication(t.Context(), "b", applications.Change{Active: ptr(true)})
	wantReason(t, err, apierr.ApplicationNotFound)
}

func testSecrets(t *testing.T, s Store) {
	want := addApplication(t, s, "a", "Bridge")
	for i, secret := range []applications.Secret{"second", "third"} {
		expires := noon.Add(time.Duration(i) * time.Hour)
		want.Secrets = applications.Secrets{Current: secret.Hash(), Old: want.Secrets.Current, OldExpires: expires}
		got, err := s.RotateSecret(t.Context(), "a", secret.Hash(), expires)
		if err != nil || !sameApplication(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	if stored, err := s.FindApplication(t.Context(), "a"); err != nil || !sameApplication(stored, want) {
		t.Errorf("stored %+v, %v", stored, err)
	}
	_, err := s.RotateSecret(t.Context(), "b", applications.Secret("x").Hash(), noon)
	wantReason(t, err, apierr.ApplicationNotFound)
}

func testTouchApplication(t *testing.T, s Store) {
	addApplication(t, s, "a", "Bridge")
	for _, step := range []struct{ now, since, want time.Time }{
		{noon, noon.Add(-time.Minute), noon},
		{noon.Add(30 * time.Second), noon.Add(-30 * time.Second), noon},
		{noon.Add(time.Minute), noon, noon.Add(time.Minute)},
	} {
		check(t, s.TouchApplication(t.Context(), "a", step.now, step.since))
		if got, err := s.FindApplication(t.Context(), "a"); err != nil || !got.LastUsed.Equal(step.want) {
			t.Errorf("used at %v, %v, want %v", got.LastUsed, err, step.want)
		}
	}
	check(t, s.TouchApplication(t.Context(), "gone", noon, noon))
}

func testProvisionalUsers(t *testing.T, s Store) {
	ctx := t.Context()
	late := claimsOf("late")
	late.Email = "shared@example.org"
	_, err := s.LogIn(ctx, late, fresh(late))
	check(t, err)
	early := claimsOf("early")
	early.Email = "Shared@example.org"
	first := fresh(early)
	first.Created = noon.Add(-time.Hour)
	_, err = s.LogIn(ctx, early, first)
	check(t, err)
	for limit, want := range map[int][]string{1: {"early"}, 2: {"early", "late"}, 3: {"early", "late"}} {
		found, err := s.FindUsersByEmail(ctx, "SHARED@example.org", limit)
		subs := make([]string, 0, len(found))
		for _, u := range found {
			subs = append(subs, u.Sub)
		}
		if err != nil || !reflect.DeepEqual(subs, want) {
			t.Errorf("%d of an e-mail: %v, %v", limit, subs, err)
		}
	}
	if found, err := s.FindUsersByEmail(ctx, "nobody@example.org", 2); err != nil || len(found) != 0 {
		t.Errorf("of an unknown e-mail: %v, %v", found, err)
	}

	check(t, s.RenameSub(ctx, "early", "renamed"))
	if got, err := s.FindUserBySub(ctx, "renamed"); err != nil || got.ID != first.ID {
		t.Errorf("renamed: %+v, %v", got, err)
	}
	check(t, s.RenameSub(ctx, "early", "again"))  // no such user
	check(t, s.RenameSub(ctx, "renamed", "late")) // another has it
	for _, sub := range []string{"renamed", "late"} {
		if _, err := s.FindUserBySub(ctx, sub); err != nil {
			t.Errorf("%s: %v", sub, err)
		}
	}
}

func testConcurrentApplication(t *testing.T, s Store) {
	addApplication(t, s, "a", "Bridge")
	hashes := make([]applications.Hash, writers)
	together(func(i int) {
		var err error
		switch i % 4 {
		case 0:
			_, err = s.ChangeApplication(t.Context(), "a", applications.Change{Name: ptr("Pont")})
		case 1:
			_, err = s.ChangeApplication(t.Context(), "a", applications.Change{Active: ptr(false)})
		default:
			hashes[i] = applications.NewSecret().Hash()
			_, err = s.RotateSecret(t.Context(), "a", hashes[i], noon)
		}
		if err != nil {
			t.Error(err)
		}
	})
	got, err := s.FindApplication(t.Context(), "a")
	if err != nil || got.Name != "Pont" || got.Active {
		t.Errorf("a change was lost: %+v, %v", got, err)
	}
	made := 0
	for _, hash := range hashes {
		if hash != (applications.Hash{}) && (hash == got.Secrets.Current || hash == got.Secrets.Old) {
			made++
		}
	}
	if made != 2 || got.Secrets.Current == got.Secrets.Old {
		t.Errorf("the last two secrets are not those of two rotations: %+v", got.Secrets)
	}
}

func testConcurrentRename(t *testing.T, s Store) {
	made := []users.User{addUser(t, s, "p1"), addUser(t, s, "p2")}
	together(func(i int) {
		if err := s.RenameSub(t.Context(), made[i%2].Sub, "real"); err != nil {
			t.Error(err)
		}
	})
	if got, err := s.FindUserBySub(t.Context(), "real"); err != nil || got.ID != made[0].ID && got.ID != made[1].ID {
		t.Errorf("got %+v, %v", got, err)
	}
}
