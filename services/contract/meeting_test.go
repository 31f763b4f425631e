package contract

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"google.golang.org/protobuf/proto"

	"github.com/parleymeet/parley/pkg/testkit"
)

// join enters a LiveKit room as a real participant.
func join(t *testing.T, url, token string) *lksdk.Room {
	t.Helper()
	room, err := lksdk.ConnectToRoomWithToken(url, token, lksdk.NewRoomCallback(), lksdk.WithAutoSubscribe(false))
	if err != nil {
		t.Fatalf("join LiveKit: %v", err)
	}
	t.Cleanup(room.Disconnect)
	return room
}

// participants waits until LiveKit's own API lists so many and returns them by identity.
func (d *deployment) participants(t *testing.T, room string, count int) map[string]*livekit.ParticipantInfo {
	t.Helper()
	client := lksdk.NewRoomServiceClient(d.livekit.APIURL, d.livekit.APIKey, d.livekit.APISecret)
	found := map[string]*livekit.ParticipantInfo{}
	testkit.Eventually(t, 10*time.Second, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		resp, err := client.ListParticipants(ctx, &livekit.ListParticipantsRequest{Room: room})
		if err != nil {
			return err
		}
		clear(found)
		for _, p := range resp.GetParticipants() {
			if p.GetState() == livekit.ParticipantInfo_ACTIVE {
				found[p.GetIdentity()] = p
			}
		}
		if len(found) != count {
			return fmt.Errorf("%d participants, want %d", len(found), count)
		}
		return nil
	})
	return found
}

// connection returns the LiveKit part of a room's JSON.
func connection(t *testing.T, room map[string]any) (url, token string) {
	t.Helper()
	lk, ok := room["livekit"].(map[string]any)
	if !ok || lk["room"] != room["id"] {
		t.Fatalf("no livekit for %v in %v", room["id"], room)
	}
	return lk["url"].(string), lk["token"].(string)
}

func checkAccepted(t *testing.T, got *rpc.EvaluateSIPDispatchRulesResponse, roomID string) {
	t.Helper()
	if got.GetResult() != rpc.SIPDispatchResult_ACCEPT || got.GetRoomName() != roomID {
		t.Fatalf("dispatch: %v to %q, want ACCEPT to %s", got.GetResult(), got.GetRoomName(), roomID)
	}
	if !strings.HasPrefix(got.GetParticipantIdentity(), "sip_") || got.GetToken() == "" || got.GetWsUrl() == "" {
		t.Fatalf("incomplete answer: identity %q, ws_url %q", got.GetParticipantIdentity(), got.GetWsUrl())
	}
}

func testMeeting(t *testing.T, d *deployment) {
	ada := d.login(t, "ada.lovelace@example.org")
	room := ada.createRoom(t, "meeting-one")
	bus := d.sipBus(t)
	phone := dial(t, bus, call("+33612345678", "+33199000123"), room["pin_code"].(string))
	checkAccepted(t, phone, room["id"].(string))
	if strings.Contains(phone.String(), "612345678") || strings.Contains(phone.GetParticipantIdentity()+phone.GetParticipantName(), "12345") {
		t.Errorf("the caller's number is in the answer: %q %q", phone.GetParticipantIdentity(), phone.GetParticipantName())
	}

	url, token := connection(t, room)
	join(t, url, token)
	join(t, phone.GetWsUrl(), phone.GetToken())
	seen := d.participants(t, room["id"].(string), 2)
	me := ada.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/users/me", nil).json
	var browser, caller *livekit.ParticipantInfo
	for identity, p := range seen {
		if strings.HasPrefix(identity, "sip_") {
			caller = p
		} else {
			browser = p
		}
	}
	if browser == nil || browser.GetName() != me["full_name"] || browser.GetAttributes()["room_role"] != "owner" {
		t.Errorf("browser: %v", browser)
	}
	if caller == nil || caller.GetKind() != livekit.ParticipantInfo_SIP || caller.GetName() != phone.GetParticipantName() ||
		caller.GetAttributes()["is_authenticated"] != "false" || !caller.GetPermission().GetCanPublish() {
		t.Errorf("caller: %v", caller)
	}

	other := ada.createRoom(t, "meeting-two")
	// A wrong PIN and, once the room is deleted, its own are refused alike.
	if got := dial(t, bus, call("+33612345678", "+33199000123"), "0000000000"); got.GetResult() != rpc.SIPDispatchResult_REJECT {
		t.Errorf("wrong PIN: %v", got.GetResult())
	}
	ada.must(t, http.StatusNoContent, http.MethodDelete, "/api/v1.0/rooms/meeting-two/", nil)
	testkit.Eventually(t, 5*time.Second, func() error {
		if got := dial(t, bus, call("+33612345678", "+33199000123"), other["pin_code"].(string)); got.GetResult() != rpc.SIPDispatchResult_REJECT {
			return fmt.Errorf("PIN of a deleted room: %v", got.GetResult())
		}
		return nil
	})
}

// testOneNumber: two calls from one number, as of colleagues behind one telephone
// exchange, are two participants. One does not put the other out, nor does a
// moderator's word on one of them count for the other.
func testOneNumber(t *testing.T, d *deployment) {
	ada := d.login(t, "ada.lovelace@example.org")
	bus, room := d.sipBus(t), ada.createRoom(t, "one-number")
	first := d.callIn(t, bus, "+33612345690", room)
	second := d.callIn(t, bus, "0033612345690", room)
	if first.answer.GetParticipantName() != second.answer.GetParticipantName() {
		t.Errorf("names %q, %q", first.answer.GetParticipantName(), second.answer.GetParticipantName())
	}
	for _, p := range []*phone{first, second} {
		d.stands(t, room, p, true, false)
	}
	select {
	case <-first.gone:
		t.Error("the second call has put out the first")
	default:
	}
	d.participants(t, room["id"].(string), 2)

	same := call("+33612345690", "+33199000123")
	once, again := dial(t, bus, same, room["pin_code"].(string)), dial(t, bus, same, room["pin_code"].(string))
	if once.GetParticipantIdentity() != again.GetParticipantIdentity() {
		t.Errorf("one call is %q and %q", once.GetParticipantIdentity(), again.GetParticipantIdentity())
	}

	closed := ada.must(t, http.StatusCreated, http.MethodPost, "/api/v1.0/rooms/?username=", map[string]any{
		"name": "one-number-closed", "access_level": "restricted",
	}).json
	first, second = d.callIn(t, bus, "+33612345690", closed), d.callIn(t, bus, "+33612345690", closed)
	id := ada.waitingIs(t, closed, first.answer.GetParticipantName(), second.answer.GetParticipantName())
	ada.enter(t, http.StatusOK, closed, id, false)
	<-second.gone
	ada.enter(t, http.StatusOK, closed, ada.waitingIs(t, closed, first.answer.GetParticipantName()), true)
	d.stands(t, closed, first, true, false)
	again = dial(t, bus, call("+33612345690", "+33199000123"), closed["pin_code"].(string))
	checkAccepted(t, again, closed["id"].(string))
	ada.waitingIs(t, closed, again.GetParticipantName())
}

// liveRoom returns what LiveKit knows of a room, without what no two have alike.
func (d *deployment) liveRoom(t *testing.T, room map[string]any) *livekit.Room {
	t.Helper()
	client := lksdk.NewRoomServiceClient(d.livekit.APIURL, d.livekit.APIKey, d.livekit.APISecret)
	resp, err := client.ListRooms(t.Context(), &livekit.ListRoomsRequest{Names: []string{room["id"].(string)}})
	if err != nil || len(resp.GetRooms()) != 1 {
		t.Fatalf("rooms %v, %v", resp, err)
	}
	live := resp.GetRooms()[0]
	live.Sid, live.Name, live.CreationTime, live.CreationTimeMs, live.TurnPassword, live.NumParticipants = "", "", 0, 0, "", 0
	return live
}

// testPhoneFirst shows that no browser has to be there before the phone.
func testPhoneFirst(t *testing.T, d *deployment) {
	ada := d.login(t, "ada.lovelace@example.org")
	room := ada.createRoom(t, "phone-first")
	phone := dial(t, d.sipBus(t), call("anonymous", "+33199000123"), room["pin_code"].(string))
	checkAccepted(t, phone, room["id"].(string))
	join(t, phone.GetWsUrl(), phone.GetToken())
	d.participants(t, room["id"].(string), 1)

	other := ada.createRoom(t, "browser-first")
	url, token := connection(t, other)
	join(t, url, token)
	d.participants(t, other["id"].(string), 1)
	if byPhone, byBrowser := d.liveRoom(t, room), d.liveRoom(t, other); !proto.Equal(byPhone, byBrowser) {
		t.Errorf("a phone makes LiveKit's room %v, a browser %v", byPhone, byBrowser)
	}

	guest := d.visitor(t).must(t, http.StatusOK, http.MethodGet, "/api/v1.0/rooms/phone-first/?username=Gil", nil).json
	url, token = connection(t, guest)
	join(t, url, token)
	seen := d.participants(t, room["id"].(string), 2)
	for identity, p := range seen {
		if !strings.HasPrefix(identity, "sip_") && (p.GetName() != "Gil" || p.GetAttributes()["is_authenticated"] != "false") {
			t.Errorf("guest: %v", p)
		}
	}
}

func testCalls(t *testing.T, d *deployment) {
	ada, operator := d.login(t, "ada.lovelace@example.org"), d.login(t, "operator@example.org")
	room := ada.createRoom(t, "recorded-call")
	bus, c := d.sipBus(t), call("+33612345678", "+33199000123")
	phone := dial(t, bus, c, room["pin_code"].(string))
	update := func(status livekit.SIPCallStatus) {
		t.Helper()
		if _, err := bus.UpdateSIPCallState(t.Context(), &rpc.UpdateSIPCallStateRequest{CallInfo: &livekit.SIPCallInfo{
			CallId: c.GetLkCallId(), TrunkId: phone.GetSipTrunkId(), RoomName: phone.GetRoomName(), ParticipantIdentity: phone.GetParticipantIdentity(),
			FromUri: c.GetFrom(), ToUri: c.GetTo(), CallStatus: status, CreatedAtNs: time.Now().UnixNano(), StartedAtNs: time.Now().UnixNano(),
		}}); err != nil {
			t.Fatal(err)
		}
	}
	list := func(query string) []any {
		t.Helper()
		got := operator.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/telephony/calls/?"+query, nil)
		return got.json["results"].([]any)
	}
	update(livekit.SIPCallStatus_SCS_ACTIVE)
	byRoom := "room=" + room["id"].(string)
	testkit.Eventually(t, 5*time.Second, func() error {
		if calls := list(byRoom + "&live=true"); len(calls) != 1 {
			return fmt.Errorf("live calls: %v", calls)
		}
		return nil
	})
	update(livekit.SIPCallStatus_SCS_DISCONNECTED)
	testkit.Eventually(t, 5*time.Second, func() error {
		if calls := list(byRoom + "&live=true"); len(calls) != 0 {
			return fmt.Errorf("live calls: %v", calls)
		}
		return nil
	})
	record := list(byRoom)
	if len(record) != 1 || strings.Contains(fmt.Sprint(record), "612345678") {
		t.Fatalf("call records: %v", record)
	}
	ada.must(t, http.StatusForbidden, http.MethodGet, "/api/v1.0/telephony/calls/", nil)
	d.visitor(t).must(t, http.StatusUnauthorized, http.MethodGet, "/api/v1.0/telephony/calls/", nil)
}
