package contract

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"github.com/parleymeet/parley/pkg/testkit"
)

// testLobby: a guest waits, the meeting is told, one moderator's answer lets it
// in as itself, another's does not.
func testLobby(t *testing.T, d *deployment) {
	ada, guest := d.login(t, "ada.lovelace@example.org"), d.visitor(t)
	room := ada.must(t, http.StatusCreated, http.MethodPost, "/api/v1.0/rooms/?username=", map[string]any{
		"name": "lobby", "access_level": "restricted",
	}).json
	path := "/api/v1.0/rooms/" + room["id"].(string)
	url, token := connection(t, room)
	told := make(chan string, 100)
	callback := lksdk.NewRoomCallback()
	callback.OnDataPacket = func(data lksdk.DataPacket, params lksdk.DataReceiveParams) {
		if packet, ok := data.(*lksdk.UserDataPacket); ok && params.SenderIdentity == "" && packet.Topic == "" {
			told <- string(packet.Payload)
		}
	}
	meeting, err := lksdk.ConnectToRoomWithToken(url, token, callback, lksdk.WithAutoSubscribe(false))
	if err != nil {
		t.Fatalf("join LiveKit: %v", err)
	}
	t.Cleanup(meeting.Disconnect)
	d.participants(t, room["id"].(string), 1)

	ask := func(b *browser, name string) map[string]any {
		t.Helper()
		return b.must(t, http.StatusOK, http.MethodPost, "/api/v1.0/rooms/lobby/request-entry/", map[string]any{"username": name}).json
	}
	// until asks each second, as the page does, until the request stands so.
	until := func(b *browser, status string) (got map[string]any) {
		t.Helper()
		testkit.Eventually(t, 10*time.Second, func() error {
			if got = ask(b, "Gil"); got["status"] != status {
				return fmt.Errorf("status %v, want %s", got["status"], status)
			}
			return nil
		})
		return got
	}
	queue := func() []any {
		t.Helper()
		return ada.must(t, http.StatusOK, http.MethodGet, path+"/waiting-participants/", nil).json["participants"].([]any)
	}
	decide := func(id any, allow bool) {
		t.Helper()
		ada.must(t, http.StatusOK, http.MethodPost, path+"/enter/", map[string]any{"participant_id": id, "allow_entry": allow})
	}

	first := ask(guest, "Gil")
	if first["status"] != "waiting" || first["livekit"] != nil || len(queue()) != 1 {
		t.Fatalf("first request: %v", first)
	}
	select {
	case got := <-told:
		if got != `{"type":"participantWaiting"}` {
			t.Errorf("the meeting is told %s", got)
		}
	case <-time.After(5 * time.Second):
		t.Error("the meeting is not told that somebody waits")
	}
	decide(first["id"], true)
	entry := until(guest, "accepted")
	if entry["id"] != first["id"] || len(queue()) != 0 {
		t.Fatalf("accepted: %v", entry)
	}
	lk := entry["livekit"].(map[string]any)
	join(t, lk["url"].(string), lk["token"].(string))
	seen := d.participants(t, room["id"].(string), 2)[first["id"].(string)]
	if seen.GetName() != "Gil" || seen.GetAttributes()["color"] != first["color"] || seen.GetAttributes()["is_authenticated"] != "false" {
		t.Errorf("the guest in the meeting: %v", seen)
	}

	// A cookie that was made up is nobody's, above all not the guest's.
	thief := d.visitor(t)
	thief.set(t, &http.Cookie{Name: "lobbyParticipantId", Value: first["id"].(string)})
	stolen := ask(thief, "Mallory")
	if stolen["id"] == first["id"] || stolen["status"] != "waiting" {
		t.Errorf("a made-up cookie: %v", stolen)
	}
	decide(stolen["id"], false)
	if got := until(thief, "denied"); got["livekit"] != nil {
		t.Errorf("denied: %v", got)
	}

	// Who stops asking is gone after three seconds, and cannot be let in.
	gone := ask(d.visitor(t), "Gone")
	testkit.Eventually(t, 10*time.Second, func() error {
		if waiting := queue(); len(waiting) != 0 {
			return fmt.Errorf("still waiting: %v", waiting)
		}
		return nil
	})
	got := ada.must(t, http.StatusNotFound, http.MethodPost, path+"/enter/", map[string]any{"participant_id": gone["id"], "allow_entry": true})
	if got.raw != `{"message":"Participant not found."}` {
		t.Errorf("let in too late: %s", got.raw)
	}
	d.login(t, "grace.hopper@example.org").must(t, http.StatusForbidden, http.MethodGet, path+"/waiting-participants/", nil)
	guest.must(t, http.StatusUnauthorized, http.MethodGet, path+"/waiting-participants/", nil)
}
