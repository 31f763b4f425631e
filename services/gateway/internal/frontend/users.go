package frontend

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type userServer struct {
	frontendv1.UnimplementedUserServiceServer
	users authv1.UserServiceClient
}

// languages are those that the frontend speaks.
func languages() []string { return []string{"en-us", "fr-fr", "nl-nl", "de-de"} }

// GetMe answers with the logged-in user.
func (s *userServer) GetMe(ctx context.Context, _ *frontendv1.GetMeRequest) (*frontendv1.GetMeResponse, error) {
	ctx, v := visit.Enter(ctx)
	answer, err := s.users.GetUser(ctx, &authv1.GetUserRequest{Key: &authv1.GetUserRequest_Id{Id: v.UserID}})
	if err != nil {
		return nil, err
	}
	return &frontendv1.GetMeResponse{User: user(answer.GetUser())}, nil
}

// ListUsers answers with those whom auth shows: nobody, unless it is set to.
func (s *userServer) ListUsers(ctx context.Context, req *frontendv1.ListUsersRequest) (*frontendv1.ListUsersResponse, error) {
	ctx, v := visit.Enter(ctx)
	p, err := listPage(v.URL, req.GetPage(), defaultPageSize, func(size, skip int32) ([]*authv1.User, int32, error) {
		answer, err := s.users.SearchUsers(ctx, &authv1.SearchUsersRequest{Query: req.GetQ(), Limit: size, Offset: skip})
		return answer.GetUsers(), answer.GetCount(), err
	})
	if err != nil {
		return nil, err
	}
	shown := &frontendv1.ListUsersResponse{Count: p.count, Next: p.next, Previous: p.previous}
	for _, u := range p.items {
		shown.Results = append(shown.Results, user(u))
	}
	return shown, nil
}

// ReplaceUser changes what is given; the time zone must be.
func (s *userServer) ReplaceUser(ctx context.Context, req *frontendv1.ReplaceUserRequest) (*frontendv1.ReplaceUserResponse, error) {
	changed, err := s.update(ctx, req.GetId(), req.GetBody(), true)
	if err != nil {
		return nil, err
	}
	return &frontendv1.ReplaceUserResponse{User: changed}, nil
}

// UpdateUser changes what is given.
func (s *userServer) UpdateUser(ctx context.Context, req *frontendv1.UpdateUserRequest) (*frontendv1.UpdateUserResponse, error) {
	changed, err := s.update(ctx, req.GetId(), req.GetBody(), false)
	if err != nil {
		return nil, err
	}
	return &frontendv1.UpdateUserResponse{User: changed}, nil
}

func (s *userServer) update(ctx context.Context, id string, body *frontendv1.UserPreferences, whole bool) (*frontendv1.User, error) {
	if err := uuid.Validate(id); err != nil {
		return nil, apierr.New(apierr.UserNotFound, "Not found.")
	}
	ctx, _ = visit.Enter(ctx)
	changes, mask, wrong := preferences(body, whole)
	changes.Id = id
	answer, err := s.users.UpdateUser(ctx, &authv1.UpdateUserRequest{User: changes, UpdateMask: mask, ValidateOnly: wrong != nil})
	if err := allWrong(wrong, err); err != nil {
		return nil, err
	}
	return user(answer.GetUser()), nil
}

// preferences reads the body of a change and what it names.
func preferences(body *frontendv1.UserPreferences, whole bool) (*authv1.User, *fieldmaskpb.FieldMask, error) {
	var f form.Form
	changes, mask := &authv1.User{}, &fieldmaskpb.FieldMask{}
	if timezone, ok := f.String("timezone", body.GetTimezone(), form.Rules{Required: whole}); ok {
		changes.Timezone = timezone
		mask.Paths = append(mask.Paths, "timezone")
	}
	if language, ok := f.Choice("language", body.GetLanguage(), languages(), form.Rules{}); ok {
		changes.Language = language
		mask.Paths = append(mask.Paths, "language")
	}
	level, ok := f.Choice("default_room_access_level", body.GetDefaultRoomAccessLevel(), accessLevels(), form.Rules{Null: true, Blank: true})
	if ok {
		if !form.IsNull(body.GetDefaultRoomAccessLevel()) {
			changes.DefaultRoomAccessLevel = &level
		}
		mask.Paths = append(mask.Paths, "default_room_access_level")
	}
	if configuration, ok := f.Configuration("default_room_configuration", body.GetDefaultRoomConfiguration()); ok {
		changes.DefaultRoomConfiguration = configuration
		mask.Paths = append(mask.Paths, "default_room_configuration")
	}
	return changes, mask, f.Err()
}

func accessLevels() []string { return words(roomv1.AccessLevel(0).Descriptor()) }

func phoneAccesses() []string { return words(roomv1.PhoneAccess(0).Descriptor()) }

// user shapes a user for its own eyes.
func user(u *authv1.User) *frontendv1.User {
	shown := &frontendv1.User{
		Id:                       u.GetId(),
		Email:                    textOrNull(u.GetEmail()),
		FullName:                 textOrNull(u.GetFullName()),
		ShortName:                textOrNull(u.GetShortName()),
		Timezone:                 u.GetTimezone(),
		Language:                 u.GetLanguage(),
		DefaultRoomAccessLevel:   structpb.NewNullValue(),
		DefaultRoomConfiguration: object(u.GetDefaultRoomConfiguration()),
	}
	if u.DefaultRoomAccessLevel != nil {
		shown.DefaultRoomAccessLevel = structpb.NewStringValue(u.GetDefaultRoomAccessLevel())
	}
	return shown
}

// object shows an unset object as an empty one.
func object(s *structpb.Struct) *structpb.Struct {
	if s == nil {
		return &structpb.Struct{}
	}
	return s
}
