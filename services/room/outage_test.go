package room_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/testkit"
)

// TestTelephonyAway: rooms are created and shown without a dial-in, which
// follows.
func TestTelephonyAway(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.telephony.set(true)
	view := s.create(t, "room", public)
	if view.GetDialIn() != nil || view.GetConnection() == nil {
		t.Fatalf("view %v", view)
	}
	if got := s.get(t, nil, "room"); got.GetDialIn() != nil || got.GetConnection() == nil {
		t.Fatalf("view %v", got)
	}
	s.telephony.set(false)
	testkit.Eventually(t, 5*time.Second, func() error {
		if s.get(t, nil, "room").GetDialIn().GetPin() == "" {
			return errors.New("no PIN")
		}
		return nil
	})
}

// TestTokenAway: nobody is sent to the lobby by a view without connection, and
// a failed creation can be repeated.
func TestTokenAway(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.create(t, "room", public)
	s.create(t, "closed", restricted)
	s.token.set(true)
	_, err := s.rooms.GetRoom(t.Context(), &roomv1.GetRoomRequest{IdOrSlug: "room"})
	wantReason(t, err, apierr.Unavailable)
	if got := s.get(t, nil, "closed"); got.GetConnection() != nil { // no token is needed to be refused
		t.Errorf("view %v", got)
	}
	create := &roomv1.CreateRoomRequest{Name: "another"}
	_, err = s.rooms.CreateRoom(s.as(t, s.owner), create)
	wantReason(t, err, apierr.Unavailable)
	s.token.set(false)
	if _, err = s.rooms.CreateRoom(s.as(t, s.owner), create); err != nil {
		t.Errorf("repeated: %v", err)
	}
}

// TestAuthAway: what needs the user's defaults is refused, not guessed; all else
// goes on.
func TestAuthAway(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.create(t, "room", public)
	s.auth.set(true)
	view := s.get(t, s.owner, "room")
	want := &authv1.User{Id: s.owner.ID, Sub: s.owner.Sub, Email: s.owner.Email, FullName: s.owner.FullName}
	if len(view.GetAccesses()) != 1 || !proto.Equal(view.GetAccesses()[0].GetUser(), want) || view.GetConnection() == nil {
		t.Errorf("view %v", view)
	}
	open := &roomv1.CreateRoomRequest{Name: "open"}
	_, err := s.rooms.CreateRoom(s.as(t, s.owner), open)
	wantReason(t, err, apierr.Unavailable)
	open.AccessLevel, open.Configuration = public, object(map[string]any{"everyone_can_mute": true})
	made, err := s.rooms.CreateRoom(s.as(t, s.owner), open)
	if err != nil || !proto.Equal(made.GetRoom().GetAccesses()[0].GetUser(), want) {
		t.Errorf("with nothing left open: %v, %v", made, err)
	}
	// While auth is there the owner is shown as in every other answer.
	s.auth.set(false)
	open.Name = "shown"
	made, err = s.rooms.CreateRoom(s.as(t, s.owner), open)
	if again := s.get(t, s.owner, "shown"); err != nil || !proto.Equal(made.GetRoom().GetAccesses()[0], again.GetAccesses()[0]) {
		t.Errorf("created as %v, %v; then shown as %v", made, err, again)
	}
}
