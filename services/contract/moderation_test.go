package contract

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"

	"github.com/parleymeet/parley/pkg/testkit"
)

// participant waits until LiveKit's own API shows somebody as wanted.
func (d *deployment) participant(t *testing.T, room, identity string, wanted func(*livekit.ParticipantInfo) bool) {
	t.Helper()
	client := lksdk.NewRoomServiceClient(d.livekit.APIURL, d.livekit.APIKey, d.livekit.APISecret)
	testkit.Eventually(t, 10*time.Second, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		p, err := client.GetParticipant(ctx, &livekit.RoomParticipantIdentity{Room: room, Identity: identity})
		if err == nil && !wanted(p) {
			return fmt.Errorf("participant %v", p)
		}
		return err
	})
}

// testModeration: what moderators do to others and people to themselves is seen
// through LiveKit's own API.
func testModeration(t *testing.T, d *deployment) {
	ada, alan, guest := d.login(t, "ada.lovelace@example.org"), d.login(t, "alan.turing@example.org"), d.visitor(t)
	room := ada.createRoom(t, "moderation")
	id := room["id"].(string)
	path := "/api/v1.0/rooms/" + id + "/"
	enter := func(b *browser, name string) (*lksdk.Room, *browser) {
		t.Helper()
		seen := b.must(t, http.StatusOK, http.MethodGet, path+"?username="+name, nil).json
		url, token := connection(t, seen)
		return join(t, url, token), b.inMeeting(token)
	}
	do := func(b *browser, status int, action string, body map[string]any, want string) {
		t.Helper()
		if got := b.must(t, status, http.MethodPost, path+action+"/", body); got.raw != want {
			t.Errorf("%s: %s, want %s", action, got.raw, want)
		}
	}
	const good, absent = `{"status":"success"}`, `{"error":"Participant not found"}`

	promote := map[string]any{"participant_identity": "nobody", "role": "administrator"}
	do(ada, http.StatusForbidden, "update-participant-role", promote, `{"detail":"You must be connected to the meeting to perform this action."}`)
	enter(ada, "Ada")
	alanRoom, alanIn := enter(alan, "Alan")
	guestRoom, guestIn := enter(guest, "Gil")
	d.participants(t, id, 3)
	alanID, guestID := alanRoom.LocalParticipant.Identity(), guestRoom.LocalParticipant.Identity()

	// By meeting token: hand and name, one's own alone.
	do(guestIn, http.StatusOK, "toggle-hand", map[string]any{"raised": true}, good)
	d.participant(t, id, guestID, func(p *livekit.ParticipantInfo) bool {
		_, err := time.Parse(time.RFC3339, p.GetAttributes()["handRaisedAt"])
		return err == nil && p.GetAttributes()["color"] != ""
	})
	do(guestIn, http.StatusOK, "rename", map[string]any{"name": " Gilbert "}, good)
	d.participant(t, id, guestID, func(p *livekit.ParticipantInfo) bool { return p.GetName() == "Gilbert" })
	do(ada, http.StatusForbidden, "rename", map[string]any{"name": "x"}, `{"detail":"Authentication credentials were not provided."}`)
	do(ada.inMeeting("junk"), http.StatusForbidden, "rename", map[string]any{"name": "x"}, `{"detail":"Invalid LiveKit token: Not enough segments"}`)
	other := ada.createRoom(t, "moderation-elsewhere")
	_, elsewhere := connection(t, other)
	do(ada.inMeeting(elsewhere), http.StatusForbidden, "rename", map[string]any{"name": "x"}, `{"detail":"You do not have permission to perform this action."}`)

	// By moderators: lower a hand, name, permissions.
	do(ada, http.StatusOK, "update-participant", map[string]any{
		"participant_identity": guestID, "attributes": map[string]any{"handRaisedAt": ""}, "name": "Renamed", "metadata": map[string]any{"a": 1},
		"permission": map[string]any{"can_subscribe": true, "can_publish": true, "can_publish_data": true, "can_publish_sources": []string{"microphone"}},
	}, good)
	d.participant(t, id, guestID, func(p *livekit.ParticipantInfo) bool {
		sources := p.GetPermission().GetCanPublishSources()
		_, raised := p.GetAttributes()["handRaisedAt"]
		return !raised && p.GetName() == "Renamed" && p.GetMetadata() == `{"a":1}` && len(sources) == 1 && sources[0] == livekit.TrackSource_MICROPHONE
	})

	for field, value := range map[string]map[string]any{"attributes": {"a": strings.Repeat("x", 70_000)}, "metadata": {"a": strings.Repeat("x", 600_000)}} {
		do(ada, http.StatusBadRequest, "update-participant", map[string]any{"participant_identity": guestID, field: value},
			`{"non_field_errors":["The name, metadata or attributes are too large."]}`)
	}

	track, err := lksdk.NewLocalSampleTrack(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus})
	if err != nil {
		t.Fatal(err)
	}
	published, err := guestRoom.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{Name: "mic", Source: livekit.TrackSource_MICROPHONE})
	if err != nil {
		t.Fatal(err)
	}
	muted := func(want bool) func(*livekit.ParticipantInfo) bool {
		return func(p *livekit.ParticipantInfo) bool {
			return len(p.GetTracks()) == 1 && p.GetTracks()[0].GetMuted() == want
		}
	}
	d.participant(t, id, guestID, muted(false))
	mute := map[string]any{"participant_identity": guestID, "track_sid": published.SID()}
	do(alan, http.StatusForbidden, "mute-participant", mute, `{"detail":"You do not have permission to perform this action."}`)
	do(alanIn, http.StatusOK, "mute-participant", mute, good)
	d.participant(t, id, guestID, muted(true))
	do(ada, http.StatusOK, "mute-participant", mute, good)
	do(ada, http.StatusNotFound, "mute-participant", map[string]any{"participant_identity": "nobody", "track_sid": "TR_x"}, absent)
	ada.must(t, http.StatusOK, http.MethodPatch, path, map[string]any{"configuration": map[string]any{"everyone_can_mute": false}})
	do(alanIn, http.StatusForbidden, "mute-participant", mute, `{"detail":"You do not have permission to perform this action."}`)

	testRoles(t, do, ada, alanID, guestID)
	d.participant(t, id, alanID, func(p *livekit.ParticipantInfo) bool { return p.GetAttributes()["room_role"] == "administrator" })

	remove := map[string]any{"participant_identity": guestID}
	do(alan, http.StatusOK, "remove-participant", remove, good) // alan administers the room by now
	d.participants(t, id, 2)
	do(ada, http.StatusNotFound, "remove-participant", remove, absent)
	do(guestIn, http.StatusNotFound, "toggle-hand", map[string]any{"raised": true}, absent)
}

func testRoles(t *testing.T, do func(*browser, int, string, map[string]any, string), ada *browser, alanID, guestID string) {
	t.Helper()
	role := func(identity, role string) map[string]any {
		return map[string]any{"participant_identity": identity, "role": role}
	}
	const action = "update-participant-role"
	do(ada, http.StatusBadRequest, action, role(alanID, "owner"), `{"role":["\"owner\" is not a valid choice."]}`)
	do(ada, http.StatusNotFound, action, role("nobody", "member"), `{"error":"Participant is not connected to this meeting."}`)
	do(ada, http.StatusNotFound, action, role(guestID, "member"), `{"error":"This participant has no user account and cannot be assigned a role."}`)
	for _, name := range []string{"member", "administrator"} {
		do(ada, http.StatusOK, action, role(alanID, name), `{"role":"`+name+`","livekit_synced":true}`)
	}
}
