package room_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/testkit"
)

const (
	waiting  = roomv1.EntryStatus_ENTRY_STATUS_WAITING
	accepted = roomv1.EntryStatus_ENTRY_STATUS_ACCEPTED
	denied   = roomv1.EntryStatus_ENTRY_STATUS_DENIED
)

// lobby is the lobby as the gateway sees it.
type lobby struct {
	*suite
	client roomv1.LobbyServiceClient
}

func newLobby(t *testing.T, environ ...string) *lobby {
	s := newSuite(t, environ...)
	return &lobby{s, roomv1.NewLobbyServiceClient(s.conns[0])}
}

func (l *lobby) ask(t *testing.T, user *identity.User, name, pass string) *roomv1.RequestEntryResponse {
	t.Helper()
	resp, err := l.client.RequestEntry(l.as(t, user), &roomv1.RequestEntryRequest{
		IdOrSlug: "room", Username: name, Pass: pass, ClientAddress: "192.0.2.1",
	})
	if err != nil {
		t.Fatalf("request entry: %v", err)
	}
	return resp
}

func (l *lobby) queue(t *testing.T) []*roomv1.LobbyEntry {
	t.Helper()
	resp, err := l.client.ListWaiting(l.as(t, l.owner), &roomv1.ListWaitingRequest{IdOrSlug: "room"})
	if err != nil {
		t.Fatalf("list waiting: %v", err)
	}
	return resp.GetEntries()
}

func (l *lobby) decide(t *testing.T, user *identity.User, id string, allow bool) error {
	t.Helper()
	_, err := l.client.DecideEntry(l.as(t, user), &roomv1.DecideEntryRequest{IdOrSlug: "room", ParticipantId: id, Allow: allow})
	return err
}

func TestLobby(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "LOBBY_DENIED_TIMEOUT=1", "LOBBY_WAITING_TIMEOUT=60")
	room := l.create(t, "room", restricted).GetRoom()

	first := l.ask(t, nil, "Gil", "")
	entry := first.GetEntry()
	id := entry.GetParticipantId()
	if entry.GetStatus() != waiting || entry.GetUsername() != "Gil" || first.GetConnection() != nil || uuid.Validate(id) != nil {
		t.Fatalf("first request: %v", first)
	}
	if again := l.ask(t, nil, "Other", first.GetPass()); !proto.Equal(again, first) {
		t.Errorf("second request: %v, want %v", again, first)
	}
	if queue := l.queue(t); len(queue) != 1 || !proto.Equal(queue[0], entry) {
		t.Errorf("queue %v", queue)
	}

	if err := l.decide(t, l.owner, id, false); err != nil {
		t.Fatal(err)
	}
	if got := l.ask(t, nil, "Gil", first.GetPass()); got.GetEntry().GetStatus() != denied || got.GetConnection() != nil {
		t.Errorf("denied: %v", got)
	}
	if queue := l.queue(t); len(queue) != 0 {
		t.Errorf("queue after a decision: %v", queue)
	}
	testkit.Eventually(t, 5*time.Second, func() error { // the refusal ends, and the wait begins anew
		if got := l.ask(t, nil, "Renamed", first.GetPass()).GetEntry(); got.GetStatus() != waiting || got.GetUsername() != "Renamed" {
			return apierr.New(apierr.Internal, "still %v", got)
		}
		return nil
	})

	if err := l.decide(t, l.owner, id, true); err != nil {
		t.Fatal(err)
	}
	got := l.ask(t, nil, "Gil at last", first.GetPass())
	token := l.token.asked()
	if got.GetEntry().GetStatus() != accepted || got.GetConnection().GetRoom() != room.GetId() || token.GetIdentity() != id ||
		token.GetName() != "Gil at last" || token.GetRoomAdmin() || token.GetAttributes()["color"] != entry.GetColor() {
		t.Errorf("accepted: %v with token %v", got, token)
	}
}

// TestLobbyUser: a user in the lobby is itself in the meeting.
func TestLobbyUser(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	l.create(t, "room", restricted)
	got := l.ask(t, l.stranger, "Stranger", "")
	if got.GetEntry().GetStatus() != waiting {
		t.Fatalf("stranger: %v", got)
	}
	if err := l.decide(t, l.owner, got.GetEntry().GetParticipantId(), true); err != nil {
		t.Fatal(err)
	}
	l.ask(t, l.stranger, "Stranger", got.GetPass())
	if token := l.token.asked(); token.GetIdentity() != l.stranger.Sub || token.GetAttributes()["color"] != got.GetEntry().GetColor() {
		t.Errorf("token %v", token)
	}
}

// TestLobbyIDs: nobody is who it says it is.
func TestLobbyIDs(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	l.create(t, "room", restricted)
	pass := l.ask(t, nil, "Gil", "").GetPass()
	id, proof, _ := strings.Cut(pass, ".")
	for name, forged := range map[string]string{
		"bare id": id, "another id": uuid.NewString() + "." + proof, "a sub": l.owner.Sub + "." + proof, "a user's id": l.owner.ID,
		"other spelling": strings.ToUpper(id) + "." + proof, "no hyphens": strings.ReplaceAll(id, "-", "") + "." + proof,
		"cut": pass[:len(pass)-1], "longer": pass + "A", "no id": "." + proof, "junk": strings.Repeat("x", 500),
	} {
		got := l.ask(t, nil, name, forged).GetEntry().GetParticipantId()
		if got == id || strings.HasPrefix(forged, got) || uuid.Validate(got) != nil {
			t.Errorf("%s: taken for %s", name, got)
		}
	}
	if got := l.ask(t, nil, "Gil", pass).GetEntry().GetParticipantId(); got != id {
		t.Errorf("the true pass gives %s, want %s", got, id)
	}
}

// TestLobbyBypass: who may enter at once does, at every request, and waits nowhere.
func TestLobbyBypass(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	room := l.create(t, "room", restricted).GetRoom()
	l.grant(t, room.GetId(), map[string]*identity.User{"member": l.member})
	people := map[string]*identity.User{"anonymous": nil, "stranger": l.stranger, "member": l.member}
	passes := map[string]string{}
	for _, level := range []struct {
		level  roomv1.AccessLevel
		enters map[string]bool
	}{
		{restricted, map[string]bool{"member": true}},
		{trusted, map[string]bool{"member": true, "stranger": true}},
		{public, map[string]bool{"member": true, "stranger": true, "anonymous": true}},
		{restricted, map[string]bool{"member": true}},
	} {
		if _, err := l.rooms.UpdateRoom(l.as(t, l.owner), &roomv1.UpdateRoomRequest{IdOrSlug: "room", Room: &roomv1.Room{AccessLevel: level.level}}); err != nil {
			t.Fatal(err)
		}
		for name, user := range people {
			got := l.ask(t, user, name, passes[name])
			passes[name] = got.GetPass()
			want := waiting
			if level.enters[name] {
				want = accepted
			}
			if got.GetEntry().GetStatus() != want || (got.GetConnection() != nil) != level.enters[name] {
				t.Errorf("%v, %s: %v", level.level, name, got)
			}
		}
	}
	for _, entry := range l.queue(t) {
		if entry.GetUsername() == "member" {
			t.Error("the member is in the queue")
		}
	}
}

func TestLobbyRights(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	room := l.create(t, "room", restricted).GetRoom()
	l.grant(t, room.GetId(), map[string]*identity.User{"member": l.member, "administrator": l.administrator})
	id := l.ask(t, nil, "Gil", "").GetEntry().GetParticipantId()
	list := func(user *identity.User, key string) error {
		_, err := l.client.ListWaiting(l.as(t, user), &roomv1.ListWaitingRequest{IdOrSlug: key})
		return err
	}
	for _, user := range []*identity.User{l.member, l.stranger} {
		for _, err := range []error{list(user, "room"), l.decide(t, user, id, true)} {
			wantReason(t, err, apierr.PermissionDenied)
			if text := apierr.From(err).PublicText(); text != "You must have privileges on room to perform this action." {
				t.Errorf("text %q", text)
			}
		}
	}
	wantReason(t, list(nil, "room"), apierr.Unauthenticated)
	wantReason(t, l.decide(t, nil, id, true), apierr.Unauthenticated)
	wantReason(t, list(l.administrator, "nowhere"), apierr.RoomNotFound)
	wantReason(t, l.decide(t, l.administrator, uuid.NewString(), true), apierr.LobbyEntryNotFound)
	if err := l.decide(t, l.administrator, strings.ToUpper(id), true); err == nil {
		t.Error("ids have one spelling")
	}
	if err := l.decide(t, l.administrator, id, true); err != nil {
		t.Error(err)
	}
	_, err := l.client.RequestEntry(t.Context(), &roomv1.RequestEntryRequest{IdOrSlug: "nowhere", Username: "Gil"})
	wantReason(t, err, apierr.RoomNotFound)
	_, err = roomv1.NewLobbyServiceClient(l.conns[1]).ListWaiting(t.Context(), &roomv1.ListWaitingRequest{IdOrSlug: "room"})
	wantReason(t, err, apierr.CallerNotAllowed)

	if _, err := l.rooms.UpdateRoom(l.as(t, l.owner), &roomv1.UpdateRoomRequest{IdOrSlug: "room", Room: &roomv1.Room{AccessLevel: public}}); err != nil {
		t.Fatal(err)
	}
	wantReason(t, l.decide(t, l.owner, id, true), apierr.RoomHasNoLobby)
	if queue := l.queue(t); len(queue) != 0 {
		t.Errorf("a public room has the queue %v", queue)
	}
}

// TestLobbyNames: nobody has a name so long that the list of who waits could not
// be sent.
func TestLobbyNames(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	l.create(t, "room", restricted)
	_, err := l.client.RequestEntry(t.Context(), &roomv1.RequestEntryRequest{IdOrSlug: "room", Username: strings.Repeat("x", 256)})
	wantReason(t, err, apierr.InvalidFields)
	l.ask(t, nil, strings.Repeat("é", 255), "")
	if queue := l.queue(t); len(queue) != 1 {
		t.Errorf("queue %v", queue)
	}
}

// TestLobbyThrottle: one person by its pass, new people by their address, users
// by themselves, each without the others.
func TestLobbyThrottle(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "REQUEST_ENTRY_THROTTLE_RATES=3/hour")
	l.create(t, "room", restricted)
	pass := l.ask(t, nil, "Gil", "").GetPass() // the first from 192.0.2.1
	ask := func(user *identity.User, pass, address string) error {
		_, err := l.client.RequestEntry(l.as(t, user), &roomv1.RequestEntryRequest{
			IdOrSlug: "room", Username: "x", Pass: pass, ClientAddress: address,
		})
		return err
	}
	for name, c := range map[string]struct {
		user          *identity.User
		pass, address string
		granted       int
	}{
		"pass":          {nil, pass, "192.0.2.1", 3},
		"address":       {nil, "forged", "::ffff:192.0.2.1", 2},
		"user":          {l.stranger, pass, "192.0.2.1", 3},
		"other address": {nil, "", "192.0.2.2", 3},
		"no address":    {nil, "", "", 3},
	} {
		for i := range 4 {
			err := ask(c.user, c.pass, c.address)
			if i < c.granted {
				if err != nil {
					t.Errorf("%s, request %d: %v", name, i+1, err)
				}
				continue
			}
			wantReason(t, err, apierr.Throttled)
			if wait := apierr.From(err).RetryAfter; wait <= 59*time.Minute || wait > time.Hour {
				t.Errorf("%s: wait %v", name, wait)
			}
		}
	}
	for i, address := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::3:4:5:6"} { // one household
		if err := ask(nil, "", address); err != nil {
			t.Errorf("request %d: %v", i+1, err)
		}
	}
	wantReason(t, ask(nil, "", "2001:db8::7"), apierr.Throttled)
	if err := ask(nil, "", "2001:db8:0:1::7"); err != nil {
		t.Errorf("next door: %v", err)
	}
}

// TestLobbyAddressLimit: whoever floods a lobby from one address, with as many
// passes as it likes, does not keep others off the list.
func TestLobbyAddressLimit(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "LOBBY_ADDRESS_LIMIT=2", "LOBBY_WAITING_TIMEOUT=60")
	l.create(t, "room", restricted)
	l.create(t, "elsewhere", restricted)
	ask := func(user *identity.User, room, pass, address string) (*roomv1.RequestEntryResponse, error) {
		return l.client.RequestEntry(l.as(t, user), &roomv1.RequestEntryRequest{
			IdOrSlug: room, Username: "x", Pass: pass, ClientAddress: address,
		})
	}
	passes := make([]string, 0, 3)
	for range 3 { // collected where there was room
		got, err := ask(nil, "elsewhere", "", "192.0.2."+fmt.Sprint(len(passes)))
		if err != nil {
			t.Fatal(err)
		}
		passes = append(passes, got.GetPass())
	}
	first, err := ask(nil, "room", passes[0], "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(l.stranger, "room", "", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	for name, pass := range map[string]string{"with a pass": passes[1], "without": ""} {
		_, err := ask(nil, "room", pass, "192.0.2.1")
		wantReason(t, err, apierr.Throttled)
		if wait := apierr.From(err).RetryAfter; wait != time.Minute {
			t.Errorf("%s: wait %v", name, wait)
		}
	}
	for name, c := range map[string]struct {
		user          *identity.User
		pass, address string
	}{
		"who waits already": {nil, passes[0], "192.0.2.1"}, "who needs not wait": {l.owner, "", "192.0.2.1"},
		"from elsewhere": {nil, passes[2], "192.0.2.9"},
	} {
		if _, err := ask(c.user, "room", c.pass, c.address); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if queue := l.queue(t); len(queue) != 3 {
		t.Errorf("queue %v", queue)
	}
	if err := l.decide(t, l.owner, first.GetEntry().GetParticipantId(), true); err != nil {
		t.Fatal(err)
	}
	if got, err := ask(nil, "room", passes[0], "192.0.2.1"); err != nil || got.GetEntry().GetStatus() != accepted {
		t.Errorf("let in: %v, %v", got, err)
	}
	if _, err := ask(nil, "room", passes[1], "192.0.2.1"); err != nil {
		t.Errorf("in the place of who was let in: %v", err)
	}
}

// TestLobbyOutage: without token nobody is told to be accepted and then kept out.
func TestLobbyOutage(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	l.create(t, "room", public)
	l.token.set(true)
	_, err := l.client.RequestEntry(t.Context(), &roomv1.RequestEntryRequest{IdOrSlug: "room", Username: "Gil"})
	wantReason(t, err, apierr.Unavailable)
	l.token.set(false)
	l.ask(t, nil, "Gil", "")
}
