package storetest

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// ownerOf is a room's first owner, who may do everything.
func ownerOf(m made) accesses.Actor { return accesses.Actor{UserID: m.owner.UserID, Role: rooms.Owner} }

// add gives the user a role on the room.
func add(t *testing.T, s Store, m made, userID string, role rooms.Role) rooms.Access {
	t.Helper()
	access := roleOf(m.room.ID, userID, role)
	if err := s.AddAccess(t.Context(), ownerOf(m), access); err != nil {
		t.Fatal(err)
	}
	return access
}

func manageAccess(t *testing.T, s Store) {
	owner, user := uuid.NewString(), uuid.NewString()
	m := create(t, s, "room", owner)
	access, by := add(t, s, m, user, rooms.Member), ownerOf(m)
	for viewer, want := range map[string]rooms.Role{owner: rooms.Owner, user: rooms.Member, uuid.NewString(): rooms.NoRole} {
		got, mine, err := s.Access(t.Context(), access.ID, viewer)
		if err != nil || got != access || mine != want {
			t.Errorf("access %+v, role %v, error %v; want %+v, %v", got, mine, err, access, want)
		}
	}
	err := s.AddAccess(t.Context(), by, roleOf(m.room.ID, user, rooms.Owner))
	if failed := apierr.From(err); failed == nil || len(failed.Violations) != 1 || failed.Violations[0] != apierr.From(accesses.Taken()).Violations[0] {
		t.Errorf("second access of one user: %v", err)
	}
	wantReason(t, s.AddAccess(t.Context(), by, roleOf(uuid.NewString(), user, rooms.Owner)), apierr.RoomNotFound)

	if err := s.ChangeAccess(t.Context(), by, access, rooms.Administrator); err != nil {
		t.Fatal(err)
	}
	for name, act := range map[string]func() error{
		"change": func() error { return s.ChangeAccess(t.Context(), by, access, rooms.Owner) },
		"remove": func() error { return s.RemoveAccess(t.Context(), by, access) },
	} {
		if err := act(); !errors.Is(err, accesses.ErrChanged) {
			t.Errorf("%s of what was seen before: %v", name, err)
		}
	}
	access.Role = rooms.Administrator
	if got, _, err := s.Access(t.Context(), access.ID, owner); err != nil || got != access {
		t.Errorf("access %+v, error %v", got, err)
	}
	if err := s.RemoveAccess(t.Context(), by, access); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Access(t.Context(), access.ID, owner)
	wantReason(t, err, apierr.AccessNotFound)
	wantReason(t, s.RemoveAccess(t.Context(), by, access), apierr.AccessNotFound)
	wantReason(t, s.ChangeAccess(t.Context(), by, access, rooms.Member), apierr.AccessNotFound)
}

func lastOwner(t *testing.T, s Store) {
	m := create(t, s, "room", uuid.NewString())
	add(t, s, m, uuid.NewString(), rooms.Administrator)
	elsewhere := create(t, s, "another", uuid.NewString()) // its owner is none here
	wantReason(t, s.ChangeAccess(t.Context(), ownerOf(m), m.owner, rooms.Administrator), apierr.LastOwner)
	wantReason(t, s.RemoveAccess(t.Context(), ownerOf(m), m.owner), apierr.LastOwner)
	if err := s.ChangeAccess(t.Context(), ownerOf(m), m.owner, rooms.Owner); err != nil {
		t.Errorf("an owner stays one: %v", err)
	}
	second := add(t, s, m, uuid.NewString(), rooms.Owner)
	if err := s.ChangeAccess(t.Context(), ownerOf(m), m.owner, rooms.Member); err != nil {
		t.Errorf("one of two owners: %v", err)
	}
	wantReason(t, s.RemoveAccess(t.Context(), accesses.Actor{UserID: second.UserID, Role: rooms.Owner}, second), apierr.LastOwner)
	// With the room everything goes.
	release := outbox.Task{RoomID: elsewhere.room.ID, Action: outbox.Release, Version: 1}
	if err := s.Delete(t.Context(), elsewhere.room.ID, release, start); err != nil {
		t.Error(err)
	}
	wantReason(t, s.RemoveAccess(t.Context(), ownerOf(elsewhere), elsewhere.owner), apierr.AccessNotFound)
}

func administered(t *testing.T, s Store) {
	user := uuid.NewString()
	var want []rooms.Access
	for i, role := range []rooms.Role{rooms.Owner, rooms.Administrator, rooms.Member, rooms.NoRole} {
		m := create(t, s, "room "+role.String(), uuid.NewString())
		other := roleOf(m.room.ID, uuid.NewString(), rooms.Member)
		other.CreatedAt = start.Add(time.Duration(i) * time.Minute)
		if err := s.AddAccess(t.Context(), ownerOf(m), other); err != nil {
			t.Fatal(err)
		}
		here := []rooms.Access{m.owner, other}
		if role != rooms.NoRole {
			here = append(here, add(t, s, m, user, role))
		}
		if role.Administers() {
			want = append(want, here...)
		}
	}
	slices.SortFunc(want, func(a, b rooms.Access) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		if a.ID > b.ID {
			return -1
		}
		return 1
	})
	cursor := func(i int) accesses.Cursor { return accesses.Cursor{CreatedAt: want[i].CreatedAt, ID: want[i].ID} }
	for name, c := range map[string]struct {
		query accesses.Query
		want  []rooms.Access
	}{
		"all":           {accesses.Query{Limit: 100}, want},
		"first two":     {accesses.Query{Limit: 2}, want[:2]},
		"the last":      {accesses.Query{Limit: 2, Skip: 5}, want[5:]},
		"behind":        {accesses.Query{Limit: 2, After: cursor(1)}, want[2:4]},
		"behind a skip": {accesses.Query{Limit: 2, After: cursor(1), Skip: 1}, want[3:5]},
		"beyond":        {accesses.Query{Limit: 2, After: cursor(5)}, nil},
	} {
		c.query.UserID = user
		got, total, err := s.Administered(t.Context(), c.query)
		if err != nil || total != len(want) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v of %d, %v\nwant %+v", name, got, total, err, c.want)
		}
	}
	if got, total, err := s.Administered(t.Context(), accesses.Query{UserID: uuid.NewString(), Limit: 2}); err != nil || total != 0 || len(got) != 0 {
		t.Errorf("of a stranger: %v of %d, %v", got, total, err)
	}
}

// ownersLeaveAtOnce: of any number of owners who all leave or step down at the
// same time, exactly one stays.
func ownersLeaveAtOnce(t *testing.T, s Store) {
	for _, owners := range []int{2, many} {
		m := create(t, s, "room "+uuid.NewString(), uuid.NewString())
		all := []rooms.Access{m.owner}
		for len(all) < owners {
			all = append(all, add(t, s, m, uuid.NewString(), rooms.Owner))
		}
		var stayed atomic.Int32
		together(func(i int) {
			if i >= owners {
				return
			}
			var err error
			if i%2 == 0 {
				err = s.RemoveAccess(t.Context(), accesses.Actor{UserID: all[i].UserID, Role: rooms.Owner}, all[i])
			} else {
				err = s.ChangeAccess(t.Context(), accesses.Actor{UserID: all[i].UserID, Role: rooms.Owner}, all[i], rooms.Member)
			}
			switch {
			case apierr.Has(err, apierr.LastOwner):
				stayed.Add(1)
			case err != nil:
				t.Errorf("leave: %v", err)
			}
		})
		left, err := s.Accesses(t.Context(), []string{m.room.ID})
		if err != nil {
			t.Fatal(err)
		}
		left = slices.DeleteFunc(left, func(a rooms.Access) bool { return a.Role != rooms.Owner })
		if stayed.Load() != 1 || len(left) != 1 {
			t.Errorf("of %d owners %d had to stay, %d are left", owners, stayed.Load(), len(left))
		}
	}
}
