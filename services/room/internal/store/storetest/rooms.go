package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

func createAndFind(t *testing.T, s Store) {
	m := newRoom("Réunion du lundi", uuid.NewString())
	m.room.PhoneAccess, m.room.PhoneCountry = rooms.PhonesStay, "FR"
	m.room.Configuration = configuration(t, map[string]any{"everyone_can_mute": "off", "can_publish_sources": []any{"camera"}})
	if err := s.Create(t.Context(), m.due(start.Add(lease))); err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]rooms.Key{"id": {ID: m.room.ID}, "slug": {Slug: "reunion-du-lundi"}} {
		held, err := s.Find(t.Context(), key, m.owner.UserID)
		if err != nil {
			t.Fatalf("by %s: %v", name, err)
		}
		sameRoom(t, held.Room, m.room)
		if held.Role != rooms.Owner {
			t.Errorf("by %s: role %v", name, held.Role)
		}
	}
	for name, key := range map[string]rooms.Key{
		"other id": {ID: uuid.NewString()}, "other slug": {Slug: "reunion"}, "nothing": {},
	} {
		_, err := s.Find(t.Context(), key, m.owner.UserID)
		if !apierr.Has(err, apierr.RoomNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func findByUser(t *testing.T, s Store) {
	m := create(t, s, "one", uuid.NewString())
	for name, userID := range map[string]string{"a stranger": uuid.NewString(), "nobody": ""} {
		held, err := s.Find(t.Context(), rooms.Key{ID: m.room.ID}, userID)
		if err != nil || held.Role != rooms.NoRole {
			t.Errorf("%s: role %v, error %v", name, held.Role, err)
		}
	}
}

// slugIsUnique also proves that a create that fails leaves nothing behind.
func slugIsUnique(t *testing.T, s Store) {
	first := create(t, s, "My Room", uuid.NewString())
	second := newRoom("my room!", uuid.NewString())
	wantSlugTaken(t, s.Create(t.Context(), second.due(start)))
	_, err := s.Find(t.Context(), rooms.Key{ID: second.room.ID}, "")
	wantReason(t, err, apierr.RoomNotFound)
	if all, err := s.Accesses(t.Context(), []string{second.room.ID}); err != nil || len(all) != 0 {
		t.Errorf("accesses %v, error %v", all, err)
	}
	if n := pending(t, s, outbox.Allocate); n != 1 {
		t.Errorf("%d tasks", n)
	}

	other := create(t, s, "other", uuid.NewString())
	name, slug := "MY ROOM", "my-room"
	_, err = s.Update(t.Context(), other.room.ID, rooms.Change{Name: &name, Slug: &slug}, start)
	wantSlugTaken(t, err)
	held, err := s.Find(t.Context(), rooms.Key{ID: other.room.ID}, "")
	if err != nil {
		t.Fatal(err)
	}
	sameRoom(t, held.Room, other.room)
	if _, err := s.Update(t.Context(), first.room.ID, rooms.Change{Name: &name, Slug: &slug}, start); err != nil {
		t.Errorf("a room's own slug is not taken: %v", err)
	}
}

func update(t *testing.T, s Store) {
	m := create(t, s, "before", uuid.NewString())
	later := start.Add(time.Hour)
	name, slug, level := "After All", "after-all", rooms.Trusted
	wanted := configuration(t, map[string]any{"everyone_can_mute": nil})
	got, err := s.Update(t.Context(), m.room.ID,
		rooms.Change{Name: &name, Slug: &slug, AccessLevel: &level, Configuration: &wanted}, later)
	if err != nil {
		t.Fatal(err)
	}
	want := m.room
	want.Name, want.Slug, want.AccessLevel, want.Configuration, want.UpdatedAt = name, slug, level, wanted, later
	sameRoom(t, got, want)
	held, err := s.Find(t.Context(), rooms.Key{Slug: "after-all"}, "")
	if err != nil {
		t.Fatal(err)
	}
	sameRoom(t, held.Room, want)
	_, err = s.Update(t.Context(), uuid.NewString(), rooms.Change{AccessLevel: &level}, later)
	wantReason(t, err, apierr.RoomNotFound)
}

func updateKeepsTheRest(t *testing.T, s Store) {
	want := create(t, s, "room", uuid.NewString()).room
	wanted := configuration(t, map[string]any{"can_publish_sources": []any{}})
	name, slug, level, phones, byLevel := "Hall", "hall", rooms.Public, rooms.PhonesWait, rooms.PhonesByLevel
	german, anywhere := "DE", ""
	for i, step := range []struct {
		change rooms.Change
		apply  func()
	}{
		{rooms.Change{Configuration: &wanted}, func() { want.Configuration = wanted }},
		{rooms.Change{PhoneAccess: &phones}, func() { want.PhoneAccess = phones }},
		{rooms.Change{PhoneCountry: &german}, func() { want.PhoneCountry = german }},
		{rooms.Change{AccessLevel: &level}, func() { want.AccessLevel = level }},
		{rooms.Change{PhoneAccess: &byLevel}, func() { want.PhoneAccess = byLevel }},
		{rooms.Change{PhoneCountry: &anywhere}, func() { want.PhoneCountry = anywhere }},
		{rooms.Change{Name: &name, Slug: &slug}, func() { want.Name, want.Slug = name, slug }},
	} {
		want.UpdatedAt = start.Add(time.Duration(i) * time.Minute)
		step.apply()
		got, err := s.Update(t.Context(), want.ID, step.change, want.UpdatedAt)
		if err != nil {
			t.Fatal(err)
		}
		sameRoom(t, got, want)
	}
}

func deleteRoom(t *testing.T, s Store) {
	userID := uuid.NewString()
	m, kept := create(t, s, "gone", userID), create(t, s, "kept", userID)
	release := outbox.Task{RoomID: m.room.ID, Action: outbox.Release, Version: 1}
	if err := s.Delete(t.Context(), m.room.ID, release, start); err != nil {
		t.Fatal(err)
	}
	_, err := s.Find(t.Context(), rooms.Key{ID: m.room.ID}, "")
	wantReason(t, err, apierr.RoomNotFound)
	all, err := s.Accesses(t.Context(), []string{m.room.ID, kept.room.ID})
	if err != nil || len(all) != 1 || all[0] != kept.owner {
		t.Errorf("accesses %v, error %v", all, err)
	}
	wantReason(t, s.Delete(t.Context(), m.room.ID, release, start), apierr.RoomNotFound)

	// Deleting what never was leaves no task either.
	unknown := outbox.Task{RoomID: uuid.NewString(), Action: outbox.Release, Version: 1}
	wantReason(t, s.Delete(t.Context(), unknown.RoomID, unknown, start), apierr.RoomNotFound)
	if n := pending(t, s, outbox.Release); n != 1 {
		t.Errorf("%d releases", n)
	}
	create(t, s, "gone", userID) // its slug is free again
}

func accessesOfRooms(t *testing.T, s Store) {
	want, ids := make([]rooms.Access, 0, 3), make([]string, 0, 3)
	for i, name := range []string{"a", "b", "c"} {
		m := newRoom(name, uuid.NewString())
		m.owner.CreatedAt = start.Add(time.Duration(i) * time.Minute)
		if err := s.Create(t.Context(), m.due(start)); err != nil {
			t.Fatal(err)
		}
		want, ids = append(want, m.owner), append(ids, m.room.ID)
	}
	got, err := s.Accesses(t.Context(), ids)
	slices.Reverse(want) // newest first
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("accesses %v, error %v\nwant %v", got, err, want)
	}
	got, err = s.Accesses(t.Context(), ids[:1])
	if err != nil || !slices.Equal(got, want[2:]) {
		t.Errorf("accesses of one room %v, error %v", got, err)
	}
	if got, err = s.Accesses(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("accesses of no room %v, error %v", got, err)
	}
}
