package storetest

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// actAsJudged: who has another role by now than the one by which it was judged
// does nothing.
func actAsJudged(t *testing.T, s Store) {
	m := create(t, s, "room", uuid.NewString())
	administrator := add(t, s, m, uuid.NewString(), rooms.Administrator)
	member := add(t, s, m, uuid.NewString(), rooms.Member)
	elsewhere := create(t, s, "elsewhere", uuid.NewString())
	before, err := s.Accesses(t.Context(), []string{m.room.ID})
	if err != nil {
		t.Fatal(err)
	}
	for name, by := range map[string]accesses.Actor{
		"a stranger":               {UserID: uuid.NewString(), Role: rooms.Owner},
		"an owner of elsewhere":    ownerOf(elsewhere),
		"who was an owner":         {UserID: administrator.UserID, Role: rooms.Owner},
		"who was an administrator": {UserID: member.UserID, Role: rooms.Administrator},
		"who is more than judged":  {UserID: m.owner.UserID, Role: rooms.Administrator},
	} {
		for what, err := range map[string]error{
			"add":    s.AddAccess(t.Context(), by, roleOf(m.room.ID, uuid.NewString(), rooms.Member)),
			"change": s.ChangeAccess(t.Context(), by, member, rooms.Administrator),
			"remove": s.RemoveAccess(t.Context(), by, member),
		} {
			if !errors.Is(err, accesses.ErrChanged) {
				t.Errorf("%s by %s: %v", what, name, err)
			}
		}
	}
	if after, err := s.Accesses(t.Context(), []string{m.room.ID}); err != nil || !slices.Equal(after, before) {
		t.Errorf("accesses %+v, %v\nwant %+v", after, err, before)
	}
}

// rivalsAtOnce: of two administrators who take each other's role at the same time
// one does, and the other is none any more.
func rivalsAtOnce(t *testing.T, s Store) {
	for name, depose := range map[string]func(by, whom rooms.Access) error{
		"remove": func(by, whom rooms.Access) error {
			return s.RemoveAccess(t.Context(), accesses.Actor{UserID: by.UserID, Role: by.Role}, whom)
		},
		"change": func(by, whom rooms.Access) error {
			return s.ChangeAccess(t.Context(), accesses.Actor{UserID: by.UserID, Role: by.Role}, whom, rooms.Member)
		},
		"set role": func(by, whom rooms.Access) error {
			return s.SetRole(t.Context(), by.UserID, roleOf(by.RoomID, whom.UserID, rooms.Member))
		},
	} {
		m := create(t, s, name, uuid.NewString())
		var all [many]rooms.Access
		for i := range all {
			all[i] = add(t, s, m, uuid.NewString(), rooms.Administrator)
		}
		var won [many / 2]atomic.Int32
		together(func(i int) {
			switch err := depose(all[i], all[i^1]); {
			case err == nil:
				won[i/2].Add(1)
			case !errors.Is(err, accesses.ErrChanged) && !apierr.Has(err, apierr.PermissionDenied):
				t.Errorf("%s: %v", name, err)
			}
		})
		for i := range won {
			if n := won[i].Load(); n != 1 {
				t.Errorf("%s: %d of two rivals won", name, n)
			}
		}
	}
}
