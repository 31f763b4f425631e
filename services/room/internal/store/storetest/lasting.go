package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/services/room/internal/lobby"
)

// lastingInLobby: who need not be written again, and that nothing is changed by
// looking.
func lastingInLobby(t *testing.T, s Store) {
	room, elsewhere := create(t, s, "room", uuid.NewString()).room.ID, create(t, s, "elsewhere", uuid.NewString()).room.ID
	people := map[string]lobby.Entry{}
	for _, name := range []string{"waits", "decided", "renamed"} {
		people[name] = ask(t, s, asking(room, uuid.NewString(), name, start))
	}
	until := start.Add(time.Minute)
	decided := people["decided"]
	if err := s.Decide(t.Context(), lobby.Key{RoomID: room, ParticipantID: decided.ParticipantID}, lobby.Denied, until, start); err != nil {
		t.Fatal(err)
	}
	decided.Status, decided.ExpiresAt = lobby.Denied, until

	drafts := make([]lobby.Draft, 0, len(people)+2)
	for name, e := range people {
		d := lobby.Draft{Key: lobby.Key{RoomID: room, ParticipantID: e.ParticipantID}, Identity: e.Identity, Username: "Other", Color: "hsl(9, 60%, 30%)"}
		if name == "renamed" {
			d.Identity = "sub"
		}
		drafts = append(drafts, d)
	}
	waits := people["waits"]
	drafts = append(drafts,
		lobby.Draft{Key: lobby.Key{RoomID: elsewhere, ParticipantID: waits.ParticipantID}, Identity: waits.Identity},
		lobby.Draft{Key: lobby.Key{RoomID: room, ParticipantID: uuid.NewString()}, Identity: "nobody"})

	const tick = time.Microsecond
	end := waits.ExpiresAt
	for name, c := range map[string]struct {
		terms          lobby.Lasting
		waits, decided bool
	}{
		"both":            {lobby.Lasting{Now: start, Until: end, AskedAfter: start.Add(-tick)}, true, true},
		"not long enough": {lobby.Lasting{Now: start, Until: end.Add(tick), AskedAfter: start.Add(-tick)}, false, true},
		"asked too early": {lobby.Lasting{Now: start, Until: end, AskedAfter: start}, false, true},
		"expired":         {lobby.Lasting{Now: end, Until: end, AskedAfter: start.Add(-tick)}, false, true},
		"all expired":     {lobby.Lasting{Now: until, Until: until, AskedAfter: start.Add(-tick)}, false, false},
	} {
		got, err := s.Lasting(t.Context(), drafts, c.terms)
		if err != nil || len(got) != len(drafts) {
			t.Fatalf("%s: %+v; %v", name, got, err)
		}
		for i, d := range drafts {
			var want lobby.Entry
			switch d.Key {
			case lobby.Key{RoomID: room, ParticipantID: waits.ParticipantID}:
				if c.waits {
					want = waits
				}
			case lobby.Key{RoomID: room, ParticipantID: decided.ParticipantID}:
				if c.decided {
					want = decided
				}
			}
			if got[i] != want {
				t.Errorf("%s: %+v, want %+v", name, got[i], want)
			}
		}
	}
	if got, err := s.Lasting(t.Context(), nil, lobby.Lasting{Now: start}); err != nil || len(got) != 0 {
		t.Errorf("of nobody: %+v, %v", got, err)
	}
	if got, err := s.Ask(t.Context(), nil, lobby.Terms{Now: start}); err != nil || len(got) != 0 {
		t.Errorf("nobody asks: %+v, %v", got, err)
	}
}
