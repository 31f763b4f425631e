package room_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/structpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

// through returns a context in which an application calls for the user.
func (s *suite) through(t *testing.T, user *identity.User, scopes ...identity.Scope) context.Context {
	t.Helper()
	assertion, err := s.signer.SignApplication(identity.Application{ID: "calendar", Scopes: scopes}, user, "room", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return identity.WithAssertion(t.Context(), assertion)
}

func (s *suite) external() roomv1.ExternalRoomServiceClient {
	return roomv1.NewExternalRoomServiceClient(s.conns[0])
}

func TestApplicationCreatesRooms(t *testing.T) {
	s := newSuite(t)
	level := "public"
	s.auth.users[s.owner.ID] = &authv1.User{Id: s.owner.ID, Sub: s.owner.Sub, DefaultRoomAccessLevel: &level}
	ctx := s.through(t, s.owner, identity.ScopeRoomsCreate, identity.ScopeRoomsRetrieve, identity.ScopeRoomsList)
	made, err := s.external().CreateExternalRoom(ctx, &roomv1.CreateExternalRoomRequest{})
	if err != nil {
		t.Fatal(err)
	}
	room := made.GetRoom().GetRoom()
	if !regexp.MustCompile(`^[a-z]{3}-[a-z]{4}-[a-z]{3}$`).MatchString(room.GetName()) || room.GetSlug() != room.GetName() {
		t.Errorf("name %q, slug %q", room.GetName(), room.GetSlug())
	}
	if room.GetAccessLevel() != roomv1.AccessLevel_ACCESS_LEVEL_TRUSTED || made.GetRoom().GetDialIn().GetPin() == "" {
		t.Errorf("made %v", made)
	}
	view, err := s.rooms.GetRoom(s.as(t, s.owner), &roomv1.GetRoomRequest{IdOrSlug: room.GetId()})
	if err != nil || view.GetRoom().GetViewerRole() != roomv1.Role_ROLE_OWNER {
		t.Errorf("the user's role: %v, %v", view.GetRoom().GetViewerRole(), err)
	}
	got, err := s.external().GetExternalRoom(ctx, &roomv1.GetExternalRoomRequest{Id: room.GetId()})
	if err != nil || got.GetRoom().GetRoom().GetId() != room.GetId() || got.GetRoom().GetDialIn().GetPin() == "" {
		t.Errorf("got %v, %v", got, err)
	}
	list, err := s.external().ListExternalRooms(ctx, &roomv1.ListExternalRoomsRequest{})
	if err != nil || list.GetTotalSize() != 1 || len(list.GetRooms()) != 1 {
		t.Errorf("list %v, %v", list, err)
	}
	other, err := s.external().ListExternalRooms(s.through(t, s.stranger, identity.ScopeRoomsList), &roomv1.ListExternalRoomsRequest{})
	if err != nil || other.GetTotalSize() != 0 {
		t.Errorf("a stranger's list %v, %v", other, err)
	}
	if _, err := s.external().CreateExternalRoom(ctx, &roomv1.CreateExternalRoomRequest{ValidateOnly: true}); err != nil {
		t.Error(err)
	}
	if list, err := s.external().ListExternalRooms(ctx, &roomv1.ListExternalRoomsRequest{}); err != nil || list.GetTotalSize() != 1 {
		t.Errorf("validate_only made a room: %v, %v", list, err)
	}
}

func TestApplicationIsRefused(t *testing.T) {
	s := newSuite(t)
	own := s.create(t, "own", roomv1.AccessLevel_ACCESS_LEVEL_PUBLIC).GetRoom().GetId()
	get := func(ctx context.Context, id string) error {
		_, err := s.external().GetExternalRoom(ctx, &roomv1.GetExternalRoomRequest{Id: id})
		return err
	}
	create := func(ctx context.Context, level roomv1.AccessLevel) error {
		_, err := s.external().CreateExternalRoom(ctx, &roomv1.CreateExternalRoomRequest{AccessLevel: level, ValidateOnly: true})
		return err
	}
	reader := s.through(t, s.owner, identity.ScopeRoomsRetrieve)
	maker := s.through(t, s.owner, identity.ScopeRoomsCreate)
	const denied = "You do not have permission to perform this action."
	for name, c := range map[string]struct {
		err    error
		reason apierr.Reason
		text   string
	}{
		"slug":           {get(reader, "own"), apierr.RoomNotFound, "Not found."},
		"unknown":        {get(reader, uuid.NewString()), apierr.RoomNotFound, "No Room matches the given query."},
		"no role":        {get(s.through(t, s.stranger, identity.ScopeRoomsRetrieve), own), apierr.PermissionDenied, denied},
		"scope missing":  {get(maker, own), apierr.PermissionDenied, "Insufficient permissions. Required scope: rooms:retrieve"},
		"no scopes":      {get(s.through(t, s.owner), own), apierr.PermissionDenied, "Insufficient permissions."},
		"no user":        {get(s.through(t, nil, identity.ScopeRoomsRetrieve), own), apierr.Unauthenticated, ""},
		"the user alone": {get(s.as(t, s.owner), own), apierr.Unauthenticated, ""},
		"anonymous":      {get(t.Context(), own), apierr.Unauthenticated, ""},
		"public":         {create(maker, roomv1.AccessLevel_ACCESS_LEVEL_PUBLIC), apierr.InvalidFields, "Public rooms are disabled for the external API."},
	} {
		if !apierr.Has(c.err, c.reason) || !strings.Contains(apierr.From(c.err).Error(), c.text) {
			t.Errorf("%s: %v, want %v %q", name, c.err, c.reason, c.text)
		}
	}
	bad := &structpb.Struct{Fields: map[string]*structpb.Value{"x": structpb.NewNullValue()}}
	if _, err := s.external().CreateExternalRoom(maker, &roomv1.CreateExternalRoomRequest{Configuration: bad}); !apierr.Has(err, apierr.InvalidFields) {
		t.Errorf("configuration: %v", err)
	}
	// What is for people is not for applications that act for them.
	all := s.through(t, s.owner, identity.ScopeRoomsList, identity.ScopeRoomsCreate, identity.ScopeRoomsRetrieve)
	if _, err := s.rooms.GetRoom(all, &roomv1.GetRoomRequest{IdOrSlug: own}); !apierr.Has(err, apierr.PermissionDenied) {
		t.Errorf("GetRoom: %v", err)
	}
	if _, err := s.rooms.DeleteRoom(all, &roomv1.DeleteRoomRequest{IdOrSlug: own}); !apierr.Has(err, apierr.PermissionDenied) {
		t.Errorf("DeleteRoom: %v", err)
	}

	open := newSuite(t, "EXTERNAL_API_ALLOW_PUBLIC_ACCESS=true")
	ctx := open.through(t, open.owner, identity.ScopeRoomsCreate)
	if _, err := open.external().CreateExternalRoom(ctx, &roomv1.CreateExternalRoomRequest{AccessLevel: roomv1.AccessLevel_ACCESS_LEVEL_PUBLIC}); err != nil {
		t.Errorf("public, allowed: %v", err)
	}
}
