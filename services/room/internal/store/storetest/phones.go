package storetest

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/phones"
)

// calling is what somebody calls with at an instant.
func calling(roomID, identity string, now time.Time) phones.Phone {
	return phones.Phone{CalledAt: now, Entry: lobby.Entry{
		RoomID: roomID, ParticipantID: uuid.NewString(), Identity: identity, Status: lobby.Waiting,
		Username: "+33 6 ** ** ** 78", Color: "hsl(1, 60%, 30%)", CreatedAt: now, ExpiresAt: now.Add(time.Minute),
	}}
}

func wait(t *testing.T, s Store, draft phones.Phone) phones.Phone {
	t.Helper()
	phone, err := s.Wait(t.Context(), draft)
	if err != nil {
		t.Fatalf("wait: %v", err)
	}
	return phone
}

// wantPhones checks who is on the list of a room, or of all when roomID is empty.
func wantPhones(t *testing.T, s Store, roomID string, want ...phones.Phone) {
	t.Helper()
	got, err := s.Phones(t.Context(), roomID)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("phones %+v, %v\nwant %+v", got, err, want)
	}
}

func callersWait(t *testing.T, s Store) {
	one, two := create(t, s, "one", uuid.NewString()).room.ID, create(t, s, "two", uuid.NewString()).room.ID
	if two < one {
		one, two = two, one
	}
	first, second := calling(one, "sip_z", start), calling(one, "sip_a", start.Add(time.Second))
	other := calling(two, "sip_z", start)
	for _, draft := range []phones.Phone{second, other, first} {
		if got := wait(t, s, draft); got != draft {
			t.Errorf("wait: %+v, want %+v", got, draft)
		}
	}
	wantPhones(t, s, one, first, second)
	wantPhones(t, s, "", first, second, other)
	wantPhones(t, s, uuid.NewString())

	// A call that is asked about again keeps its entry, as it stands, and is to be seen anew.
	if err := s.See(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	again := calling(one, "sip_z", start.Add(time.Hour))
	again.Username = "other"
	first.CalledAt, first.ExpiresAt = again.CalledAt, again.ExpiresAt
	if got := wait(t, s, again); got != first {
		t.Errorf("again: %+v, want %+v", got, first)
	}
	_, err := s.Wait(t.Context(), calling(uuid.NewString(), "sip_z", start))
	wantReason(t, err, apierr.RoomNotFound)
}

func decidePhone(t *testing.T, s Store) {
	phone := wait(t, s, calling(create(t, s, "room", uuid.NewString()).room.ID, "sip_1", start))
	key := lobby.Key{RoomID: phone.RoomID, ParticipantID: phone.ParticipantID}
	decide := func(key lobby.Key, status lobby.Status, at time.Time) error {
		return s.DecidePhone(t.Context(), key, status, at)
	}
	wantReason(t, decide(key, lobby.Accepted, phone.ExpiresAt), apierr.LobbyEntryNotFound)
	wantReason(t, decide(lobby.Key{RoomID: phone.RoomID, ParticipantID: uuid.NewString()}, lobby.Accepted, start), apierr.LobbyEntryNotFound)
	wantReason(t, decide(lobby.Key{RoomID: uuid.NewString(), ParticipantID: phone.ParticipantID}, lobby.Accepted, start), apierr.LobbyEntryNotFound)
	// A decision may be changed, and does not expire before it is carried out.
	for i, status := range []lobby.Status{lobby.Denied, lobby.Accepted, lobby.Denied} {
		if err := decide(key, status, start.Add(time.Duration(i)*time.Second*59)); err != nil {
			t.Fatal(err)
		}
		phone.Status = status
		wantPhones(t, s, phone.RoomID, phone)
	}
}

func seeAndHangup(t *testing.T, s Store) {
	room := create(t, s, "room", uuid.NewString()).room.ID
	first := wait(t, s, calling(room, "sip_1", start))
	other := wait(t, s, calling(room, "sip_2", start.Add(time.Second)))
	again := wait(t, s, calling(room, "sip_1", start.Add(time.Minute)))
	if err := s.See(t.Context(), first); err != nil { // it was asked about again since
		t.Fatal(err)
	}
	wantPhones(t, s, room, again, other)
	if err := s.See(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	again.Seen = true
	wantPhones(t, s, room, again, other)
	decided := again
	decided.Status = lobby.Accepted
	for _, c := range []struct {
		phone phones.Phone
		gone  bool
	}{{first, false}, {decided, false}, {again, true}, {again, false}} {
		if gone, err := s.Hangup(t.Context(), c.phone); err != nil || gone != c.gone {
			t.Errorf("hang up %+v: %v, %v", c.phone, gone, err)
		}
	}
	wantPhones(t, s, room, other)
}

func denyPhone(t *testing.T, s Store) {
	m, other := create(t, s, "room", uuid.NewString()), create(t, s, "other", uuid.NewString())
	phone := wait(t, s, calling(m.room.ID, "sip_1", start))
	second := wait(t, s, calling(m.room.ID, "sip_2", start.Add(time.Second)))
	elsewhere := wait(t, s, calling(other.room.ID, "sip_1", start))
	for identity, want := range map[string]bool{"sip_1": true, "sip_3": false} {
		if found, err := s.DenyPhone(t.Context(), m.room.ID, identity); err != nil || found != want {
			t.Errorf("deny %s: %v, %v", identity, found, err)
		}
	}
	phone.Status = lobby.Denied
	if err := s.Forget(t.Context(), m.room.ID, "sip_1"); err != nil { // which is for browsers
		t.Fatal(err)
	}
	wantPhones(t, s, m.room.ID, phone, second)
	wantPhones(t, s, other.room.ID, elsewhere)
	if err := s.Delete(t.Context(), other.room.ID, other.task, start); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), m.room.ID, m.task, start); err != nil {
		t.Fatal(err)
	}
	wantPhones(t, s, "")
}

// phoneByMany: however often somebody calls at once, it is on the list once, and
// is taken off once.
func phoneByMany(t *testing.T, s Store) {
	room := create(t, s, "room", uuid.NewString()).room.ID
	together(func(int) { wait(t, s, calling(room, "sip_1", start)) })
	list, err := s.Phones(t.Context(), room)
	if err != nil || len(list) != 1 {
		t.Fatalf("phones %v, %v", list, err)
	}
	var gone atomic.Int32
	together(func(int) {
		if off, err := s.Hangup(t.Context(), list[0]); err != nil {
			t.Errorf("hang up: %v", err)
		} else if off {
			gone.Add(1)
		}
	})
	if gone.Load() != 1 {
		t.Errorf("taken off %d times", gone.Load())
	}
}
