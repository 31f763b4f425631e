package livekit

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

// callTimeout bounds calls under a context without an end of its own.
const callTimeout = 5 * time.Second

// Rooms reaches the rooms of a LiveKit server. It is safe for concurrent use.
type Rooms struct {
	client *lksdk.RoomServiceClient
}

// NewRooms returns the rooms of the server whose API is at url (http, https, ws
// or wss). It does not connect.
func NewRooms(url, apiKey, apiSecret string) *Rooms {
	return &Rooms{client: lksdk.NewRoomServiceClient(url, apiKey, apiSecret)}
}

// Sessions returns all rooms that LiveKit has now.
func (r *Rooms) Sessions(ctx context.Context) ([]Session, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := r.client.ListRooms(ctx, &livekit.ListRoomsRequest{})
	if err != nil {
		return nil, fmt.Errorf("livekit: list rooms: %w", err)
	}
	sessions := make([]Session, len(found.GetRooms()))
	for i, room := range found.GetRooms() {
		sessions[i] = sessionOf(room)
	}
	return sessions, nil
}

// MergeMetadata sets keys in the JSON object that is the room's metadata, and
// keeps the others. Metadata that is no JSON object is replaced. LiveKit offers
// no conditional write, and lists a change a moment after it has answered it: of
// two merges at about the same moment one may be lost.
func (r *Rooms) MergeMetadata(ctx context.Context, room string, values map[string]json.RawMessage) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := r.client.ListRooms(ctx, &livekit.ListRoomsRequest{Names: []string{room}})
	if err != nil {
		return fmt.Errorf("livekit: list rooms: %w", err)
	}
	if len(found.GetRooms()) == 0 {
		return nil
	}
	merged := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(found.GetRooms()[0].GetMetadata()), &merged) != nil || merged == nil {
		merged = map[string]json.RawMessage{}
	}
	maps.Copy(merged, values)
	text, err := json.Marshal(merged)
	if err != nil {
		return fmt.Errorf("livekit: room metadata: %w", err)
	}
	_, err = r.client.UpdateRoomMetadata(ctx, &livekit.UpdateRoomMetadataRequest{Room: room, Metadata: string(text)})
	if err != nil {
		return fmt.Errorf("livekit: update room metadata: %w", err)
	}
	return nil
}

// SendData sends bytes to everybody in the room, reliably. Where nobody is it
// does nothing: LiveKit would look for the room on all of its nodes.
func (r *Rooms) SendData(ctx context.Context, room string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := r.client.ListRooms(ctx, &livekit.ListRoomsRequest{Names: []string{room}})
	if err != nil {
		return fmt.Errorf("livekit: list rooms: %w", err)
	}
	if len(found.GetRooms()) == 0 {
		return nil
	}
	_, err = r.client.SendData(ctx, &livekit.SendDataRequest{Room: room, Data: data, Kind: livekit.DataPacket_RELIABLE})
	if err != nil {
		return fmt.Errorf("livekit: send data: %w", err)
	}
	return nil
}
