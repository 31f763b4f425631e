package room_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/testkit"
)

const (
	admit = roomv1.Admission_ADMISSION_ADMIT
	wait  = roomv1.Admission_ADMISSION_LOBBY
	deny  = roomv1.Admission_ADMISSION_DENY
)

// withLiveKit names a LiveKit server that does not answer.
var withLiveKit = []string{"LIVEKIT_API_URL=http://127.0.0.1:1", "LIVEKIT_API_KEY=key", "LIVEKIT_API_SECRET=secret"}

func TestGetAdmission(t *testing.T) {
	t.Parallel()
	s, without := newSuite(t, withLiveKit...), newSuite(t)
	for i, c := range []struct {
		level        roomv1.AccessLevel
		phones       roomv1.PhoneAccess
		want, forced roomv1.Admission
	}{
		{public, 0, admit, wait}, {trusted, 0, wait, wait}, {restricted, 0, wait, wait},
		{restricted, roomv1.PhoneAccess_PHONE_ACCESS_ADMIT, admit, wait},
		{public, roomv1.PhoneAccess_PHONE_ACCESS_LOBBY, wait, wait},
		{public, roomv1.PhoneAccess_PHONE_ACCESS_DENY, deny, deny},
	} {
		for _, suite := range []*suite{s, without} {
			name := "room " + strings.Repeat("x", i)
			resp, err := suite.rooms.CreateRoom(suite.as(t, suite.owner), &roomv1.CreateRoomRequest{Name: name, AccessLevel: c.level, PhoneAccess: c.phones})
			if err != nil || resp.GetRoom().GetRoom().GetPhoneAccess() != c.phones {
				t.Fatalf("%v, %v", resp, err)
			}
			for force, want := range map[bool]roomv1.Admission{false: c.want, true: c.forced} {
				if suite == without && want == wait {
					want = deny // nobody could let the caller in
				}
				got, err := suite.admission.GetAdmission(t.Context(), &roomv1.GetAdmissionRequest{
					RoomId: resp.GetRoom().GetRoom().GetId(), ForceLobby: force,
				})
				if err != nil || got.GetAdmission() != want {
					t.Errorf("case %d, forced %v: %v, %v; want %v", i, force, got.GetAdmission(), err, want)
				}
			}
		}
	}
	for _, req := range []*roomv1.GetAdmissionRequest{{RoomId: uuid.NewString()}, {RoomId: uuid.NewString(), Identity: "sip_1"}} {
		_, err := s.admission.GetAdmission(t.Context(), req)
		wantReason(t, err, apierr.RoomNotFound)
	}
}

// TestPhonesInLobby: moderators see callers among those who wait, also in a
// public room, and decide on them although LiveKit is away.
func TestPhonesInLobby(t *testing.T) {
	t.Parallel()
	l := newLobby(t, append(withLiveKit, "LOBBY_WAITING_TIMEOUT=60")...)
	id := l.create(t, "room", restricted).GetRoom().GetId()
	calls := func(identity, name string, force bool, want roomv1.Admission) {
		t.Helper()
		resp, err := l.admission.GetAdmission(t.Context(), &roomv1.GetAdmissionRequest{
			RoomId: id, Identity: identity, DisplayName: name, ForceLobby: force,
		})
		if err != nil || resp.GetAdmission() != want {
			t.Errorf("%s: %v, %v; want %v", name, resp.GetAdmission(), err, want)
		}
	}
	wantQueue := func(names ...string) []*roomv1.LobbyEntry {
		t.Helper()
		queue := l.queue(t)
		got := make([]string, len(queue))
		for i, entry := range queue {
			got[i] = entry.GetUsername()
			if uuid.Validate(entry.GetParticipantId()) != nil || entry.GetColor() == "" || entry.GetStatus() != waiting {
				t.Errorf("entry %v", entry)
			}
		}
		if strings.Join(got, ", ") != strings.Join(names, ", ") {
			t.Fatalf("queue %q, want %q", got, names)
		}
		return queue
	}
	calls("sip_1", "first", false, wait)
	l.ask(t, nil, "Gil", "")
	calls("sip_2", "second", false, wait)
	calls("sip_1", "again", false, wait)
	queue := wantQueue("first", "Gil", "second")
	wantReason(t, l.decide(t, l.stranger, queue[0].GetParticipantId(), true), apierr.PermissionDenied)
	for i, allow := range []bool{true, true, false} {
		if err := l.decide(t, l.owner, queue[i].GetParticipantId(), allow); err != nil {
			t.Fatal(err)
		}
	}
	wantQueue()
	// The decisions stand until they are carried out, and count where the same calls
	// are asked about again.
	calls("sip_1", "first", false, admit)
	calls("sip_2", "second", false, deny)

	_, err := l.rooms.UpdateRoom(l.as(t, l.owner), &roomv1.UpdateRoomRequest{
		IdOrSlug: "room", Room: &roomv1.Room{AccessLevel: public}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"access_level"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantReason(t, l.decide(t, l.owner, uuid.NewString(), true), apierr.RoomHasNoLobby)
	calls("sip_3", "third", false, admit)
	calls("sip_4", "fourth", true, wait)
	queue = wantQueue("fourth")
	wantReason(t, l.decide(t, l.owner, uuid.NewString(), true), apierr.LobbyEntryNotFound)
	if err := l.decide(t, l.owner, queue[0].GetParticipantId(), true); err != nil {
		t.Error(err)
	}
	wantQueue()
}

// TestPhoneCountry: telephony is told where a room wants its number, also of a
// change while it is away.
func TestPhoneCountry(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	resp, err := s.rooms.CreateRoom(s.as(t, s.owner), &roomv1.CreateRoomRequest{Name: "room", AccessLevel: public, PhoneCountry: "fr"})
	id := resp.GetRoom().GetRoom().GetId()
	if err != nil || resp.GetRoom().GetRoom().GetPhoneCountry() != "FR" || s.telephony.wish(id) != "FR" {
		t.Fatalf("created %v, %v; telephony knows %q", resp, err, s.telephony.wish(id))
	}
	change := func(country string) (*roomv1.UpdateRoomResponse, error) {
		return s.rooms.UpdateRoom(s.as(t, s.owner), &roomv1.UpdateRoomRequest{
			IdOrSlug: "room", Room: &roomv1.Room{PhoneCountry: country}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"phone_country"}},
		})
	}
	if got, err := change("DE"); err != nil || got.GetRoom().GetRoom().GetPhoneCountry() != "DE" || got.GetRoom().GetDialIn().GetPin() != "1" || s.telephony.wish(id) != "DE" {
		t.Errorf("changed %v, %v; telephony knows %q", got, err, s.telephony.wish(id))
	}
	_, err = change("XX")
	if wantReason(t, err, apierr.InvalidFields); apierr.From(err).Violations[0].Field != "phone_country" {
		t.Errorf("no country: %v", err)
	}
	if _, err := s.rooms.RotatePin(s.as(t, s.owner), &roomv1.RotatePinRequest{IdOrSlug: "room"}); err != nil || s.telephony.rotation().GetCountry() != "DE" {
		t.Errorf("rotated with %v, %v", s.telephony.rotation(), err)
	}
	s.telephony.set(true)
	if got, err := change(""); err != nil || got.GetRoom().GetRoom().GetPhoneCountry() != "" {
		t.Errorf("while telephony is away: %v, %v", got, err)
	}
	s.telephony.set(false)
	testkit.Eventually(t, 10*time.Second, func() error {
		if s.telephony.wish(id) != "" {
			return apierr.New(apierr.Internal, "telephony is not told")
		}
		return nil
	})
	_, err = s.rooms.CreateRoom(s.as(t, s.owner), &roomv1.CreateRoomRequest{Name: "other", PhoneCountry: "Nowhere"})
	wantReason(t, err, apierr.InvalidFields)
}
