package storetest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/services/room/internal/live"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

func metadataIsOwed(t *testing.T, s Store) {
	id := create(t, s, "room", uuid.NewString()).room.ID
	change := func(at time.Duration, change rooms.Change) {
		t.Helper()
		if _, err := s.Update(t.Context(), id, change, start.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	wantOwed := func(want ...live.Debt) {
		t.Helper()
		if got, err := s.MetadataOwed(t.Context(), 10); err != nil || !slices.Equal(got, want) {
			t.Errorf("owed %v, %v; want %v", got, err, want)
		}
	}
	debt := func(at time.Duration) live.Debt { return live.Debt{RoomID: id, OwedAt: start.Add(at)} }
	name, slug := "Other", "other"
	muted := configuration(t, map[string]any{"everyone_can_mute": false})
	// Of what concerns nobody in the room, and of what changes nothing, nothing is owed.
	change(0, rooms.Change{Name: &name, Slug: &slug, PhoneAccess: new(rooms.PhonesEnter)})
	change(0, rooms.Change{AccessLevel: new(rooms.Restricted), Configuration: new(configuration(t, map[string]any{}))})
	wantOwed()
	change(0, rooms.Change{AccessLevel: new(rooms.Public)})
	wantOwed(debt(0))
	change(time.Second, rooms.Change{Configuration: &muted})
	wantOwed(debt(time.Second))
	change(time.Minute, rooms.Change{Configuration: &muted})
	wantOwed(debt(time.Second))
	// By a clock that is behind the debt is a later one all the same.
	change(0, rooms.Change{AccessLevel: new(rooms.Trusted)})
	last := debt(time.Second + time.Microsecond)
	wantOwed(last)
	for _, paid := range []struct {
		debt live.Debt
		left []live.Debt
	}{{debt(time.Second), []live.Debt{last}}, {last, nil}} {
		if err := s.MetadataPaid(t.Context(), paid.debt); err != nil {
			t.Fatal(err)
		}
		wantOwed(paid.left...)
	}
	// The longest owed come first.
	other := create(t, s, "second", uuid.NewString()).room.ID
	change(time.Hour, rooms.Change{AccessLevel: new(rooms.Public)})
	if _, err := s.Update(t.Context(), other, rooms.Change{AccessLevel: new(rooms.Public)}, start); err != nil {
		t.Fatal(err)
	}
	wantOwed(live.Debt{RoomID: other, OwedAt: start}, debt(time.Hour))
	if got, err := s.MetadataOwed(t.Context(), 1); err != nil || len(got) != 1 || got[0].RoomID != other {
		t.Errorf("the longest owed: %v, %v", got, err)
	}
}

// meeting is the people in a room, who know what they were told last.
type meeting struct {
	mu   sync.Mutex
	told map[string]json.RawMessage
}

func (m *meeting) MergeMetadata(_ context.Context, _ string, values map[string]json.RawMessage) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = values
	return nil
}

// toldByMany: while many change a room and many tell its people, what these
// are told last is what the room is like.
func toldByMany(t *testing.T, s Store) {
	id := create(t, s, "room", uuid.NewString()).room.ID
	people := &meeting{}
	service := rooms.New(rooms.Settings{}, rooms.Parts{Rooms: s, LiveRooms: people})
	pay := func() (owed int) {
		debts, err := s.MetadataOwed(t.Context(), 10)
		for _, debt := range debts {
			if service.PushMetadata(t.Context(), debt.RoomID) != nil {
				continue // changed too often, and still owed
			}
			if err = s.MetadataPaid(t.Context(), debt); err != nil {
				break
			}
		}
		if err != nil {
			t.Errorf("pay: %v", err)
		}
		return len(debts)
	}
	together(func(i int) {
		level := []rooms.AccessLevel{rooms.Public, rooms.Trusted, rooms.Restricted}[i%3]
		if _, err := s.Update(t.Context(), id, rooms.Change{AccessLevel: &level}, start); err != nil {
			t.Errorf("update: %v", err)
		}
		pay()
	})
	for pay() > 0 {
	}
	held, err := s.Find(t.Context(), rooms.Key{ID: id}, "")
	if err != nil {
		t.Fatal(err)
	}
	if told := string(people.told["access_level"]); told != `"`+held.Room.AccessLevel.String()+`"` {
		t.Errorf("the room is %v, its people were told %s", held.Room.AccessLevel, told)
	}
}
