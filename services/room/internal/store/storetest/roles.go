package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// roleOf returns the access that gives the user a role on the room.
func roleOf(roomID, userID string, role rooms.Role) rooms.Access {
	return rooms.Access{ID: uuid.NewString(), RoomID: roomID, UserID: userID, Role: role, CreatedAt: start.Add(time.Hour)}
}

func setRole(t *testing.T, s Store) {
	owner, user := uuid.NewString(), uuid.NewString()
	m := create(t, s, "room", owner)
	first := roleOf(m.room.ID, user, rooms.Member)
	second := roleOf(m.room.ID, user, rooms.Administrator)
	second.CreatedAt = second.CreatedAt.Add(time.Hour)
	for _, access := range []rooms.Access{first, second} {
		if err := s.SetRole(t.Context(), owner, access); err != nil {
			t.Fatal(err)
		}
	}
	want := first
	want.Role = rooms.Administrator
	wantReason(t, s.SetRole(t.Context(), owner, roleOf(m.room.ID, owner, rooms.Member)), apierr.LastOwner)
	got, err := s.Accesses(t.Context(), []string{m.room.ID})
	if err != nil || len(got) != 2 || got[0] != want || got[1] != m.owner {
		t.Errorf("accesses %+v, %v; want %+v and the owner's", got, err, want)
	}
	for name, by := range map[string]string{"a stranger": uuid.NewString(), "a member": add(t, s, m, uuid.NewString(), rooms.Member).UserID} {
		if err := s.SetRole(t.Context(), by, first); !apierr.Has(err, apierr.PermissionDenied) {
			t.Errorf("by %s: %v", name, err)
		}
	}
	wantReason(t, s.SetRole(t.Context(), owner, roleOf(uuid.NewString(), user, rooms.Member)), apierr.RoomNotFound)
}

// rolesByMany: one access comes of any number of calls at once.
func rolesByMany(t *testing.T, s Store) {
	user := uuid.NewString()
	m := create(t, s, "room", uuid.NewString())
	together(func(i int) {
		if err := s.SetRole(t.Context(), m.owner.UserID, roleOf(m.room.ID, user, rooms.Member+rooms.Role(i%2))); err != nil {
			t.Errorf("set role: %v", err)
		}
	})
	if got, err := s.Accesses(t.Context(), []string{m.room.ID}); err != nil || len(got) != 2 {
		t.Errorf("accesses %+v, %v", got, err)
	}
}
