package storetest

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/live"
)

// life is one session of a room that began so long after start.
func life(roomID, sid string, began time.Duration) livekit.Session {
	return livekit.Session{Room: roomID, SID: sid, Created: start.Add(began)}
}

func begun(t *testing.T, s Store, session livekit.Session, now time.Time) bool {
	t.Helper()
	news, err := s.Begun(t.Context(), session, now)
	if err != nil {
		t.Fatalf("begun: %v", err)
	}
	return news
}

func ended(t *testing.T, s Store, session livekit.Session, now time.Time) bool {
	t.Helper()
	news, err := s.Ended(t.Context(), session, now)
	if err != nil {
		t.Fatalf("ended: %v", err)
	}
	return news
}

// wantOn checks which sessions are on.
func wantOn(t *testing.T, s Store, before time.Time, want ...livekit.Session) {
	t.Helper()
	got, err := s.On(t.Context(), before)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("on: %v, %v; want %v", got, err, want)
	}
}

func untold(t *testing.T, s Store) []live.State {
	t.Helper()
	states, err := s.Untold(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	return states
}

func beginAndEnd(t *testing.T, s Store) {
	first := life(create(t, s, "room", uuid.NewString()).room.ID, "RM_1", 0)
	if !begun(t, s, first, start) || begun(t, s, first, start.Add(time.Second)) {
		t.Error("a begin is news once")
	}
	wantOn(t, s, start)
	wantOn(t, s, start.Add(time.Microsecond), first)
	if !ended(t, s, first, start.Add(time.Minute)) || ended(t, s, first, start.Add(time.Hour)) {
		t.Error("an end is news once")
	}
	wantOn(t, s, start.Add(24*time.Hour))
	second := life(first.Room, "RM_2", time.Hour)
	if !begun(t, s, second, start.Add(time.Hour)) {
		t.Error("the next life is news")
	}
	wantOn(t, s, start.Add(24*time.Hour), second)

	stranger := life(uuid.NewString(), "RM_3", 0)
	if begun(t, s, stranger, start) || ended(t, s, stranger, start) {
		t.Error("a room that does not exist is no news")
	}
	if err := s.Delete(t.Context(), first.Room, newRoom("x", uuid.NewString()).task, start); err != nil {
		t.Fatal(err)
	}
	wantOn(t, s, start.Add(24*time.Hour))
}

func livesOutOfOrder(t *testing.T, s Store) {
	room := create(t, s, "room", uuid.NewString()).room.ID
	older, newer := life(room, "RM_1", 0), life(room, "RM_2", time.Minute)
	now := start.Add(time.Hour)
	begun(t, s, newer, now)
	if begun(t, s, older, now) || ended(t, s, older, now) {
		t.Error("an older life is no news")
	}
	wantOn(t, s, now.Add(time.Second), newer)
	ended(t, s, newer, now)
	if begun(t, s, newer, now) || begun(t, s, older, now) {
		t.Error("what has ended does not begin")
	}
	// An end that overtakes its begin.
	unseen := life(room, "RM_3", 2*time.Minute)
	if !ended(t, s, unseen, now) || begun(t, s, unseen, now) {
		t.Error("what ended unseen begins")
	}
	wantOn(t, s, now.Add(time.Hour))
	// The same at a room never heard of.
	other := life(create(t, s, "other", uuid.NewString()).room.ID, "RM_4", 0)
	if !ended(t, s, other, now) || begun(t, s, other, now) {
		t.Error("what ended unseen begins")
	}
}

func telephonyIsOwed(t *testing.T, s Store) {
	one, two := create(t, s, "one", uuid.NewString()).room.ID, create(t, s, "two", uuid.NewString()).room.ID
	begun(t, s, life(two, "RM_2", 0), start.Add(time.Second))
	begun(t, s, life(one, "RM_1", 0), start)
	states := untold(t, s)
	want := []live.State{{RoomID: one, Live: true, ChangedAt: start}, {RoomID: two, Live: true, ChangedAt: start.Add(time.Second)}}
	if !slices.Equal(states, want) {
		t.Fatalf("owed %v, want %v", states, want)
	}
	if some, err := s.Untold(t.Context(), 1); err != nil || !slices.Equal(some, want[:1]) {
		t.Errorf("one of them: %v, %v", some, err)
	}
	// A room that changes while telephony is told stays owed, with a later time
	// even if the clock stands still.
	ended(t, s, life(one, "RM_1", 0), start)
	for _, state := range states {
		if err := s.Told(t.Context(), state); err != nil {
			t.Fatal(err)
		}
	}
	left := untold(t, s)
	if len(left) != 1 || left[0].RoomID != one || left[0].Live || !left[0].ChangedAt.After(start) {
		t.Fatalf("left %v", left)
	}
	if err := s.Told(t.Context(), left[0]); err != nil || len(untold(t, s)) != 0 {
		t.Errorf("told: %v, left %v", err, untold(t, s))
	}
	// What ended unseen is not owed: telephony never heard that it was on.
	if ended(t, s, life(one, "RM_3", time.Hour), start.Add(time.Hour)); len(untold(t, s)) != 0 {
		t.Errorf("owed %v", untold(t, s))
	}
	// But the end of a life after one that telephony takes to be on is.
	if ended(t, s, life(two, "RM_4", time.Hour), start.Add(time.Hour)); len(untold(t, s)) != 1 {
		t.Errorf("owed %v", untold(t, s))
	}
}

// begunByMany: however many hear of it, a life begins once and ends once.
func begunByMany(t *testing.T, s Store) {
	session := life(create(t, s, "room", uuid.NewString()).room.ID, "RM_1", 0)
	for _, note := range []func(*testing.T, Store, livekit.Session, time.Time) bool{begun, ended} {
		var news atomic.Int32
		together(func(int) {
			if note(t, s, session, start) {
				news.Add(1)
			}
		})
		if news.Load() != 1 {
			t.Errorf("news %d times", news.Load())
		}
	}
}
