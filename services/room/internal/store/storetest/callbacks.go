package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// createFor stores a room of which who knows the key may learn for a minute.
func createFor(t *testing.T, s Store, key, name string, at time.Time) made {
	t.Helper()
	m := newRoom(name, uuid.NewString())
	m.room.CreatedAt = at
	creation := m.due(start)
	creation.Callback = &rooms.Callback{Key: key, Expires: at.Add(time.Minute)}
	if err := s.Create(t.Context(), creation); err != nil {
		t.Fatal(err)
	}
	return m
}

func wantClaim(t *testing.T, s Store, key string, at time.Time, want string) {
	t.Helper()
	got, ok, err := s.ClaimCreated(t.Context(), key, at)
	if err != nil || got != want || ok != (want != "") {
		t.Errorf("claim of %s: %q, %v, %v; want %q", key, got, ok, err, want)
	}
}

func claimCreated(t *testing.T, s Store) {
	wantClaim(t, s, "a", start, "")
	createFor(t, s, "a", "First", start)
	createFor(t, s, "b", "Second", start)
	renamed := createFor(t, s, "c", "Third", start)
	wantClaim(t, s, "a", start, "first")
	wantClaim(t, s, "a", start, "")
	wantClaim(t, s, "b", start.Add(time.Minute), "") // too late
	name, slug := "New", "new"
	if _, err := s.Update(t.Context(), renamed.room.ID, rooms.Change{Name: &name, Slug: &slug}, start); err != nil {
		t.Fatal(err)
	}
	wantClaim(t, s, "c", start, "new")

	// A second creation takes the place of the first; what has expired is gone.
	createFor(t, s, "d", "Fourth", start)
	deleted := createFor(t, s, "d", "Fifth", start.Add(time.Minute))
	wantClaim(t, s, "b", start, "")
	release := outbox.Task{RoomID: deleted.room.ID, Action: outbox.Release, Version: 1}
	if err := s.Delete(t.Context(), deleted.room.ID, release, start); err != nil {
		t.Fatal(err)
	}
	wantClaim(t, s, "d", start.Add(time.Minute), "")

	// A creation that fails leaves nothing.
	again := newRoom("First", uuid.NewString()).due(start)
	again.Callback = &rooms.Callback{Key: "e", Expires: start.Add(time.Minute)}
	wantSlugTaken(t, s.Create(t.Context(), again))
	wantClaim(t, s, "e", start, "")
}

func claimedByMany(t *testing.T, s Store) {
	createFor(t, s, "key", "room", start)
	var told atomic.Int32
	together(func(int) {
		switch slug, ok, err := s.ClaimCreated(t.Context(), "key", start); {
		case err != nil:
			t.Errorf("claim: %v", err)
		case ok && slug == "room":
			told.Add(1)
		}
	})
	if told.Load() != 1 {
		t.Errorf("told %d times", told.Load())
	}
}
