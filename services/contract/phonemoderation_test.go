package contract

import (
	"net/http"
	"testing"

	"github.com/livekit/protocol/livekit"
)

// testPhoneModeration: two browsers and a phone meet, and what a moderator does to
// the phone over REST is seen through LiveKit's own API.
func testPhoneModeration(t *testing.T, d *deployment) {
	ada, guest := d.login(t, "ada.lovelace@example.org"), d.visitor(t)
	room := ada.createRoom(t, "phone-moderation")
	id := room["id"].(string)
	path := roomsPath + id + "/"
	url, token := connection(t, room)
	join(t, url, token)
	url, token = connection(t, guest.must(t, http.StatusOK, http.MethodGet, path+"?username=Gil", nil).json)
	join(t, url, token)
	caller := d.callIn(t, d.sipBus(t), "+33612345678", room)
	identity := caller.answer.GetParticipantIdentity()
	kinds := map[livekit.ParticipantInfo_Kind]int{}
	for _, p := range d.participants(t, id, 3) {
		kinds[p.GetKind()]++
	}
	if kinds[livekit.ParticipantInfo_STANDARD] != 2 || kinds[livekit.ParticipantInfo_SIP] != 1 {
		t.Errorf("participants by kind: %v", kinds)
	}
	d.stands(t, room, caller, true, false)

	var track string
	d.participant(t, id, identity, func(p *livekit.ParticipantInfo) bool {
		track = p.GetTracks()[0].GetSid()
		return true
	})
	mute := map[string]any{"participant_identity": identity, "track_sid": track}
	guest.must(t, http.StatusForbidden, http.MethodPost, path+"mute-participant/", mute)
	ada.must(t, http.StatusOK, http.MethodPost, path+"mute-participant/", mute)
	d.stands(t, room, caller, true, true)

	remove := map[string]any{"participant_identity": identity}
	guest.must(t, http.StatusUnauthorized, http.MethodPost, path+"remove-participant/", remove)
	ada.must(t, http.StatusOK, http.MethodPost, path+"remove-participant/", remove)
	for left, p := range d.participants(t, id, 2) {
		if p.GetKind() != livekit.ParticipantInfo_STANDARD {
			t.Errorf("%s is left", left)
		}
	}
	caller.isGone(t)
	ada.must(t, http.StatusNotFound, http.MethodPost, path+"remove-participant/", remove)

	// One who still waits to enter, deaf in the meeting, is removed too.
	ada.must(t, http.StatusOK, http.MethodPatch, path, map[string]any{"phone_access": "lobby"})
	waits := d.callIn(t, d.sipBus(t), "+33612345679", room)
	d.stands(t, room, waits, false, true)
	ada.waitingIs(t, room, waits.answer.GetParticipantName())
	remove["participant_identity"] = waits.answer.GetParticipantIdentity()
	ada.must(t, http.StatusOK, http.MethodPost, path+"remove-participant/", remove)
	ada.waitingIs(t, room)
	waits.isGone(t)
	d.participants(t, id, 2)
}
