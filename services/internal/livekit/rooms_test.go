package livekit_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/internal/livekit"
)

func TestMergeMetadata(t *testing.T) {
	t.Parallel()
	server := testkit.LiveKit(t, testkit.LiveKitOptions{})
	rooms := livekit.NewRooms(server.APIURL, server.APIKey, server.APISecret)
	sdk := lksdk.NewRoomServiceClient(server.APIURL, server.APIKey, server.APISecret)
	values := map[string]json.RawMessage{"access_level": json.RawMessage(`"public"`)}

	if err := rooms.MergeMetadata(t.Context(), "nobody-here", values); err != nil {
		t.Errorf("a room that LiveKit does not have: %v", err)
	}
	for before, want := range map[string]string{
		``: `{"access_level":"public"}`,
		`{"recording_status":"started","access_level":"trusted"}`: `{"access_level":"public","recording_status":"started"}`,
		`null`:     `{"access_level":"public"}`,
		`not JSON`: `{"access_level":"public"}`,
	} {
		name := "room " + before
		if _, err := sdk.CreateRoom(t.Context(), &protocol.CreateRoomRequest{Name: name, Metadata: before}); err != nil {
			t.Fatal(err)
		}
		if err := rooms.MergeMetadata(t.Context(), name, values); err != nil {
			t.Fatalf("%q: %v", before, err)
		}
		// LiveKit lists a change a moment after it has answered it.
		testkit.Eventually(t, 10*time.Second, func() error {
			found, err := sdk.ListRooms(t.Context(), &protocol.ListRoomsRequest{Names: []string{name}})
			if err != nil || len(found.GetRooms()) != 1 || found.GetRooms()[0].GetMetadata() != want {
				return fmt.Errorf("%q becomes %v, error %w; want %s", before, found, err, want)
			}
			return nil
		})
	}

	wrong := livekit.NewRooms(server.APIURL, server.APIKey, "wrong")
	if err := wrong.MergeMetadata(t.Context(), "x", values); err == nil {
		t.Error("a wrong secret is no error")
	}
}

// TestSendData: what people in the room get is in the contract's tests; here,
// that a room without anybody is no error and a server that refuses is one.
func TestSendData(t *testing.T) {
	t.Parallel()
	server := testkit.LiveKit(t, testkit.LiveKitOptions{})
	rooms := livekit.NewRooms(server.APIURL, server.APIKey, server.APISecret)
	if err := rooms.SendData(t.Context(), "nobody-here", []byte("{}")); err != nil {
		t.Errorf("a room that LiveKit does not have: %v", err)
	}
	wrong := livekit.NewRooms(server.APIURL, server.APIKey, "wrong")
	if err := wrong.SendData(t.Context(), "x", []byte("{}")); err == nil {
		t.Error("a wrong secret is no error")
	}
}
