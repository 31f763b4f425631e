package peers

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/live"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// DialIns implements rooms.DialIns, outbox.Telephony and live.Telephony with the
// telephony service.
type DialIns struct {
	client telephonyv1.PinServiceClient
	calls  telephonyv1.CallServiceClient
}

var (
	_ rooms.DialIns    = (*DialIns)(nil)
	_ outbox.Telephony = (*DialIns)(nil)
	_ live.Telephony   = (*DialIns)(nil)
)

// NewDialIns asks telephony on the connection.
func NewDialIns(telephony grpc.ClientConnInterface) *DialIns {
	return &DialIns{client: telephonyv1.NewPinServiceClient(telephony), calls: telephonyv1.NewCallServiceClient(telephony)}
}

// ByRooms implements rooms.DialIns. A list has at most 100 rooms, and telephony
// answers for 500.
func (d *DialIns) ByRooms(ctx context.Context, roomIDs []string) (map[string]*telephonyv1.DialIn, error) {
	ctx, cancel := context.WithTimeout(ctx, viewTimeout)
	defer cancel()
	resp, err := d.client.BatchGetDialIns(ctx, &telephonyv1.BatchGetDialInsRequest{RoomIds: roomIDs})
	dialIns := make(map[string]*telephonyv1.DialIn, len(roomIDs))
	for _, dialIn := range resp.GetDialIns() {
		dialIns[dialIn.GetRoomId()] = dialIn
	}
	return dialIns, fault("telephony", err)
}

// Rotate implements rooms.DialIns. The caller's lease limits its time.
func (d *DialIns) Rotate(ctx context.Context, roomID string, r rooms.Rotation) (*telephonyv1.DialIn, error) {
	resp, err := d.client.RotatePin(ctx, &telephonyv1.RotatePinRequest{RoomId: roomID, Country: r.Country, Revoke: r.Revoke, Unlimited: r.Unlimited})
	return resp.GetDialIn(), fault("telephony", err, apierr.PinsExhausted, apierr.Throttled)
}

// Allocate implements outbox.Telephony. The caller's lease limits its time.
func (d *DialIns) Allocate(ctx context.Context, roomID, country string) (*telephonyv1.DialIn, error) {
	resp, err := d.client.AllocatePin(ctx, &telephonyv1.AllocatePinRequest{RoomId: roomID, Country: country})
	return resp.GetDialIn(), fault("telephony", err, apierr.PinsExhausted)
}

// Release implements outbox.Telephony. The caller's lease limits its time.
func (d *DialIns) Release(ctx context.Context, roomID string) error {
	_, err := d.client.ReleasePin(ctx, &telephonyv1.ReleasePinRequest{RoomId: roomID})
	return fault("telephony", err)
}

// SetRoomLive implements live.Telephony.
func (d *DialIns) SetRoomLive(ctx context.Context, state live.State) error {
	_, err := d.client.SetRoomLive(ctx, &telephonyv1.SetRoomLiveRequest{
		RoomId: state.RoomID, Live: state.Live, EventTime: timestamppb.New(state.ChangedAt),
	})
	return fault("telephony", err)
}

// NoteParticipant implements live.Telephony.
func (d *DialIns) NoteParticipant(ctx context.Context, roomID string, call livekit.Call) error {
	note := &telephonyv1.NoteParticipantRequest{
		CallId: call.ID, RoomId: roomID, TrunkId: call.TrunkID, JoinTime: timestamppb.New(call.Joined), LeaveReason: call.LeaveReason,
	}
	if !call.Left.IsZero() {
		note.LeaveTime = timestamppb.New(call.Left)
	}
	_, err := d.calls.NoteParticipant(ctx, note)
	return fault("telephony", err)
}
