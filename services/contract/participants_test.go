package contract

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"github.com/parleymeet/parley/pkg/testkit"
)

// callBecomes waits until the operator sees the last call into a room in that state,
// with that end reason, and returns it. LiveKit repeats a webhook after up to 8 s.
func (b *browser) callBecomes(t *testing.T, room map[string]any, state, reason string) (call map[string]any) {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, func() error {
		got := b.do(t, http.MethodGet, "/api/v1.0/telephony/calls/?room="+room["id"].(string), nil)
		list, _ := got.json["results"].([]any)
		if got.status != http.StatusOK || len(list) == 0 { // telephony may have been away
			return fmt.Errorf("calls: %d %s", got.status, got.raw)
		}
		if call = list[0].(map[string]any); call["state"] != state || call["end_reason"] != reason {
			return fmt.Errorf("call %v, want %s, %q", call, state, reason)
		}
		return nil
	})
	return call
}

// testCallsByWebhook: a caller who leaves the room has ended the call, though LiveKit SIP
// says nothing of it, and what it says later counts more.
func testCallsByWebhook(t *testing.T, d *deployment) {
	operator := d.login(t, "operator@example.org")
	room := d.login(t, "ada.lovelace@example.org").createRoom(t, "told-by-webhook")
	bus := d.sipBus(t)
	caller := d.callIn(t, bus, "+33612345678", room)
	id := caller.answer.GetParticipantAttributes()["sip.callID"]
	if call := operator.callBecomes(t, room, "joined", ""); id == "" || call["id"] != id {
		t.Fatalf("the participant is of call %q, the record is %v", id, call)
	}
	say := func(status livekit.SIPCallStatus, failure string) {
		t.Helper()
		now := time.Now().UnixNano()
		if _, err := bus.UpdateSIPCallState(t.Context(), &rpc.UpdateSIPCallStateRequest{CallInfo: &livekit.SIPCallInfo{
			CallId: id, RoomName: caller.answer.GetRoomName(), CallStatus: status, StartedAtNs: now, EndedAtNs: now, Error: failure,
		}}); err != nil {
			t.Fatal(err)
		}
	}
	say(livekit.SIPCallStatus_SCS_ACTIVE, "")
	operator.callBecomes(t, room, "active", "")
	caller.room.Disconnect()
	ended := operator.callBecomes(t, room, "ended", "CLIENT_INITIATED")
	if strings.Contains(fmt.Sprint(ended), "612345678") {
		t.Errorf("a number in %v", ended)
	}
	say(livekit.SIPCallStatus_SCS_ERROR, "the carrier is gone")
	operator.callBecomes(t, room, "failed", "the carrier is gone")
}

// enterAs enters a room as LiveKit SIP does that is told everything but a token.
func (d *deployment) enterAs(t *testing.T, answer *rpc.EvaluateSIPDispatchRulesResponse) *lksdk.Room {
	t.Helper()
	token, err := auth.NewAccessToken(d.livekit.APIKey, d.livekit.APISecret).SetIdentity(answer.GetParticipantIdentity()).
		SetKind(livekit.ParticipantInfo_SIP).SetAttributes(answer.GetParticipantAttributes()).
		SetVideoGrant(&auth.VideoGrant{RoomJoin: true, Room: answer.GetRoomName()}).SetValidFor(time.Minute).ToJWT()
	if err != nil {
		t.Fatal(err)
	}
	return join(t, d.livekit.URL, token)
}

// leaveUnseen has a caller leave while telephony is away, until LiveKit has tried to
// say so.
func (d *deployment) leaveUnseen(t *testing.T, caller *lksdk.Room) {
	t.Helper()
	d.processes["telephony"].kill()
	caller.Disconnect()
	testkit.Eventually(t, 10*time.Second, func() error {
		for _, m := range d.metrics(t, "room")["parley_room_livekit_events_total"].GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["event"] == "participant_left" && labels["outcome"] == "failed" && m.GetCounter().GetValue() > 0 {
				return nil
			}
		}
		return errors.New("LiveKit has not said that the caller left")
	})
	d.processes["telephony"].start()
	d.waitReady(t, "telephony")
}
