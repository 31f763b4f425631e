package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

func testSearchUsers(t *testing.T, s Store) {
	var all []users.User // the newest first
	for i, email := range []string{"ada@example.org", "Bob_%@Example.org", "carol@example.com", ""} {
		c := users.Claims{Sub: fmt.Sprint("sub", i), Email: email}
		u := fresh(c)
		u.Created = noon.Add(time.Duration(i) * time.Hour)
		got, err := s.LogIn(t.Context(), c, u)
		all = append([]users.User{must(t, got, err)}, all...)
	}
	for name, c := range map[string]struct {
		query         string
		limit, offset int
		want          []users.User
		count         int
	}{
		"all":              {"", 10, 0, all, 4},
		"a page":           {"", 2, 1, all[1:3], 4},
		"beyond":           {"", 2, 4, nil, 4},
		"any letter case":  {"EXAMPLE.ORG", 10, 0, all[2:], 2},
		"the middle":       {"arol@", 10, 0, all[1:2], 1},
		"plain characters": {"_%", 10, 0, all[2:3], 1},
		"nobody":           {"dave", 10, 0, nil, 0},
	} {
		got, count, err := s.SearchUsers(t.Context(), c.query, c.limit, c.offset)
		if err != nil || count != c.count || !same(got, c.want) {
			t.Errorf("%s: %d of %d: %+v, %v", name, len(got), count, got, err)
		}
	}
}

func testRights(t *testing.T, s Store) {
	ctx := t.Context()
	ada, bob, carol, dave := addUser(t, s, "ada"), addUser(t, s, "bob"), addUser(t, s, "carol"), addUser(t, s, "dave")
	operators := func(emails ...string) []users.User {
		found, err := s.ListOperators(ctx, emails)
		return must(t, found, err)
	}
	if found := operators(); len(found) != 0 {
		t.Errorf("operators at first: %+v", found)
	}
	got, err := s.SetOperator(ctx, bob.ID, true)
	bob.OperatorGranted = true
	if must(t, got, err); !reflect.DeepEqual(got, bob) {
		t.Errorf("granted: %+v", got)
	}
	carol, err = s.Renew(ctx, carol.ID, users.Claims{Sub: "carol", Operator: true})
	check(t, err)
	if found := operators("ada@example.org", "eve@example.org"); !reflect.DeepEqual(found, []users.User{ada, bob, carol}) {
		t.Errorf("operators: %+v", found)
	}
	// A log-in renews what the provider says, not what an operator did.
	bob, err = s.Renew(ctx, bob.ID, claimsOf("bob"))
	if must(t, bob, err); !bob.OperatorGranted {
		t.Error("a log-in took the right back")
	}
	if got, err := s.SetOperator(ctx, bob.ID, false); err != nil || got.OperatorGranted {
		t.Errorf("taken back: %+v, %v", got, err)
	}

	dave.Active = false
	if got, err := s.SetActive(ctx, dave.ID, false); err != nil || !reflect.DeepEqual(got, dave) {
		t.Errorf("disabled: %+v, %v", got, err)
	}
	session := addSession(t, s, dave.ID)
	if _, user, err := s.FindSession(ctx, session.Hash, noon); err != nil || !reflect.DeepEqual(user, &dave) {
		t.Errorf("by session: %+v, %v", user, err)
	}
	if got, err := s.LogIn(ctx, claimsOf("dave"), fresh(claimsOf("dave"))); err != nil || got.Active {
		t.Errorf("a log-in: %+v, %v", got, err)
	}
	if got, err := s.SetActive(ctx, dave.ID, true); err != nil || !got.Active {
		t.Errorf("enabled: %+v, %v", got, err)
	}
	_, err = s.SetActive(ctx, uuid.NewString(), false)
	wantReason(t, err, apierr.UserNotFound)
	_, err = s.SetOperator(ctx, uuid.NewString(), true)
	wantReason(t, err, apierr.UserNotFound)
}
