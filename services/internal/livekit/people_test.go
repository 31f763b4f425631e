package livekit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"
	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/internal/livekit"
)

// TestPeople: who is in a room is told from who is not, a phone from others, and
// a LiveKit that does not unmute from one that fails.
func TestPeople(t *testing.T) {
	t.Parallel()
	server := testkit.LiveKit(t, testkit.LiveKitOptions{KeepsMuted: true})
	rooms := livekit.NewRooms(server.APIURL, server.APIKey, server.APISecret)
	if people, err := rooms.People(t.Context(), "room"); err != nil || len(people) != 0 {
		t.Errorf("a room that LiveKit does not have: %v, %v", people, err)
	}
	if sessions, err := rooms.Sessions(t.Context()); err != nil || len(sessions) != 0 {
		t.Errorf("sessions %v, %v", sessions, err)
	}
	token, err := auth.NewAccessToken(server.APIKey, server.APISecret).SetIdentity("sip_1").SetKind(protocol.ParticipantInfo_SIP).
		SetVideoGrant(&auth.VideoGrant{RoomJoin: true, Room: "room"}).ToJWT()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-time.Second)
	joined, err := lksdk.ConnectToRoomWithToken(server.URL, token, lksdk.NewRoomCallback())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(joined.Disconnect)
	testkit.Eventually(t, 5*time.Second, func() error {
		people, err := rooms.People(t.Context(), "room")
		if err == nil && (len(people) != 1 || people[0].Identity != "sip_1" || !people[0].Phone || people[0].Joined.Before(began)) {
			return errors.New("the caller is not there")
		}
		return err
	})
	sessions, err := rooms.Sessions(t.Context())
	if err != nil || len(sessions) != 1 || sessions[0].Room != "room" || sessions[0].SID == "" || sessions[0].Created.Before(began) {
		t.Errorf("sessions %+v, %v", sessions, err)
	}
	if err := rooms.Unmute(t.Context(), "room", "sip_1", "TR_x"); !errors.Is(err, livekit.ErrUnmuteDisabled) {
		t.Errorf("unmute: %v", err)
	}
	if err := rooms.Unmute(t.Context(), "room", "nobody", "TR_x"); err == nil || errors.Is(err, livekit.ErrUnmuteDisabled) {
		t.Errorf("unmute nobody: %v", err)
	}
	if err := rooms.Remove(t.Context(), "room", "nobody"); !apierr.Has(err, apierr.ParticipantNotFound) {
		t.Errorf("remove nobody: %v", err)
	}
}
