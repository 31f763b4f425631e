package live_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/livekit"
)

// of returns an event of a participant.
func of(name, room, participant string) string {
	return strings.Replace(body(name, room, "RM_1", 0), `"id"`, `"participant":`+participant+`,"id"`, 1)
}

// TestCallsAreTold: telephony is told of participants that are calls, when they
// come and when they go, and of no others.
func TestCallsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.room(t, "room")
	const attributes = `"attributes":{"sip.callID":"SCL_1","parley.trunk_id":"ST_a"},"joinedAt":"1768478400"`
	const phone, browser = `{"identity":"sip_1","kind":"SIP",` + attributes + `}`, `{"identity":"ada","kind":"STANDARD",` + attributes + `}`
	for _, event := range []string{
		of(livekit.ParticipantJoined, id, phone), of(livekit.ParticipantJoined, id, browser),
		of(livekit.ParticipantJoined, id, `{"identity":"sip_2","kind":"SIP","joinedAt":"1768478400"}`),
		of(livekit.TrackPublished, id, phone), of(livekit.ParticipantJoined, "stranger", phone),
		of(livekit.ParticipantLeft, id, strings.Replace(phone, `"kind"`, `"disconnectReason":"CLIENT_INITIATED","kind"`, 1)),
		of(livekit.ParticipantLeft, id, browser),
	} {
		w.tell(t, event)
	}
	want := []string{fmt.Sprint(id, "SCL_1", "ST_a", false, ""), fmt.Sprint(id, "SCL_1", "ST_a", true, "CLIENT_INITIATED")}
	if !slices.Equal(w.calls, want) {
		t.Errorf("told %q, want %q", w.calls, want)
	}
	if len(w.happened) != 6 {
		t.Errorf("happened: %v", w.happened)
	}
}

// TestCallsAreToldLater: an event of a call is refused while telephony is away, so
// that LiveKit repeats it, and taken then. Events of others are taken meanwhile.
func TestCallsAreToldLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := uuid.NewString()
	joined := of(livekit.ParticipantJoined, id, `{"identity":"sip_1","kind":"SIP","attributes":{"sip.callID":"SCL_1"},"joinedAt":"1768478400"}`)
	w.mute = apierr.New(apierr.Unavailable, "")
	if err := w.Receive(t.Context(), []byte(joined), sign(t, joined, keySecret)); !apierr.Has(err, apierr.Unavailable) {
		t.Errorf("while telephony is away: %v", err)
	}
	w.tell(t, of(livekit.ParticipantJoined, id, `{"identity":"ada","joinedAt":"1768478400"}`))
	if len(w.happened) != 2 || len(w.calls) != 0 {
		t.Errorf("happened %v, told %v", w.happened, w.calls)
	}
	w.mute = nil
	w.tell(t, joined)
	if len(w.calls) != 1 {
		t.Errorf("told %v", w.calls)
	}
	want := `
		# HELP parley_room_livekit_events_total Webhook requests of LiveKit, by event and what came of them.
		# TYPE parley_room_livekit_events_total counter
		parley_room_livekit_events_total{event="participant_joined",outcome="applied"} 2
		parley_room_livekit_events_total{event="participant_joined",outcome="failed"} 1
	`
	if err := testutil.GatherAndCompare(w.registry, strings.NewReader(want), "parley_room_livekit_events_total"); err != nil {
		t.Error(err)
	}
}
