package frontend

import (
	"context"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type roomServer struct {
	frontendv1.UnimplementedRoomServiceServer
	rooms roomv1.RoomServiceClient
}

const (
	// maxRoomName is the most characters of a room's name.
	maxRoomName = 500
	// maxCountry is the characters of a country; room knows which there are.
	maxCountry = 2
)

// CreateRoom creates a room of the visitor's.
func (s *roomServer) CreateRoom(ctx context.Context, req *frontendv1.CreateRoomRequest) (*frontendv1.CreateRoomResponse, error) {
	ctx, _ = visit.Enter(ctx)
	var f form.Form
	fields, _ := roomFields(&f, req.GetBody(), true)
	callback, _ := f.String("callback_id", req.GetBody().GetCallbackId(), form.Rules{})
	wrong := f.Err()
	answer, err := s.rooms.CreateRoom(ctx, &roomv1.CreateRoomRequest{
		Name: fields.GetName(), AccessLevel: fields.GetAccessLevel(), Configuration: fields.GetConfiguration(), DisplayName: req.GetUsername(),
		CallbackId: callback, PhoneAccess: fields.GetPhoneAccess(), PhoneCountry: fields.GetPhoneCountry(), ValidateOnly: wrong != nil,
	})
	if err := allWrong(wrong, err); err != nil {
		return nil, err
	}
	shown, err := room(answer.GetRoom())
	if err != nil {
		return nil, err
	}
	return &frontendv1.CreateRoomResponse{Room: shown}, nil
}

// GetRoom answers with as much of a room as the visitor may see.
func (s *roomServer) GetRoom(ctx context.Context, req *frontendv1.GetRoomRequest) (*frontendv1.GetRoomResponse, error) {
	ctx, _ = visit.Enter(ctx)
	answer, err := s.rooms.GetRoom(ctx, &roomv1.GetRoomRequest{IdOrSlug: req.GetId(), DisplayName: req.GetUsername()})
	if err != nil {
		return nil, err
	}
	shown, err := room(answer.GetRoom())
	if err != nil {
		return nil, err
	}
	return &frontendv1.GetRoomResponse{Room: shown}, nil
}

// ListRooms lists the visitor's rooms; an anonymous visitor has none.
func (s *roomServer) ListRooms(ctx context.Context, req *frontendv1.ListRoomsRequest) (*frontendv1.ListRoomsResponse, error) {
	ctx, v := visit.Enter(ctx)
	p, err := listPage(v.URL, req.GetPage(), pageSize(req.GetPageSize()), func(size, skip int32) ([]*roomv1.RoomView, int32, error) {
		if v.UserID == "" {
			return nil, 0, nil
		}
		answer, err := s.rooms.ListRooms(ctx, &roomv1.ListRoomsRequest{PageSize: size, Skip: skip, DisplayName: req.GetUsername()})
		return answer.GetRooms(), answer.GetTotalSize(), err
	})
	if err != nil {
		return nil, err
	}
	results := make([]*frontendv1.Room, 0, len(p.items))
	for _, view := range p.items {
		shown, err := room(view)
		if err != nil {
			return nil, err
		}
		results = append(results, shown)
	}
	return &frontendv1.ListRoomsResponse{Count: p.count, Next: p.next, Previous: p.previous, Results: results}, nil
}

// ReplaceRoom changes what is given; the name must be.
func (s *roomServer) ReplaceRoom(ctx context.Context, req *frontendv1.ReplaceRoomRequest) (*frontendv1.ReplaceRoomResponse, error) {
	shown, err := s.update(ctx, req.GetId(), req.GetUsername(), req.GetBody(), true)
	if err != nil {
		return nil, err
	}
	return &frontendv1.ReplaceRoomResponse{Room: shown}, nil
}

// UpdateRoom changes what is given.
func (s *roomServer) UpdateRoom(ctx context.Context, req *frontendv1.UpdateRoomRequest) (*frontendv1.UpdateRoomResponse, error) {
	shown, err := s.update(ctx, req.GetId(), req.GetUsername(), req.GetBody(), false)
	if err != nil {
		return nil, err
	}
	return &frontendv1.UpdateRoomResponse{Room: shown}, nil
}

func (s *roomServer) update(ctx context.Context, id, username string, body *frontendv1.RoomFields, whole bool) (*frontendv1.Room, error) {
	ctx, _ = visit.Enter(ctx)
	var f form.Form
	fields, mask := roomFields(&f, body, whole)
	wrong := f.Err()
	answer, err := s.rooms.UpdateRoom(ctx, &roomv1.UpdateRoomRequest{
		IdOrSlug: id, Room: fields, UpdateMask: mask, DisplayName: username, ValidateOnly: wrong != nil,
	})
	if err := allWrong(wrong, err); err != nil {
		return nil, err
	}
	return room(answer.GetRoom())
}

// DeleteRoom deletes a room.
func (s *roomServer) DeleteRoom(ctx context.Context, req *frontendv1.DeleteRoomRequest) (*frontendv1.DeleteRoomResponse, error) {
	ctx, _ = visit.Enter(ctx)
	if _, err := s.rooms.DeleteRoom(ctx, &roomv1.DeleteRoomRequest{IdOrSlug: req.GetId()}); err != nil {
		return nil, err
	}
	return &frontendv1.DeleteRoomResponse{}, nil
}

// RotatePin gives a room a new PIN.
func (s *roomServer) RotatePin(ctx context.Context, req *frontendv1.RotatePinRequest) (*frontendv1.RotatePinResponse, error) {
	ctx, _ = visit.Enter(ctx)
	var f form.Form
	revoke, _ := f.Bool("revoke", req.GetBody().GetRevoke(), form.Rules{})
	if wrong := f.Err(); wrong != nil { // said to those alone who may change the room
		_, err := s.rooms.UpdateRoom(ctx, &roomv1.UpdateRoomRequest{IdOrSlug: req.GetId(), ValidateOnly: true})
		return nil, allWrong(wrong, err)
	}
	answer, err := s.rooms.RotatePin(ctx, &roomv1.RotatePinRequest{IdOrSlug: req.GetId(), DisplayName: req.GetUsername(), Revoke: revoke})
	if err != nil {
		return nil, err
	}
	shown, err := room(answer.GetRoom())
	if err != nil {
		return nil, err
	}
	return &frontendv1.RotatePinResponse{Room: shown}, nil
}

// ClaimCreatedRoom tells, once, which room was created with a callback id.
func (s *roomServer) ClaimCreatedRoom(ctx context.Context, req *frontendv1.ClaimCreatedRoomRequest) (*frontendv1.ClaimCreatedRoomResponse, error) {
	ctx, _ = visit.Enter(ctx)
	var f form.Form
	callback, _ := f.String("callback_id", req.GetBody().GetCallbackId(), form.Rules{Required: true})
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer, err := s.rooms.ClaimCreatedRoom(ctx, &roomv1.ClaimCreatedRoomRequest{CallbackId: callback})
	if err != nil {
		return nil, err
	}
	created := &structpb.Struct{}
	if slug := answer.GetSlug(); slug != "" {
		created.Fields = map[string]*structpb.Value{"slug": structpb.NewStringValue(slug)}
	}
	return &frontendv1.ClaimCreatedRoomResponse{Status: success, Room: created}, nil
}

// roomFields reads the body of a creation or change and what it names.
func roomFields(f *form.Form, body *frontendv1.RoomFields, whole bool) (*roomv1.Room, *fieldmaskpb.FieldMask) {
	fields, mask := &roomv1.Room{}, &fieldmaskpb.FieldMask{}
	if name, ok := f.String("name", body.GetName(), form.Rules{Required: whole, Max: maxRoomName}); ok {
		fields.Name = name
		mask.Paths = append(mask.Paths, "name")
	}
	if level, ok := f.Choice("access_level", body.GetAccessLevel(), accessLevels(), form.Rules{}); ok {
		fields.AccessLevel = roomv1.AccessLevel(number(roomv1.AccessLevel(0).Descriptor(), level))
		mask.Paths = append(mask.Paths, "access_level")
	}
	if access, ok := f.Choice("phone_access", body.GetPhoneAccess(), phoneAccesses(), form.Rules{Null: true}); ok {
		fields.PhoneAccess = roomv1.PhoneAccess(number(roomv1.PhoneAccess(0).Descriptor(), access))
		mask.Paths = append(mask.Paths, "phone_access")
	}
	if country, ok := f.String("phone_country", body.GetPhoneCountry(), form.Rules{Null: true, Blank: true, Max: maxCountry}); ok {
		fields.PhoneCountry = country
		mask.Paths = append(mask.Paths, "phone_country")
	}
	if configuration, ok := f.Configuration("configuration", body.GetConfiguration()); ok {
		fields.Configuration = configuration
		mask.Paths = append(mask.Paths, "configuration")
	}
	return fields, mask
}
