package contract

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"github.com/parleymeet/parley/pkg/testkit"
)

// TestArming: what LiveKit says of its rooms by webhook decides about calls, on
// trunks that ask for it. LiveKit is asked for its rooms so seldom here that
// nothing else could.
func TestArming(t *testing.T) {
	const seldom = "1h"
	for name, start := range map[string]func(*testing.T) *deployment{
		"standalone on SQLite": func(t *testing.T) *deployment { return startStandalone(t, "", "LIVE_ROOMS_INTERVAL", seldom) },
		"split on PostgreSQL": func(t *testing.T) *deployment {
			return startSplit(t, splitOptions{more: []string{"LIVE_ROOMS_INTERVAL", seldom}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			operator := d.login(t, "operator@example.org")
			trunk := operator.createTrunk(t, "Carrier", "+33199000123", 10)["id"].(string)
			path := "/api/v1.0/telephony/trunks/" + trunk + "/"
			bus := d.sipBus(t)
			operator.must(t, http.StatusOK, http.MethodPatch, path, map[string]any{"arming": "live"})
			testArmedLive(t, d, bus, trunk)
			operator.must(t, http.StatusOK, http.MethodPatch, path, map[string]any{"arming": "always", "guard": "on"})
			testGuarded(t, d, bus)
		})
	}
}

// becomes calls until the PIN is answered so, and returns the answer. The caller
// never arrives in the meeting.
func becomes(t *testing.T, bus rpc.IOInfoClient, room map[string]any, want rpc.SIPDispatchResult) (got *rpc.EvaluateSIPDispatchRulesResponse) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() error {
		got = dial(t, bus, call("+33612345699", "+33199000123"), room["pin_code"].(string))
		if got.GetResult() != want {
			return fmt.Errorf("the PIN is answered %v, want %v", got.GetResult(), want)
		}
		return nil
	})
	return got
}

// testArmedLive: a PIN is accepted from the begin of its room to the end.
func testArmedLive(t *testing.T, d *deployment, bus rpc.IOInfoClient, trunk string) {
	t.Helper()
	room := d.login(t, "ada.lovelace@example.org").createRoom(t, "armed")
	early := dial(t, bus, call("+33612345678", "+33199000123"), room["pin_code"].(string))
	if early.GetResult() != rpc.SIPDispatchResult_REJECT {
		t.Fatalf("before anybody is there: %v", early.GetResult())
	}
	testkit.Eventually(t, 10*time.Second, func() error {
		if refusals := d.mustParley(t, "trunk", "refusals", trunk); !strings.Contains(refusals, "pin_not_armed") {
			return fmt.Errorf("refused for another reason:\n%s", refusals)
		}
		return nil
	})
	url, token := connection(t, room)
	join(t, url, token)
	becomes(t, bus, room, rpc.SIPDispatchResult_ACCEPT)
	rooms := lksdk.NewRoomServiceClient(d.livekit.APIURL, d.livekit.APIKey, d.livekit.APISecret)
	if _, err := rooms.DeleteRoom(t.Context(), &livekit.DeleteRoomRequest{Room: room["id"].(string)}); err != nil {
		t.Fatal(err)
	}
	becomes(t, bus, room, rpc.SIPDispatchResult_REJECT)
}

// testGuarded: a guarded trunk lets nobody into a room that is not live, and only
// to the lobby of one that is, though it is public.
func testGuarded(t *testing.T, d *deployment, bus rpc.IOInfoClient) {
	t.Helper()
	ada := d.login(t, "ada.lovelace@example.org")
	room := ada.createRoom(t, "guarded")
	becomes(t, bus, room, rpc.SIPDispatchResult_REJECT)
	url, token := connection(t, room)
	publish(t, join(t, url, token))
	before := becomes(t, bus, room, rpc.SIPDispatchResult_ACCEPT)
	caller := d.callIn(t, bus, "+33612345678", room)
	d.stands(t, room, caller, false, true)
	ada.enter(t, http.StatusOK, room, ada.waitingIs(t, room, before.GetParticipantName(), caller.answer.GetParticipantName()), true)
	d.stands(t, room, caller, true, false)
}
