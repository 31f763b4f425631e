package room_test

import (
	"strings"
	"testing"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

func TestClaimCreatedRoom(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	claim := func(id string) string {
		t.Helper()
		resp, err := s.rooms.ClaimCreatedRoom(t.Context(), &roomv1.ClaimCreatedRoomRequest{CallbackId: id})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetSlug()
	}
	long := strings.Repeat("x", 100_000)
	for _, id := range []string{"known", long} {
		if slug := claim(id); slug != "" {
			t.Errorf("before the creation: %q", slug)
		}
		name := "room " + id[:1]
		if _, err := s.rooms.CreateRoom(s.as(t, s.owner), &roomv1.CreateRoomRequest{Name: name, CallbackId: id}); err != nil {
			t.Fatal(err)
		}
		if first, second := claim(id), claim(id); first != "room-"+id[:1] || second != "" {
			t.Errorf("claimed %q, then %q", first, second)
		}
	}
}

func TestConnectionTest(t *testing.T) {
	t.Parallel()
	for setting, name := range map[string]string{"true": "Connection Test", "false": "owner"} {
		s := newSuite(t, "AUTHENTICATED_PARTICIPANTS_CAN_EDIT_DISPLAY_NAME="+setting)
		resp, err := s.rooms.TestConnection(s.as(t, s.owner), &roomv1.TestConnectionRequest{})
		if err != nil {
			t.Fatal(err)
		}
		asked := s.token.asked()
		if !strings.HasPrefix(resp.GetConnection().GetRoom(), "connection-test-") || resp.GetTimeToLive().GetSeconds() != 300 ||
			asked.GetTimeToLive().GetSeconds() != 300 || asked.GetName() != name || asked.GetIdentity() != s.owner.Sub || asked.GetRoomAdmin() ||
			len(asked.GetPublishSources()) != 4 || asked.GetAttributes()["room_role"] != "" {
			t.Errorf("answer %v, token %v", resp, asked)
		}
		other, err := s.rooms.TestConnection(t.Context(), &roomv1.TestConnectionRequest{})
		if err != nil || other.GetConnection().GetRoom() == resp.GetConnection().GetRoom() || s.token.asked().GetName() != "Connection Test" {
			t.Errorf("a visitor: %v, %v", other, err)
		}
		s.token.set(true)
		_, err = s.rooms.TestConnection(t.Context(), &roomv1.TestConnectionRequest{})
		wantReason(t, err, apierr.Unavailable)
	}
}
