package livekit_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"

	"github.com/parleymeet/parley/services/internal/livekit"
)

// TestCallOfEvent: who has the kind of a telephone, by LiveKit's word, and names a
// call is one; what it says is bounded and cleaned.
func TestCallOfEvent(t *testing.T) {
	t.Parallel()
	const secret = "a secret of thirty-two characters"
	events := livekit.NewEvents("key", secret)
	at := time.Now().Truncate(time.Second).UTC()
	joined := at.Add(-time.Minute)
	read := func(name, participant string) *livekit.Call {
		t.Helper()
		body := fmt.Sprintf(`{"event":%q,"room":{"name":"r"},"participant":%s,"createdAt":"%d"}`, name, participant, at.Unix())
		sum := sha256.Sum256([]byte(body))
		token, err := auth.NewAccessToken("key", secret).SetValidFor(time.Minute).
			SetSha256(base64.StdEncoding.EncodeToString(sum[:])).ToJWT()
		if err != nil {
			t.Fatal(err)
		}
		event, err := events.Read([]byte(body), token)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return event.Call
	}
	// times are those of a participant that joined before the event.
	times := func(ago time.Duration) string {
		return fmt.Sprintf(`"joinedAt":"%d","joinedAtMs":"%d"`, at.Add(-ago).Unix(), at.Add(-ago).UnixMilli())
	}
	long := strings.Repeat("é", 200)
	for name, c := range map[string]struct {
		event, participant string
		want               *livekit.Call
	}{
		"joined": {
			livekit.ParticipantJoined, `{"kind":"SIP","attributes":{"sip.callID":"SCL_1","parley.trunk_id":"ST_a"},` + times(time.Minute) + `}`,
			&livekit.Call{ID: "SCL_1", TrunkID: "ST_a", Joined: joined},
		},
		"told to the second": {
			livekit.ParticipantJoined, fmt.Sprintf(`{"kind":"SIP","attributes":{"sip.callID":"SCL_1"},"joinedAt":"%d"}`, joined.Unix()),
			&livekit.Call{ID: "SCL_1", Joined: joined},
		},
		"left": {
			livekit.ParticipantLeft, `{"kind":"SIP","attributes":{"sip.callID":"SCL_1"},"disconnectReason":"CLIENT_INITIATED",` + times(time.Minute) + `}`,
			&livekit.Call{ID: "SCL_1", Joined: joined, Left: at, LeaveReason: "CLIENT_INITIATED"},
		},
		"left at once, for no reason": {
			livekit.ParticipantLeft, `{"kind":"SIP","attributes":{"sip.callID":"SCL_1"},` + times(-time.Second/2) + `}`,
			&livekit.Call{ID: "SCL_1", Joined: at.Add(time.Second / 2), Left: at.Add(time.Second / 2)},
		},
		"endless and odd": {
			livekit.ParticipantJoined, `{"kind":"SIP","attributes":{"sip.callID":"\u0000` + long + `","parley.trunk_id":"x` + long + `"},` + times(time.Minute) + `}`,
			&livekit.Call{ID: long[:256], TrunkID: "x" + long[:254], Joined: joined},
		},
		"a browser that says so": {
			livekit.ParticipantJoined, `{"kind":"STANDARD","attributes":{"sip.callID":"SCL_1"},` + times(time.Minute) + `}`, nil,
		},
		"no call": {livekit.ParticipantJoined, `{"kind":"SIP","attributes":{"sip.callID":"\u0000"},` + times(time.Minute) + `}`, nil},
		"nobody":  {livekit.ParticipantJoined, `null`, nil},
	} {
		if got := read(c.event, c.participant); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
