package rpc

import (
	"context"
	"math"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// Users implements parley.auth.v1.UserService.
type Users struct {
	authv1.UnimplementedUserServiceServer
	directory *users.Directory
}

// NewUsers returns the handlers.
func NewUsers(directory *users.Directory) *Users { return &Users{directory: directory} }

// GetUser finds a user.
func (s *Users) GetUser(ctx context.Context, req *authv1.GetUserRequest) (*authv1.GetUserResponse, error) {
	var user users.User
	var err error
	switch key := req.GetKey().(type) {
	case *authv1.GetUserRequest_Id:
		user, err = s.directory.ByID(ctx, key.Id)
	case *authv1.GetUserRequest_Sub:
		user, err = s.directory.BySub(ctx, key.Sub)
	case *authv1.GetUserRequest_Email:
		if identity.CallerFrom(ctx) == identity.CallerGateway {
			// The gateway speaks for browsers, which must not find out who has an account.
			return nil, apierr.New(apierr.CallerNotAllowed, "")
		}
		user, err = s.directory.ByEmail(ctx, key.Email)
	}
	if err != nil {
		return nil, err
	}
	message, err := userMessage(user, s.directory.Operator(user))
	return &authv1.GetUserResponse{User: message}, err
}

// BatchGetUsers returns the users that exist.
func (s *Users) BatchGetUsers(ctx context.Context, req *authv1.BatchGetUsersRequest) (*authv1.BatchGetUsersResponse, error) {
	found, err := s.directory.ByIDs(ctx, req.GetIds())
	if err != nil {
		return nil, err
	}
	resp := &authv1.BatchGetUsersResponse{Users: make([]*authv1.User, len(found))}
	for i, user := range found {
		if resp.Users[i], err = userMessage(user, s.directory.Operator(user)); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// SearchUsers lists users, where people are shown to each other.
func (s *Users) SearchUsers(ctx context.Context, req *authv1.SearchUsersRequest) (*authv1.SearchUsersResponse, error) {
	found, count, err := s.directory.Search(ctx, req.GetQuery(), int(req.GetLimit()), int(req.GetOffset()))
	if err != nil {
		return nil, err
	}
	resp := &authv1.SearchUsersResponse{
		Users: make([]*authv1.User, len(found)),
		Count: int32(min(count, math.MaxInt32)), // #nosec G115 -- bounded
	}
	for i, user := range found {
		if resp.Users[i], err = userMessage(user, s.directory.Operator(user)); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// UpdateUser changes the caller's own preferences.
func (s *Users) UpdateUser(ctx context.Context, req *authv1.UpdateUserRequest) (*authv1.UpdateUserResponse, error) {
	caller := identity.UserFrom(ctx)
	if caller == nil { // the operator's command line has no preferences
		return nil, apierr.New(apierr.PermissionDenied, "")
	}
	change, err := changeFrom(req.GetUser(), req.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	if req.GetValidateOnly() {
		return &authv1.UpdateUserResponse{}, s.directory.Check(ctx, caller.ID, req.GetUser().GetId(), change)
	}
	user, err := s.directory.Change(ctx, caller.ID, req.GetUser().GetId(), change)
	if err != nil {
		return nil, err
	}
	message, err := userMessage(user, s.directory.Operator(user))
	return &authv1.UpdateUserResponse{User: message}, err
}
