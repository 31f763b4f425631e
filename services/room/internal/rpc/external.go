package rpc

import (
	"context"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// ExternalRoomServer implements roomv1.ExternalRoomServiceServer.
type ExternalRoomServer struct {
	roomv1.UnimplementedExternalRoomServiceServer
	rooms *rooms.Service
}

// NewExternalRoomServer serves the domain.
func NewExternalRoomServer(service *rooms.Service) *ExternalRoomServer {
	return &ExternalRoomServer{rooms: service}
}

// delegate returns the user for whom an application calls.
func delegate(ctx context.Context) rooms.Caller {
	return rooms.Caller{User: identity.UserFrom(ctx), Application: true}
}

// CreateExternalRoom implements roomv1.ExternalRoomServiceServer.
func (s *ExternalRoomServer) CreateExternalRoom(ctx context.Context, req *roomv1.CreateExternalRoomRequest) (*roomv1.CreateExternalRoomResponse, error) {
	view, err := s.rooms.CreateExternal(ctx, delegate(ctx), rooms.ExternalDraft{
		AccessLevel: levelOf(req.GetAccessLevel()), Configuration: req.GetConfiguration(), ValidateOnly: req.GetValidateOnly(),
	})
	if err != nil || req.GetValidateOnly() {
		return &roomv1.CreateExternalRoomResponse{}, err
	}
	message, err := externalMessage(view)
	return &roomv1.CreateExternalRoomResponse{Room: message}, err
}

// GetExternalRoom implements roomv1.ExternalRoomServiceServer.
func (s *ExternalRoomServer) GetExternalRoom(ctx context.Context, req *roomv1.GetExternalRoomRequest) (*roomv1.GetExternalRoomResponse, error) {
	view, err := s.rooms.GetExternal(ctx, delegate(ctx), req.GetId())
	if err != nil {
		return nil, err
	}
	message, err := externalMessage(view)
	return &roomv1.GetExternalRoomResponse{Room: message}, err
}

// ListExternalRooms implements roomv1.ExternalRoomServiceServer.
func (s *ExternalRoomServer) ListExternalRooms(ctx context.Context, req *roomv1.ListExternalRoomsRequest) (*roomv1.ListExternalRoomsResponse, error) {
	views, next, total, err := s.rooms.List(ctx, delegate(ctx), rooms.Page{
		Size: int(req.GetPageSize()), Token: req.GetPageToken(), Skip: int(req.GetSkip()),
	})
	if err != nil {
		return nil, err
	}
	resp := &roomv1.ListExternalRoomsResponse{NextPageToken: next, TotalSize: int32Of(total)}
	for _, view := range views {
		message, err := externalMessage(view)
		if err != nil {
			return nil, err
		}
		resp.Rooms = append(resp.Rooms, message)
	}
	return resp, nil
}

func externalMessage(view rooms.View) (*roomv1.ExternalRoom, error) {
	room, err := roomMessage(view.Room)
	return &roomv1.ExternalRoom{Room: room, DialIn: view.DialIn}, err
}
