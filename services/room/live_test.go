package room_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
)

// TestHangingLiveKit: telling the people in a room of its change delays the
// answer by a second at most, never fails it, and happens only for a change.
func TestHangingLiveKit(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// A server sees that the client left only after this. Asking for all rooms has no body.
		if n, _ := io.Copy(io.Discard, r.Body); n > 0 {
			calls.Add(1)
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	s := newSuite(t, "LIVEKIT_API_URL="+server.URL, "LIVEKIT_API_KEY=key", "LIVEKIT_API_SECRET=secret")
	s.create(t, "room", public)
	for i, c := range []struct {
		room  *roomv1.Room
		calls int32
	}{
		{&roomv1.Room{AccessLevel: public}, 0},
		{&roomv1.Room{Name: "Room!"}, 0},
		{&roomv1.Room{AccessLevel: trusted}, 1},
		{&roomv1.Room{Configuration: object(map[string]any{"everyone_can_mute": false})}, 2},
		{&roomv1.Room{Configuration: object(map[string]any{"everyone_can_mute": false})}, 2},
	} {
		began := time.Now()
		_, err := s.rooms.UpdateRoom(s.as(t, s.owner), &roomv1.UpdateRoomRequest{IdOrSlug: "room", Room: c.room})
		if took := time.Since(began); err != nil || took > 1500*time.Millisecond {
			t.Errorf("update %d: error %v after %v", i, err, took)
		}
		if calls.Load() != c.calls {
			t.Errorf("update %d: %d calls, want %d", i, calls.Load(), c.calls)
		}
	}
}
