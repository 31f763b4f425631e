package room_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/testkit"
)

// TestHangingLiveKit: telling the people in a room of its change neither delays
// the answer nor fails it, and happens only for a change.
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
	var longest time.Duration
	for i, room := range []*roomv1.Room{
		{AccessLevel: public}, {Name: "Room!"}, {AccessLevel: trusted},
		{Configuration: object(map[string]any{"everyone_can_mute": false})},
		{Configuration: object(map[string]any{"everyone_can_mute": false})},
	} {
		if i == 2 && calls.Load() != 0 {
			t.Errorf("%d calls for no change", calls.Load())
		}
		began := time.Now()
		if _, err := s.rooms.UpdateRoom(s.as(t, s.owner), &roomv1.UpdateRoomRequest{IdOrSlug: "room", Room: room}); err != nil {
			t.Errorf("update %d: %v", i, err)
		}
		longest = max(longest, time.Since(began))
	}
	if longest > time.Second { // how long LiveKit is given
		t.Errorf("an answer took %v", longest)
	}
	testkit.Eventually(t, 10*time.Second, func() error {
		if calls.Load() == 0 {
			return errors.New("LiveKit is not told")
		}
		return nil
	})
}
