package gateway

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// view is a room as its owner sees it.
func view(name string) *roomv1.RoomView {
	return &roomv1.RoomView{
		Room:       &roomv1.Room{Id: roomID, Name: name, Slug: name, AccessLevel: roomv1.AccessLevel_ACCESS_LEVEL_PUBLIC},
		ViewerRole: roomv1.Role_ROLE_OWNER,
		Connection: &tokenv1.Connection{Url: "ws://127.0.0.1:7880", Room: roomID, Token: "jwt"},
		DialIn: &telephonyv1.DialIn{
			RoomId: roomID, TrunkId: "ST_1", Pin: "0123456789", PinDisplay: "012 345 6789",
			Numbers: []*telephonyv1.DialInNumber{{
				Number: &telephonyv1.PhoneNumber{Number: "+33123456789", Country: "FR", Label: "Paris", Kind: telephonyv1.NumberKind_NUMBER_KIND_TOLL_FREE, Display: "+33 1 23 45 67 89"},
				Tel:    "tel:+33123456789,,0123456789#",
			}},
		},
		Accesses: []*roomv1.Access{{Id: "5d0c", RoomId: roomID, User: newUser(ada, "Ada"), Role: roomv1.Role_ROLE_OWNER}},
	}
}

func (r *rooms) CreateRoom(ctx context.Context, req *roomv1.CreateRoomRequest) (*roomv1.CreateRoomResponse, error) {
	if caller(ctx, "room") == "" {
		return nil, apierr.New(apierr.Unauthenticated, "")
	}
	if r.fail != nil {
		return nil, r.fail
	}
	if err := wrongRoom(req.GetName(), req.GetConfiguration()); err != nil || req.GetValidateOnly() {
		return nil, err
	}
	created := view(req.GetName())
	created.Room.Configuration, created.Room.PhoneCountry = req.GetConfiguration(), req.GetPhoneCountry()
	if req.GetAccessLevel() != 0 {
		created.Room.AccessLevel = req.GetAccessLevel()
	}
	return &roomv1.CreateRoomResponse{Room: created}, nil
}

func (r *rooms) GetRoom(ctx context.Context, req *roomv1.GetRoomRequest) (*roomv1.GetRoomResponse, error) {
	if r.fail != nil {
		return nil, r.fail
	}
	if req.GetIdOrSlug() == "unknown" {
		return nil, apierr.New(apierr.RoomNotFound, "")
	}
	seen := view(req.GetIdOrSlug())
	switch caller(ctx, "room") {
	case ada:
	case bob:
		seen.ViewerRole, seen.Accesses, seen.DialIn = roomv1.Role_ROLE_MEMBER, nil, nil
	default:
		seen = &roomv1.RoomView{Room: seen.GetRoom()}
		seen.Room.AccessLevel = roomv1.AccessLevel_ACCESS_LEVEL_RESTRICTED
	}
	return &roomv1.GetRoomResponse{Room: seen}, nil
}

func (r *rooms) ListRooms(_ context.Context, req *roomv1.ListRoomsRequest) (*roomv1.ListRoomsResponse, error) {
	from := min(int(req.GetSkip()), len(r.list))
	to := min(from+int(req.GetPageSize()), len(r.list))
	return &roomv1.ListRoomsResponse{Rooms: r.list[from:to], TotalSize: int32(len(r.list))}, nil
}

func (r *rooms) UpdateRoom(ctx context.Context, req *roomv1.UpdateRoomRequest) (*roomv1.UpdateRoomResponse, error) {
	got, err := r.GetRoom(ctx, &roomv1.GetRoomRequest{IdOrSlug: req.GetIdOrSlug()})
	if err != nil {
		return nil, err
	}
	if got.GetRoom().GetViewerRole() < roomv1.Role_ROLE_ADMINISTRATOR {
		return nil, apierr.New(apierr.PermissionDenied, "")
	}
	if err := wrongRoom("kept", req.GetRoom().GetConfiguration()); err != nil || req.GetValidateOnly() {
		return nil, err
	}
	got.Room.Room.Name = fmt.Sprint(req.GetUpdateMask().GetPaths())
	got.Room.Room.Configuration, _ = structpb.NewStruct(map[string]any{"everyone_can_mute": nil})
	return &roomv1.UpdateRoomResponse{Room: got.GetRoom()}, nil
}

func (r *rooms) DeleteRoom(context.Context, *roomv1.DeleteRoomRequest) (*roomv1.DeleteRoomResponse, error) {
	return &roomv1.DeleteRoomResponse{}, r.fail
}

func (r *rooms) RotatePin(_ context.Context, req *roomv1.RotatePinRequest) (*roomv1.RotatePinResponse, error) {
	rotated := view(req.GetIdOrSlug())
	if req.GetRevoke() {
		rotated.Room.Name = "Revoked"
	}
	return &roomv1.RotatePinResponse{Room: rotated}, r.fail
}
