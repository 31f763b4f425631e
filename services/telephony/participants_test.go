package telephony

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

// TestNoteParticipant: what the room service tells of a call's participant is in
// the call's record; nobody else tells, and nothing that makes no sense.
func TestNoteParticipant(t *testing.T) {
	t.Parallel()
	server := start(t, testConfig(t))
	trunk := createTrunk(t, server, &telephonyv1.Trunk{Name: "Carrier", Numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789"}}})
	joined := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
	note := func() *telephonyv1.NoteParticipantRequest {
		return &telephonyv1.NoteParticipantRequest{
			CallId: "SCL_1", RoomId: uuid.NewString(), TrunkId: trunk.GetId(), JoinTime: timestamppb.New(joined),
		}
	}
	room := telephonyv1.NewCallServiceClient(server.Local(identity.CallerRoom))
	operator := telephonyv1.NewCallServiceClient(server.Local(identity.CallerOperator))
	for name, client := range map[string]telephonyv1.CallServiceClient{
		"operator": operator, "gateway": telephonyv1.NewCallServiceClient(server.Local(identity.CallerGateway)),
	} {
		if _, err := client.NoteParticipant(t.Context(), note()); status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := strings.Repeat("x", 257)
	for field, spoil := range map[string]func(*telephonyv1.NoteParticipantRequest){
		"call_id":      func(r *telephonyv1.NoteParticipantRequest) { r.CallId = "" },
		"room_id":      func(r *telephonyv1.NoteParticipantRequest) { r.RoomId = "room" },
		"trunk_id":     func(r *telephonyv1.NoteParticipantRequest) { r.TrunkId = long },
		"join_time":    func(r *telephonyv1.NoteParticipantRequest) { r.JoinTime = nil },
		"leave_reason": func(r *telephonyv1.NoteParticipantRequest) { r.LeaveReason = long },
	} {
		bad := note()
		spoil(bad)
		_, err := room.NoteParticipant(t.Context(), bad)
		if v := apierr.From(err).Violations; !apierr.Has(err, apierr.InvalidFields) || len(v) != 1 || v[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if list, err := operator.ListCalls(t.Context(), &telephonyv1.ListCallsRequest{}); err != nil || len(list.GetCalls()) != 0 {
		t.Errorf("recorded all the same: %v %v", list, err)
	}
	good := note()
	check := func(state telephonyv1.CallState, ended *timestamppb.Timestamp, reason string) {
		t.Helper()
		_, err := room.NoteParticipant(t.Context(), good)
		must(t, err)
		got, err := operator.GetCall(t.Context(), &telephonyv1.GetCallRequest{CallId: "SCL_1"})
		must(t, err)
		c := got.GetCall()
		if c.GetState() != state || c.GetRoomId() != good.GetRoomId() || c.GetTrunkId() != trunk.GetId() ||
			!c.GetStartTime().AsTime().Equal(joined) || !c.GetEndTime().AsTime().Equal(ended.AsTime()) || c.GetEndReason() != reason {
			t.Errorf("record %v, want %v", c, state)
		}
	}
	check(telephonyv1.CallState_CALL_STATE_JOINED, nil, "")
	good.LeaveTime, good.LeaveReason = timestamppb.New(joined.Add(time.Second)), "CLIENT_INITIATED"
	check(telephonyv1.CallState_CALL_STATE_ENDED, good.GetLeaveTime(), "CLIENT_INITIATED")
}
