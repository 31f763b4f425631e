package room_test

import (
	"fmt"
	"sync"
	"testing"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

// TestLobbyCrowd: those who ask at the same time are answered together, but each
// as itself: visitors and users, with and without a place, in rooms that wait,
// admit or are not there.
func TestLobbyCrowd(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	l.create(t, "room", restricted)
	public := l.create(t, "open", roomv1.AccessLevel_ACCESS_LEVEL_PUBLIC).GetRoom().GetId()
	twice := l.ask(t, nil, "Two windows", "")

	type question struct {
		user       *identity.User
		room, pass string
		want       roomv1.EntryStatus
	}
	questions := map[string]question{
		"owner": {user: l.owner, room: "room", want: accepted}, "stranger": {user: l.stranger, room: "room", want: waiting},
		"window 1": {room: "room", pass: twice.GetPass(), want: waiting}, "window 2": {room: "room", pass: twice.GetPass(), want: waiting},
	}
	for i := range 20 {
		questions[fmt.Sprint("guest ", i)] = question{room: "room", want: waiting}
		questions[fmt.Sprint("visitor ", i)] = question{room: public, want: accepted}
		questions[fmt.Sprint("lost ", i)] = question{room: "nowhere"}
		own := fmt.Sprint("own-", i)
		l.create(t, own, restricted)
		questions["alone in "+own] = question{room: own, want: waiting}
	}
	var (
		asking sync.WaitGroup
		mu     sync.Mutex
		people = map[string]string{}
	)
	for name, q := range questions {
		asking.Go(func() {
			got, err := l.client.RequestEntry(l.as(t, q.user), &roomv1.RequestEntryRequest{
				IdOrSlug: q.room, Username: name, Pass: q.pass, ClientAddress: "192.0.2." + fmt.Sprint(len(name)),
			})
			if q.want == 0 {
				if !apierr.Has(err, apierr.RoomNotFound) {
					t.Errorf("%s: %v, %v", name, got, err)
				}
				return
			}
			wantName := name
			if q.pass != "" {
				wantName = "Two windows"
			}
			if err != nil || got.GetEntry().GetStatus() != q.want || got.GetEntry().GetUsername() != wantName || (got.GetConnection() != nil) != (q.want == accepted) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
			mu.Lock()
			defer mu.Unlock()
			people[name] = got.GetEntry().GetParticipantId()
		})
	}
	asking.Wait()
	distinct := map[string]bool{}
	for _, id := range people {
		distinct[id] = true
	}
	if len(people) != 64 || len(distinct) != 63 || people["window 1"] != people["window 2"] {
		t.Errorf("%d answers to %d people", len(people), len(distinct))
	}
	if queue := l.queue(t); len(queue) != 22 {
		t.Errorf("%d wait, want 20 guests, the stranger and the one with two windows", len(queue))
	}
}
