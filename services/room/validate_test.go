package room_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// TestValidateOnly: who only asks whether a call would be good is told about
// rights first and fields then, changes nothing, and needs no token.
func TestValidateOnly(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	id := s.create(t, "before", public).GetRoom().GetId()
	s.token.set(true)

	create := &roomv1.CreateRoomRequest{Name: "new", ValidateOnly: true}
	if got, err := s.rooms.CreateRoom(s.as(t, s.owner), create); err != nil || got.GetRoom() != nil {
		t.Errorf("a good creation: %v, %v", got, err)
	}
	create.Name, create.Configuration = "", object(map[string]any{"x": 1})
	_, err := s.rooms.CreateRoom(s.as(t, s.owner), create)
	wantReason(t, err, apierr.InvalidFields)
	if v := apierr.From(err).Violations; len(v) != 2 {
		t.Errorf("a creation with two faults: %v", v)
	}
	_, err = s.rooms.CreateRoom(t.Context(), create)
	wantReason(t, err, apierr.Unauthenticated)

	update := &roomv1.UpdateRoomRequest{
		IdOrSlug: id, Room: &roomv1.Room{Name: "after"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}, ValidateOnly: true,
	}
	if got, err := s.rooms.UpdateRoom(s.as(t, s.owner), update); err != nil || got.GetRoom() != nil {
		t.Errorf("a good change: %v, %v", got, err)
	}
	update.Room.Name = ""
	_, err = s.rooms.UpdateRoom(s.as(t, s.owner), update)
	wantReason(t, err, apierr.InvalidFields)
	_, err = s.rooms.UpdateRoom(s.as(t, s.stranger), update)
	wantReason(t, err, apierr.PermissionDenied)
	update.IdOrSlug = "none"
	_, err = s.rooms.UpdateRoom(s.as(t, s.owner), update)
	wantReason(t, err, apierr.RoomNotFound)

	s.token.set(false)
	list, err := s.rooms.ListRooms(s.as(t, s.owner), &roomv1.ListRoomsRequest{})
	if err != nil || list.GetTotalSize() != 1 || list.GetRooms()[0].GetRoom().GetName() != "before" {
		t.Errorf("there is now %v, %v", list, err)
	}
}
