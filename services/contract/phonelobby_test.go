package contract

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
	dto "github.com/prometheus/client_model/go"

	"github.com/parleymeet/parley/pkg/testkit"
)

// phone is a caller in a LiveKit room, as LiveKit SIP puts it there.
type phone struct {
	answer *rpc.EvaluateSIPDispatchRulesResponse
	room   *lksdk.Room
	gone   chan struct{}
}

// callIn dials, enters with what the answer gives, and publishes a microphone.
func (d *deployment) callIn(t *testing.T, bus rpc.IOInfoClient, from string, room map[string]any) *phone {
	t.Helper()
	p := &phone{answer: dial(t, bus, call(from, "+33199000123"), room["pin_code"].(string)), gone: make(chan struct{})}
	checkAccepted(t, p.answer, room["id"].(string))
	callback := lksdk.NewRoomCallback()
	callback.OnDisconnected = func() { close(p.gone) }
	var err error
	p.room, err = lksdk.ConnectToRoomWithToken(p.answer.GetWsUrl(), p.answer.GetToken(), callback, lksdk.WithAutoSubscribe(true))
	if err != nil {
		t.Fatalf("join LiveKit: %v", err)
	}
	t.Cleanup(p.room.Disconnect)
	publish(t, p.room)
	return p
}

// isGone waits until LiveKit has ended the caller's call.
func (p *phone) isGone(t *testing.T) {
	t.Helper()
	select {
	case <-p.gone:
	case <-time.After(10 * time.Second):
		t.Error("a caller who was removed stays")
	}
}

// publish publishes a microphone.
func publish(t *testing.T, room *lksdk.Room) {
	t.Helper()
	track, err := lksdk.NewLocalSampleTrack(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus})
	if err != nil {
		t.Fatal(err)
	}
	options := &lksdk.TrackPublicationOptions{Name: "mic", Source: livekit.TrackSource_MICROPHONE}
	if _, err := room.LocalParticipant.PublishTrack(track, options); err != nil {
		t.Fatal(err)
	}
}

// stands waits until LiveKit says that the caller hears, or not, and that its
// track is muted, or not.
func (d *deployment) stands(t *testing.T, room map[string]any, p *phone, hears, muted bool) {
	t.Helper()
	d.participant(t, room["id"].(string), p.answer.GetParticipantIdentity(), func(info *livekit.ParticipantInfo) bool {
		return info.GetKind() == livekit.ParticipantInfo_SIP && info.GetPermission().GetCanSubscribe() == hears &&
			info.GetPermission().GetCanPublishData() == hears && info.GetPermission().GetCanPublish() &&
			len(info.GetTracks()) == 1 && info.GetTracks()[0].GetMuted() == muted
	})
}

// waiting lists who waits, by name, and the id of the last.
func (b *browser) waiting(t *testing.T, room map[string]any) (names []string, id string) {
	t.Helper()
	body := b.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/rooms/"+room["id"].(string)+"/waiting-participants/", nil).json
	for _, one := range body["participants"].([]any) {
		entry := one.(map[string]any)
		names = append(names, entry["username"].(string))
		id = entry["id"].(string)
	}
	return names, id
}

// wantShade checks that a caller has one colour, on the waiting list and in the meeting.
func (d *deployment) wantShade(t *testing.T, b *browser, room map[string]any, p *phone) {
	t.Helper()
	body := b.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/rooms/"+room["id"].(string)+"/waiting-participants/", nil).json
	listed := body["participants"].([]any)[0].(map[string]any)["color"]
	d.participant(t, room["id"].(string), p.answer.GetParticipantIdentity(), func(info *livekit.ParticipantInfo) bool {
		return listed != "" && info.GetAttributes()["color"] == listed
	})
}

// waitingIs waits until those are waiting, and returns the last one's id.
func (b *browser) waitingIs(t *testing.T, room map[string]any, want ...string) (id string) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() (err error) {
		var names []string
		if names, id = b.waiting(t, room); !slices.Equal(names, want) {
			return fmt.Errorf("waiting: %q, want %q", names, want)
		}
		return nil
	})
	return id
}

func (b *browser) enter(t *testing.T, status int, room map[string]any, id string, allow bool) {
	t.Helper()
	b.must(t, status, http.MethodPost, "/api/v1.0/rooms/"+room["id"].(string)+"/enter/", map[string]any{"participant_id": id, "allow_entry": allow})
}

// testPhoneLobby: a caller waits deaf and mute, is let in, another is not, a
// third hangs up. All by the API of a real LiveKit server.
func testPhoneLobby(t *testing.T, d *deployment) {
	ada := d.login(t, "ada.lovelace@example.org")
	room := ada.must(t, http.StatusCreated, http.MethodPost, "/api/v1.0/rooms/?username=", map[string]any{
		"name": "phone-lobby", "access_level": "restricted",
	}).json
	bus := d.sipBus(t)
	url, token := connection(t, room)
	publish(t, join(t, url, token))

	first := d.callIn(t, bus, "+33612345678", room)
	d.stands(t, room, first, false, true)
	name := first.answer.GetParticipantName()
	id := ada.waitingIs(t, room, name)
	d.wantShade(t, ada, room, first)
	if again, _ := ada.waiting(t, room); len(again) != 1 {
		t.Errorf("waiting: %q", again)
	}
	if hears(first.room) {
		t.Error("a caller in the lobby hears")
	}
	ada.enter(t, http.StatusOK, room, id, true)
	began := time.Now()
	d.stands(t, room, first, true, false)
	if took := time.Since(began); took > time.Second {
		t.Errorf("let in after %v", took)
	}
	ada.waitingIs(t, room)
	testkit.Eventually(t, 10*time.Second, func() error {
		if !hears(first.room) {
			return fmt.Errorf("a caller who was let in hears nobody")
		}
		return nil
	})

	second := d.callIn(t, bus, "+33612345679", room)
	d.stands(t, room, second, false, true)
	ada.enter(t, http.StatusOK, room, ada.waitingIs(t, room, second.answer.GetParticipantName()), false)
	second.isGone(t)
	ada.waitingIs(t, room)

	third := d.callIn(t, bus, "+33612345680", room)
	id = ada.waitingIs(t, room, third.answer.GetParticipantName())
	d.stands(t, room, third, false, true)
	third.room.Disconnect()
	ada.waitingIs(t, room)
	ada.enter(t, http.StatusNotFound, room, id, true)
	d.stands(t, room, first, true, false)
	testPhoneAccess(t, d, bus, ada)

	// LiveKit's own webhooks are believed and acted on. Others' are refused meanwhile.
	for _, name := range []string{"room", "parley"} {
		if d.processes[name] == nil {
			continue
		}
		if !slices.ContainsFunc(d.metrics(t, name)["parley_room_livekit_events_total"].GetMetric(), func(m *dto.Metric) bool {
			return m.GetCounter().GetValue() > 0 && slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool {
				return l.GetName() == "outcome" && l.GetValue() == "applied"
			})
		}) {
			t.Errorf("%s has acted on no webhook", name)
		}
	}
}

// hears reports whether somebody is subscribed to anything.
func hears(room *lksdk.Room) bool {
	return slices.ContainsFunc(room.GetRemoteParticipants(), func(p *lksdk.RemoteParticipant) bool {
		return slices.ContainsFunc(p.TrackPublications(), func(pub lksdk.TrackPublication) bool {
			return pub.Track() != nil
		})
	})
}

// testPhoneAccess: a public room admits at once, unless it says otherwise.
func testPhoneAccess(t *testing.T, d *deployment, bus rpc.IOInfoClient, ada *browser) {
	t.Helper()
	room := ada.createRoom(t, "phone-access")
	path := "/api/v1.0/rooms/" + room["id"].(string) + "/"
	if access, there := room["phone_access"]; there {
		t.Errorf("phone_access %v", access)
	}
	if view := d.visitor(t).must(t, http.StatusOK, http.MethodGet, path, nil).json; view["phone_access"] != nil {
		t.Errorf("phone_access %v", view["phone_access"])
	}
	d.stands(t, room, d.callIn(t, bus, "+33612345678", room), true, false)
	ada.enter(t, http.StatusNotFound, room, "2b6f1a34-7c0a-4d5e-9f21-5a1de2c6b001", true)

	wrong := ada.must(t, http.StatusBadRequest, http.MethodPatch, path, map[string]any{"phone_access": "never"})
	if wrong.json["phone_access"] == nil {
		t.Errorf("refused with %v", wrong.json)
	}
	patched := ada.must(t, http.StatusOK, http.MethodPatch, path, map[string]any{"phone_access": "lobby"}).json
	if patched["phone_access"] != "lobby" {
		t.Errorf("phone_access %v", patched["phone_access"])
	}
	waits := d.callIn(t, bus, "+33612345681", room)
	d.stands(t, room, waits, false, true)
	ada.enter(t, http.StatusOK, room, ada.waitingIs(t, room, waits.answer.GetParticipantName()), true)
	d.stands(t, room, waits, true, false)

	ada.must(t, http.StatusOK, http.MethodPatch, path, map[string]any{"phone_access": "deny"})
	if got := dial(t, bus, call("+33612345682", "+33199000123"), room["pin_code"].(string)); got.GetResult() != rpc.SIPDispatchResult_REJECT {
		t.Errorf("dispatch: %v", got.GetResult())
	}
	if back := ada.must(t, http.StatusOK, http.MethodPatch, path, map[string]any{"phone_access": nil}).json; back["phone_access"] != nil {
		t.Errorf("phone_access %v", back["phone_access"])
	}
}
