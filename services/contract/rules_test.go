package contract

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"github.com/parleymeet/parley/pkg/testkit"
)

// TestRulesMode: where LiveKit itself answers LiveKit SIP, it knows the PIN of a
// room from its begin to its end, and its calls are on record. LiveKit's webhooks are
// all that can tell: what it has is looked at so seldom here.
func TestRulesMode(t *testing.T) {
	t.Parallel()
	redis := testkit.Redis(t)
	d := startSplit(t, splitOptions{livekitRedis: redis, more: []string{
		"DISPATCH_MODE", "rules", "LIVEKIT_RULES_INTERVAL", "1h", "LIVE_ROOMS_INTERVAL", "1h",
	}})
	const number = "+33199000123"
	sip := lksdk.NewSIPClient(d.livekit.APIURL, d.livekit.APIKey, d.livekit.APISecret)
	theirs, err := sip.CreateSIPInboundTrunk(t.Context(), &livekit.CreateSIPInboundTrunkRequest{
		Trunk: &livekit.SIPInboundTrunkInfo{Name: "Carrier", Numbers: []string{number}},
	})
	if err != nil {
		t.Fatal(err)
	}
	operator := d.login(t, "operator@example.org")
	ours := operator.createTrunk(t, "Carrier", number, 10)["id"].(string)
	operator.must(t, http.StatusOK, http.MethodPatch, "/api/v1.0/telephony/trunks/"+ours+"/",
		map[string]any{"livekit_trunk_id": theirs.GetSipTrunkId()})

	room := d.login(t, "ada.lovelace@example.org").createRoom(t, "ruled")
	bus := busClient(t, redis)
	accepted := func(want bool) (answer *rpc.EvaluateSIPDispatchRulesResponse) {
		t.Helper()
		testkit.Eventually(t, 10*time.Second, func() (err error) {
			answer, err = bus.EvaluateSIPDispatchRules(t.Context(), &rpc.EvaluateSIPDispatchRulesRequest{
				SipTrunkId: theirs.GetSipTrunkId(), Call: call("+33612345678", number), Pin: room["pin_code"].(string),
			})
			is := answer.GetResult() == rpc.SIPDispatchResult_ACCEPT && answer.GetRoomName() == room["id"]
			if is != want {
				return errors.Join(fmt.Errorf("LiveKit answers %v", answer), err)
			}
			return nil
		})
		return answer
	}
	accepted(false)
	url, token := connection(t, room)
	join(t, url, token)
	caller := d.enterAs(t, accepted(true))
	there := operator.callBecomes(t, room, "joined", "")
	if there["trunk_id"] != ours || there["started_at"] == nil || there["ended_at"] != nil {
		t.Errorf("while the caller is there: %v", there)
	}
	caller.Disconnect()
	left := operator.callBecomes(t, room, "ended", "CLIENT_INITIATED")
	if left["id"] != there["id"] || left["started_at"] != there["started_at"] || left["ended_at"] == nil {
		t.Errorf("when the caller has left: %v, before %v", left, there)
	}
	second := d.enterAs(t, accepted(true))
	if again := operator.callBecomes(t, room, "joined", ""); again["id"] == left["id"] {
		t.Errorf("a second call is %v", again)
	}
	d.leaveUnseen(t, second)
	operator.callBecomes(t, room, "ended", "CLIENT_INITIATED")
	rooms := lksdk.NewRoomServiceClient(d.livekit.APIURL, d.livekit.APIKey, d.livekit.APISecret)
	if _, err := rooms.DeleteRoom(t.Context(), &livekit.DeleteRoomRequest{Room: room["id"].(string)}); err != nil {
		t.Fatal(err)
	}
	accepted(false)
}
