package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// RoomServer implements roomv1.RoomServiceServer.
type RoomServer struct {
	roomv1.UnimplementedRoomServiceServer
	rooms *rooms.Service
}

// NewRoomServer serves the domain.
func NewRoomServer(service *rooms.Service) *RoomServer { return &RoomServer{rooms: service} }

// caller returns on whose behalf the call is made. The operator here is the
// command line; a person with the operator mark meets like anybody else.
func caller(ctx context.Context, displayName string) rooms.Caller {
	return rooms.Caller{
		User:        identity.UserFrom(ctx),
		Operator:    identity.CallerFrom(ctx) == identity.CallerOperator,
		DisplayName: displayName,
	}
}

// CreateRoom implements roomv1.RoomServiceServer.
func (s *RoomServer) CreateRoom(ctx context.Context, req *roomv1.CreateRoomRequest) (*roomv1.CreateRoomResponse, error) {
	view, err := s.rooms.Create(ctx, caller(ctx, req.GetDisplayName()), rooms.Draft{
		Name:          req.GetName(),
		AccessLevel:   levelOf(req.GetAccessLevel()),
		Configuration: req.GetConfiguration(),
		OwnerID:       req.GetOwnerId(),
		CallbackID:    req.GetCallbackId(),
		PhoneAccess:   phoneAccessOf(req.GetPhoneAccess()),
		PhoneCountry:  req.GetPhoneCountry(),
		ValidateOnly:  req.GetValidateOnly(),
	})
	if err != nil || req.GetValidateOnly() {
		return &roomv1.CreateRoomResponse{}, err
	}
	message, err := viewMessage(view)
	return &roomv1.CreateRoomResponse{Room: message}, err
}

// GetRoom implements roomv1.RoomServiceServer.
func (s *RoomServer) GetRoom(ctx context.Context, req *roomv1.GetRoomRequest) (*roomv1.GetRoomResponse, error) {
	view, err := s.rooms.Get(ctx, caller(ctx, req.GetDisplayName()), req.GetIdOrSlug())
	if err != nil {
		return nil, err
	}
	message, err := viewMessage(view)
	return &roomv1.GetRoomResponse{Room: message}, err
}

// ListRooms implements roomv1.RoomServiceServer.
func (s *RoomServer) ListRooms(ctx context.Context, req *roomv1.ListRoomsRequest) (*roomv1.ListRoomsResponse, error) {
	views, next, total, err := s.rooms.List(ctx, caller(ctx, req.GetDisplayName()), rooms.Page{
		Size:  int(req.GetPageSize()),
		Token: req.GetPageToken(),
		Skip:  int(req.GetSkip()),
	})
	if err != nil {
		return nil, err
	}
	resp := &roomv1.ListRoomsResponse{NextPageToken: next, TotalSize: int32Of(total)}
	for _, view := range views {
		message, err := viewMessage(view)
		if err != nil {
			return nil, err
		}
		resp.Rooms = append(resp.Rooms, message)
	}
	return resp, nil
}

// UpdateRoom implements roomv1.RoomServiceServer.
func (s *RoomServer) UpdateRoom(ctx context.Context, req *roomv1.UpdateRoomRequest) (*roomv1.UpdateRoomResponse, error) {
	patch, err := patchOf(req.GetRoom(), req.GetUpdateMask())
	if err != nil {
		return nil, err
	}
	patch.ValidateOnly = req.GetValidateOnly()
	view, err := s.rooms.Update(ctx, caller(ctx, req.GetDisplayName()), req.GetIdOrSlug(), patch)
	if err != nil || req.GetValidateOnly() {
		return &roomv1.UpdateRoomResponse{}, err
	}
	message, err := viewMessage(view)
	return &roomv1.UpdateRoomResponse{Room: message}, err
}

// DeleteRoom implements roomv1.RoomServiceServer.
func (s *RoomServer) DeleteRoom(ctx context.Context, req *roomv1.DeleteRoomRequest) (*roomv1.DeleteRoomResponse, error) {
	if err := s.rooms.Delete(ctx, caller(ctx, ""), req.GetIdOrSlug()); err != nil {
		return nil, err
	}
	return &roomv1.DeleteRoomResponse{}, nil
}

// RotatePin implements roomv1.RoomServiceServer.
func (s *RoomServer) RotatePin(ctx context.Context, req *roomv1.RotatePinRequest) (*roomv1.RotatePinResponse, error) {
	view, err := s.rooms.RotatePin(ctx, caller(ctx, req.GetDisplayName()), req.GetIdOrSlug(), req.GetRevoke())
	if err != nil {
		return nil, err
	}
	message, err := viewMessage(view)
	return &roomv1.RotatePinResponse{Room: message}, err
}

// ClaimCreatedRoom implements roomv1.RoomServiceServer.
func (s *RoomServer) ClaimCreatedRoom(ctx context.Context, req *roomv1.ClaimCreatedRoomRequest) (*roomv1.ClaimCreatedRoomResponse, error) {
	slug, err := s.rooms.ClaimCreated(ctx, req.GetCallbackId())
	return &roomv1.ClaimCreatedRoomResponse{Slug: slug}, err
}

// TestConnection implements roomv1.RoomServiceServer.
func (s *RoomServer) TestConnection(ctx context.Context, _ *roomv1.TestConnectionRequest) (*roomv1.TestConnectionResponse, error) {
	connection, life, err := s.rooms.TestConnection(ctx, caller(ctx, ""))
	return &roomv1.TestConnectionResponse{Connection: connection, TimeToLive: durationpb.New(life)}, err
}
