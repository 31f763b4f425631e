package rpc

import (
	"context"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// AccessServer implements roomv1.AccessServiceServer.
type AccessServer struct {
	roomv1.UnimplementedAccessServiceServer
	accesses *accesses.Service
}

// NewAccessServer serves the domain. The policy lets nobody through without a user.
func NewAccessServer(service *accesses.Service) *AccessServer {
	return &AccessServer{accesses: service}
}

// ListAccesses implements roomv1.AccessServiceServer.
func (s *AccessServer) ListAccesses(ctx context.Context, req *roomv1.ListAccessesRequest) (*roomv1.ListAccessesResponse, error) {
	list, next, total, err := s.accesses.List(ctx, identity.UserFrom(ctx), accesses.Page{
		Size: int(req.GetPageSize()), Token: req.GetPageToken(), Skip: int(req.GetSkip()),
	})
	if err != nil {
		return nil, err
	}
	resp := &roomv1.ListAccessesResponse{NextPageToken: next, TotalSize: int32Of(total)}
	for _, access := range list {
		resp.Accesses = append(resp.Accesses, accessMessage(access))
	}
	return resp, nil
}

// GetAccess implements roomv1.AccessServiceServer.
func (s *AccessServer) GetAccess(ctx context.Context, req *roomv1.GetAccessRequest) (*roomv1.GetAccessResponse, error) {
	access, err := s.accesses.Get(ctx, identity.UserFrom(ctx), req.GetId())
	if err != nil {
		return nil, err
	}
	return &roomv1.GetAccessResponse{Access: accessMessage(access)}, nil
}

// CreateAccess implements roomv1.AccessServiceServer.
func (s *AccessServer) CreateAccess(ctx context.Context, req *roomv1.CreateAccessRequest) (*roomv1.CreateAccessResponse, error) {
	access, err := s.accesses.Create(ctx, identity.UserFrom(ctx), accessFields(req.GetAccess()), req.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	return &roomv1.CreateAccessResponse{Access: accessMessage(access)}, nil
}

// UpdateAccess implements roomv1.AccessServiceServer.
func (s *AccessServer) UpdateAccess(ctx context.Context, req *roomv1.UpdateAccessRequest) (*roomv1.UpdateAccessResponse, error) {
	access, err := s.accesses.Update(ctx, identity.UserFrom(ctx), req.GetId(), accessFields(req.GetAccess()), req.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	return &roomv1.UpdateAccessResponse{Access: accessMessage(access)}, nil
}

// DeleteAccess implements roomv1.AccessServiceServer.
func (s *AccessServer) DeleteAccess(ctx context.Context, req *roomv1.DeleteAccessRequest) (*roomv1.DeleteAccessResponse, error) {
	return &roomv1.DeleteAccessResponse{}, s.accesses.Delete(ctx, identity.UserFrom(ctx), req.GetId())
}

func accessFields(message *roomv1.AccessFields) accesses.Fields {
	return accesses.Fields{UserID: message.GetUserId(), RoomID: message.GetRoomId(), Role: roleOf(message.GetRole())}
}

// accessMessage names the user by id alone.
func accessMessage(access rooms.Access) *roomv1.Access {
	return &roomv1.Access{
		Id: access.ID, RoomId: access.RoomID, User: &authv1.User{Id: access.UserID}, Role: roleMessages[access.Role],
	}
}

// roleOf returns NoRole for unspecified and for what is no role.
func roleOf(message roomv1.Role) rooms.Role {
	for role, known := range roleMessages {
		if known == message {
			return role
		}
	}
	return rooms.NoRole
}
