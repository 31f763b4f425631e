package frontend

import (
	"context"

	"github.com/google/uuid"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type accessServer struct {
	frontendv1.UnimplementedAccessServiceServer
	accesses roomv1.AccessServiceClient
}

// ListResourceAccesses lists the accesses on the rooms that the visitor administers.
func (s *accessServer) ListResourceAccesses(ctx context.Context, req *frontendv1.ListResourceAccessesRequest) (*frontendv1.ListResourceAccessesResponse, error) {
	ctx, v := visit.Enter(ctx)
	p, err := listPage(v.URL, req.GetPage(), defaultPageSize, func(size, skip int32) ([]*roomv1.Access, int32, error) {
		answer, err := s.accesses.ListAccesses(ctx, &roomv1.ListAccessesRequest{PageSize: size, Skip: skip})
		return answer.GetAccesses(), answer.GetTotalSize(), err
	})
	if err != nil {
		return nil, err
	}
	answer := &frontendv1.ListResourceAccessesResponse{Count: p.count, Next: p.next, Previous: p.previous}
	for _, item := range p.items {
		answer.Results = append(answer.Results, access(item))
	}
	return answer, nil
}

// GetResourceAccess answers with an access.
func (s *accessServer) GetResourceAccess(ctx context.Context, req *frontendv1.GetResourceAccessRequest) (*frontendv1.GetResourceAccessResponse, error) {
	ctx, _ = visit.Enter(ctx)
	id, err := accessID(req.GetId())
	if err != nil {
		return nil, err
	}
	answer, err := s.accesses.GetAccess(ctx, &roomv1.GetAccessRequest{Id: id})
	if err != nil {
		return nil, err
	}
	return &frontendv1.GetResourceAccessResponse{Access: access(answer.GetAccess())}, nil
}

// CreateResourceAccess gives somebody a role.
func (s *accessServer) CreateResourceAccess(ctx context.Context, req *frontendv1.CreateResourceAccessRequest) (*frontendv1.CreateResourceAccessResponse, error) {
	ctx, _ = visit.Enter(ctx)
	fields, wrong := accessFields(req.GetBody(), true)
	answer, err := s.accesses.CreateAccess(ctx, &roomv1.CreateAccessRequest{Access: fields, ValidateOnly: wrong != nil})
	if err := allWrong(wrong, err); err != nil {
		return nil, err
	}
	return &frontendv1.CreateResourceAccessResponse{Access: access(answer.GetAccess())}, nil
}

// ReplaceResourceAccess changes a role; user and room must be given.
func (s *accessServer) ReplaceResourceAccess(ctx context.Context, req *frontendv1.ReplaceResourceAccessRequest) (*frontendv1.ReplaceResourceAccessResponse, error) {
	changed, err := s.update(ctx, req.GetId(), req.GetBody(), true)
	if err != nil {
		return nil, err
	}
	return &frontendv1.ReplaceResourceAccessResponse{Access: changed}, nil
}

// UpdateResourceAccess changes a role.
func (s *accessServer) UpdateResourceAccess(ctx context.Context, req *frontendv1.UpdateResourceAccessRequest) (*frontendv1.UpdateResourceAccessResponse, error) {
	changed, err := s.update(ctx, req.GetId(), req.GetBody(), false)
	if err != nil {
		return nil, err
	}
	return &frontendv1.UpdateResourceAccessResponse{Access: changed}, nil
}

func (s *accessServer) update(ctx context.Context, path string, body *frontendv1.ResourceAccessFields, whole bool) (*frontendv1.ResourceAccess, error) {
	ctx, _ = visit.Enter(ctx)
	id, err := accessID(path)
	if err != nil {
		return nil, err
	}
	fields, wrong := accessFields(body, whole)
	answer, err := s.accesses.UpdateAccess(ctx, &roomv1.UpdateAccessRequest{Id: id, Access: fields, ValidateOnly: wrong != nil})
	if err := allWrong(wrong, err); err != nil {
		return nil, err
	}
	return access(answer.GetAccess()), nil
}

// DeleteResourceAccess takes a role.
func (s *accessServer) DeleteResourceAccess(ctx context.Context, req *frontendv1.DeleteResourceAccessRequest) (*frontendv1.DeleteResourceAccessResponse, error) {
	ctx, _ = visit.Enter(ctx)
	id, err := accessID(req.GetId())
	if err != nil {
		return nil, err
	}
	if _, err := s.accesses.DeleteAccess(ctx, &roomv1.DeleteAccessRequest{Id: id}); err != nil {
		return nil, err
	}
	return &frontendv1.DeleteResourceAccessResponse{}, nil
}

// accessID reads an id from a path.
func accessID(text string) (string, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return "", apierr.New(apierr.AccessNotFound, "Not found.")
	}
	return id.String(), nil
}

// accessFields reads a body; what is wrong with a field leaves it empty.
func accessFields(body *frontendv1.ResourceAccessFields, whole bool) (*roomv1.AccessFields, error) {
	var f form.Form
	fields := &roomv1.AccessFields{}
	fields.UserId, _ = f.Key("user", body.GetUser(), form.Rules{Required: whole})
	fields.RoomId, _ = f.Key("resource", body.GetResource(), form.Rules{Required: whole})
	roles := roomv1.Role(0).Descriptor()
	role, _ := f.Choice("role", body.GetRole(), words(roles), form.Rules{})
	fields.Role = roomv1.Role(number(roles, role))
	return fields, f.Err()
}

// access shapes an access.
func access(a *roomv1.Access) *frontendv1.ResourceAccess {
	return &frontendv1.ResourceAccess{
		Id: a.GetId(), User: a.GetUser().GetId(), Resource: a.GetRoomId(), Role: word(a.GetRole()),
	}
}
