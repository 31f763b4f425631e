package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/lobby"
)

const (
	waitingLife = 3 * time.Second
	returnTime  = time.Minute
)

// asking is what somebody asks with at an instant, and the entry of who does so first.
func asking(roomID, id, name string, now time.Time) lobby.Entry {
	return lobby.Entry{
		RoomID: roomID, ParticipantID: id, Identity: id, Status: lobby.Waiting, Username: name, Color: "hsl(1, 60%, 30%)",
		CreatedAt: now, ExpiresAt: now.Add(waitingLife),
	}
}

// askAll has people ask at an instant.
func askAll(t *testing.T, s Store, now time.Time, people ...lobby.Entry) ([]lobby.Entry, error) {
	t.Helper()
	drafts := make([]lobby.Draft, len(people))
	for i, e := range people {
		drafts[i] = lobby.Draft{
			Key: lobby.Key{RoomID: e.RoomID, ParticipantID: e.ParticipantID}, Identity: e.Identity, Username: e.Username, Color: e.Color,
		}
	}
	entries, err := s.Ask(t.Context(), drafts, lobby.Terms{Now: now, Waiting: waitingLife, Return: returnTime})
	if err == nil && len(entries) != len(people) {
		t.Fatalf("%d entries of %d", len(entries), len(people))
	}
	return entries, err
}

// ask has somebody ask when the draft was made, and returns the entry.
func ask(t *testing.T, s Store, draft lobby.Entry) lobby.Entry {
	t.Helper()
	got, err := askAll(t, s, draft.CreatedAt, draft)
	if err != nil {
		t.Fatalf("ask: %v", err)
	}
	return got[0]
}

func askToEnter(t *testing.T, s Store) {
	room, id := create(t, s, "room", uuid.NewString()).room.ID, uuid.NewString()
	first := asking(room, id, "Gil", start)
	if got := ask(t, s, first); got != first {
		t.Errorf("first: %+v, want %+v", got, first)
	}

	// The last instant at which it exists: the first name and colour stay, and who
	// asked that late is given twice the time.
	gap := waitingLife - time.Microsecond
	second := asking(room, id, "Other", start.Add(gap))
	second.Identity, second.Color = "sub", "hsl(2, 60%, 30%)"
	want := first
	want.Identity, want.ExpiresAt = "sub", second.CreatedAt.Add(2*gap)
	if got := ask(t, s, second); got != want {
		t.Errorf("again: %+v, want %+v", got, want)
	}
	soon := asking(room, id, "Other", second.CreatedAt.Add(time.Second))
	want.Identity, want.ExpiresAt = id, soon.ExpiresAt
	if got := ask(t, s, soon); got != want {
		t.Errorf("sooner: %+v, want %+v", got, want)
	}

	// A decision stands until it expires, whoever asks.
	key, until := lobby.Key{RoomID: room, ParticipantID: id}, start.Add(time.Minute)
	if err := s.Decide(t.Context(), key, lobby.Accepted, until, start); err != nil {
		t.Fatal(err)
	}
	want.Status, want.ExpiresAt = lobby.Accepted, until
	if got := ask(t, s, asking(room, id, "Third", start.Add(5*time.Second))); got != want {
		t.Errorf("accepted: %+v, want %+v", got, want)
	}

	// A decision that has expired is as if it had never been.
	late := asking(room, id, "Late", until)
	if got := ask(t, s, late); got != late {
		t.Errorf("expired: %+v, want %+v", got, late)
	}
}

// returnToLobby: who waited and is late keeps the place, not the name.
func returnToLobby(t *testing.T, s Store) {
	room := create(t, s, "room", uuid.NewString()).room.ID
	for name, c := range map[string]struct{ late, life time.Duration }{
		"at once":           {0, 2 * waitingLife},
		"late":              {20 * time.Second, 46 * time.Second},
		"at the last":       {returnTime - time.Microsecond, returnTime},
		"much later":        {returnTime, 0},
		"as if never there": {time.Hour, 0},
	} {
		id := uuid.NewString()
		first := asking(room, id, "Gil", start)
		ask(t, s, first)
		want := asking(room, id, "New", first.ExpiresAt.Add(c.late))
		if c.life > 0 {
			want.CreatedAt, want.ExpiresAt = start, want.CreatedAt.Add(c.life)
		}
		got, err := askAll(t, s, first.ExpiresAt.Add(c.late), want)
		if err != nil || got[0] != want {
			t.Errorf("%s: %+v, want %+v; %v", name, got, want, err)
		}
	}
}

// askTogether: many ask at once, some in rooms that there are not.
func askTogether(t *testing.T, s Store) {
	rooms := []string{create(t, s, "room", uuid.NewString()).room.ID, create(t, s, "other", uuid.NewString()).room.ID, uuid.NewString()}
	people, want := make([]lobby.Entry, 0, 30), make([]lobby.Entry, 0, 30)
	for i := range 30 {
		e := asking(rooms[i%3], fmt.Sprint("person ", 9-i/3), fmt.Sprint(i), start)
		people, want = append(people, e), append(want, e)
		if i%3 == 2 {
			want[i] = lobby.Entry{}
		}
	}
	ask(t, s, people[3]) // somebody is there already
	got, err := askAll(t, s, start, people...)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("together: %v, want %v; %v", got, want, err)
	}
	if nobody, err := askAll(t, s, start); err != nil || len(nobody) != 0 {
		t.Errorf("nobody: %v, %v", nobody, err)
	}
}

func lobbyQueue(t *testing.T, s Store) {
	m := create(t, s, "room", uuid.NewString())
	other := create(t, s, "other", uuid.NewString())
	ids := make([]string, 4)
	for i := range ids {
		ids[i] = fmt.Sprintf("%d%s", 9-i, uuid.NewString()[1:]) // in no order of keys
		ask(t, s, asking(m.room.ID, ids[i], ids[i], start.Add(time.Duration(i)*time.Second)))
	}
	ask(t, s, asking(other.room.ID, ids[0], "elsewhere", start.Add(time.Second)))
	key := lobby.Key{RoomID: m.room.ID, ParticipantID: ids[2]}
	if err := s.Decide(t.Context(), key, lobby.Denied, start.Add(time.Hour), start.Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at    time.Duration
		limit int
		list  func(context.Context, string, time.Time, int) ([]lobby.Entry, error)
		want  []string
	}{
		{2 * time.Second, 10, s.Queue, []string{ids[0], ids[1], ids[3]}},
		{2 * time.Second, 2, s.Queue, []string{ids[0], ids[1]}},
		{3*time.Second - time.Microsecond, 10, s.Queue, []string{ids[0], ids[1], ids[3]}},
		{3 * time.Second, 10, s.Queue, []string{ids[1], ids[3]}},
		{time.Minute, 10, s.Queue, nil},
		{2 * time.Second, 2, s.Latest, []string{ids[3], ids[1]}},
		{3 * time.Second, 10, s.Latest, []string{ids[3], ids[1]}},
	} {
		entries, err := c.list(t.Context(), m.room.ID, start.Add(c.at), c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.ParticipantID)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("after %v: %v, want %v", c.at, got, c.want)
		}
	}
}

func decideEntry(t *testing.T, s Store) {
	m := create(t, s, "room", uuid.NewString())
	draft := asking(m.room.ID, uuid.NewString(), "Gil", start)
	key := lobby.Key{RoomID: m.room.ID, ParticipantID: draft.ParticipantID}
	decide := func(status lobby.Status, now time.Time) error {
		return s.Decide(t.Context(), key, status, now.Add(5*time.Second), now)
	}
	wantReason(t, decide(lobby.Accepted, start), apierr.LobbyEntryNotFound)
	ask(t, s, draft)
	for i, status := range []lobby.Status{lobby.Denied, lobby.Accepted, lobby.Denied} { // a decision may be changed
		now := start.Add(time.Duration(i) * time.Second)
		if err := decide(status, now); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, s, asking(m.room.ID, draft.ParticipantID, "Gil", now)); got.Status != status || got.ExpiresAt != now.Add(5*time.Second) {
			t.Errorf("decided %s: %+v", status, got)
		}
	}
	wantReason(t, decide(lobby.Accepted, start.Add(7*time.Second)), apierr.LobbyEntryNotFound)
}

func forgetEntry(t *testing.T, s Store) {
	m, other := create(t, s, "room", uuid.NewString()), create(t, s, "other", uuid.NewString())
	for _, room := range []string{m.room.ID, other.room.ID} {
		for _, name := range []string{"laptop", "phone", "guest"} {
			draft := asking(room, name, name, start)
			if name != "guest" {
				draft.Identity = "sub"
			}
			ask(t, s, draft)
		}
	}
	for range 2 { // nothing to forget is no error
		if err := s.Forget(t.Context(), m.room.ID, "sub"); err != nil {
			t.Fatal(err)
		}
	}
	for room, want := range map[string]int{m.room.ID: 1, other.room.ID: 3} {
		if left, err := s.Queue(t.Context(), room, start, 10); err != nil || len(left) != want {
			t.Errorf("%d left, want %d; %v", len(left), want, err)
		}
	}
	// A room that is deleted takes its entries along.
	if err := s.Delete(t.Context(), other.room.ID, other.task, start); err != nil {
		t.Fatal(err)
	}
	if key, err := s.Sweep(t.Context(), lobby.Key{}, start, 10); err != nil || key != (lobby.Key{RoomID: m.room.ID, ParticipantID: "guest"}) {
		t.Errorf("entries end at %v, %v", key, err)
	}
}

func clearLobby(t *testing.T, s Store) {
	m, other := create(t, s, "room", uuid.NewString()), create(t, s, "other", uuid.NewString())
	for i, name := range []string{"first", "second"} {
		ask(t, s, asking(m.room.ID, name, name, start.Add(time.Duration(i)*time.Second)))
	}
	ask(t, s, asking(other.room.ID, "elsewhere", "elsewhere", start))
	if err := s.Clear(t.Context(), m.room.ID, start.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	for room, want := range map[string]string{m.room.ID: "second", other.room.ID: "elsewhere"} {
		if left, err := s.Queue(t.Context(), room, start, 10); err != nil || len(left) != 1 || left[0].ParticipantID != want {
			t.Errorf("left %v, want %s; %v", left, want, err)
		}
	}
}

func sweepLobby(t *testing.T, s Store) {
	live := 0
	for i := range 3 {
		m := create(t, s, fmt.Sprint("room ", i), uuid.NewString())
		for j := range 7 {
			ask(t, s, asking(m.room.ID, uuid.NewString(), "x", start.Add(time.Duration(j%2)*time.Second)))
			live += j % 2
		}
	}
	walk := func(now time.Time) (seen int) {
		t.Helper()
		for at := (lobby.Key{}); ; seen++ {
			next, err := s.Sweep(t.Context(), at, now, 1)
			if err != nil {
				t.Fatal(err)
			}
			if next == (lobby.Key{}) {
				return seen
			}
			if next.RoomID < at.RoomID || (next.RoomID == at.RoomID && next.ParticipantID <= at.ParticipantID) {
				t.Fatalf("%v comes after %v", next, at)
			}
			at = next
		}
	}
	now := start.Add(waitingLife) // those that asked at start have expired
	if first, second := walk(now), walk(now); first != 21 || second != live {
		t.Errorf("walked over %d, then %d; want 21, then %d", first, second, live)
	}
}

// askedByMany: a crowd that asks while it is swept and decided on keeps its
// places, and each person has one.
func askedByMany(t *testing.T, s Store) {
	m := create(t, s, "room", uuid.NewString())
	var names atomic.Int32
	together(func(i int) {
		id := fmt.Sprint("person ", i%8)
		for n := range 10 {
			now := start.Add(time.Duration(n) * time.Second)
			neighbour := fmt.Sprint("person ", (i+3)%8)
			entries, err := askAll(t, s, now, asking(m.room.ID, id, fmt.Sprint(names.Add(1)), now), asking(m.room.ID, neighbour, "x", now))
			if err != nil || entries[0].Status != lobby.Waiting || entries[1].ParticipantID != neighbour {
				t.Errorf("ask: %+v, %v", entries, err)
			}
			if _, err := s.Sweep(t.Context(), lobby.Key{}, start, 100); err != nil { // nothing has expired at start
				t.Errorf("sweep: %v", err)
			}
		}
	})
	entries, err := s.Queue(t.Context(), m.room.ID, start, 100)
	if err != nil || len(entries) != 8 {
		t.Fatalf("%d wait, want 8; %v", len(entries), err)
	}
}

// askedWhileCleared: crowds that ask together in any order while others are
// cleared away, and their room deleted in the end, are all answered.
func askedWhileCleared(t *testing.T, s Store) {
	m := create(t, s, "room", uuid.NewString())
	people := make([]lobby.Entry, 40)
	for i := range people {
		people[i] = asking(m.room.ID, fmt.Sprint("person ", i), "x", start)
	}
	together(func(i int) {
		for n := range 20 {
			switch {
			case i%4 == 0:
				if err := s.Clear(t.Context(), m.room.ID, start.Add(time.Second)); err != nil {
					t.Errorf("clear: %v", err)
				}
			case i == 1 && n == 15:
				if err := s.Delete(t.Context(), m.room.ID, m.task, start); err != nil {
					t.Errorf("delete: %v", err)
				}
			default:
				crowd := slices.Concat(people[(i+n)%40:], people[:(i+n)%40])
				if i%2 == 0 {
					slices.Reverse(crowd)
				}
				if _, err := askAll(t, s, start, crowd...); err != nil {
					t.Errorf("ask: %v", err)
				}
			}
		}
	})
	entries, err := askAll(t, s, start, people...)
	if err != nil || slices.ContainsFunc(entries, func(e lobby.Entry) bool { return e != lobby.Entry{} }) {
		t.Errorf("of a room that is gone: %v, %v", entries, err)
	}
}
