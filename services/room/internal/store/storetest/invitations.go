package storetest

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/outbox"
)

func invitationTo(roomID string, due time.Time) invitations.Invitation {
	return invitations.Invitation{
		ID: uuid.NewString(), RoomID: roomID, Inviter: "Ada", ReplyTo: "ada@example.org", Language: "fr",
		Recipients: []string{"b@example.org", "a@example.org"}, CreatedAt: start, Due: due, Attempts: 2,
	}
}

func keepInvitations(t *testing.T, s Store) {
	m := create(t, s, "room", uuid.NewString())
	first, second := invitationTo(m.room.ID, start), invitationTo(m.room.ID, start.Add(time.Second))
	for _, i := range []invitations.Invitation{second, first} {
		if err := s.KeepInvitation(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	wantReason(t, s.KeepInvitation(t.Context(), invitationTo(uuid.NewString(), start)), apierr.RoomNotFound)
	claim := func(now time.Time, limit int, want ...invitations.Invitation) {
		t.Helper()
		got, err := s.ClaimInvitations(t.Context(), now, now.Add(time.Minute), limit)
		if err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("claimed %+v, %v\nwant %+v", got, err, want)
		}
	}
	claim(start.Add(-time.Microsecond), 9)
	now := start.Add(time.Second)
	claim(now, 1, first)
	claim(now, 9, second)
	claim(now, 9)
	first.Due, second.Due = now.Add(time.Minute), now.Add(time.Minute)
	if first.ID > second.ID {
		claim(now.Add(time.Minute), 1, second)
	} else {
		claim(now.Add(time.Minute), 1, first)
	}

	// One goes, the other makes place for two.
	if err := s.SettleInvitation(t.Context(), first.ID, nil); err != nil {
		t.Fatal(err)
	}
	rest := []invitations.Invitation{invitationTo(m.room.ID, start), invitationTo(m.room.ID, start.Add(time.Second))}
	rest[1].ID = second.ID // a postponed one keeps its id
	if err := s.SettleInvitation(t.Context(), second.ID, rest); err != nil {
		t.Fatal(err)
	}
	claim(now, 9, rest...)
	if err := s.SettleInvitation(t.Context(), first.ID, rest); err != nil {
		t.Errorf("settle what is gone: %v", err)
	}
	if n, err := s.PendingInvitations(t.Context()); err != nil || n != 2 {
		t.Errorf("%d pending, %v", n, err)
	}
	release := outbox.Task{RoomID: m.room.ID, Action: outbox.Release, Version: 1}
	if err := s.Delete(t.Context(), m.room.ID, release, start); err != nil {
		t.Fatal(err)
	}
	claim(now.Add(time.Hour), 9)
}

// invitationsByMany: each is claimed once.
func invitationsByMany(t *testing.T, s Store) {
	m := create(t, s, "room", uuid.NewString())
	for range many {
		if err := s.KeepInvitation(t.Context(), invitationTo(m.room.ID, start)); err != nil {
			t.Fatal(err)
		}
	}
	var seen sync.Map
	together(func(int) {
		got, err := s.ClaimInvitations(t.Context(), start, start.Add(time.Minute), 3)
		if err != nil {
			t.Errorf("claim: %v", err)
		}
		for _, i := range got {
			if _, twice := seen.LoadOrStore(i.ID, true); twice {
				t.Errorf("%s was claimed twice", i.ID)
			}
		}
	})
}
