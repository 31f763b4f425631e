package room_test

import (
	"testing"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

func TestOperator(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.create(t, "closed", restricted)
	got, err := s.operator.GetRoom(t.Context(), &roomv1.GetRoomRequest{IdOrSlug: "closed"})
	view := got.GetRoom()
	if err != nil || view.GetConnection() != nil || view.GetDialIn() == nil || len(view.GetAccesses()) != 1 {
		t.Errorf("view %v, error %v", view, err)
	}
	for owner, field := range map[string]string{"": "owner_id", "x": "owner_id", "00000000-0000-4000-8000-000000000000": "owner_id"} {
		_, err := s.operator.CreateRoom(t.Context(), &roomv1.CreateRoomRequest{Name: "made", OwnerId: owner})
		if v := apierr.From(err).Violations; len(v) != 1 || v[0].Field != field {
			t.Errorf("owner %q: %v", owner, err)
		}
	}
	made, err := s.operator.CreateRoom(t.Context(), &roomv1.CreateRoomRequest{Name: "made", OwnerId: s.stranger.ID})
	if err != nil || made.GetRoom().GetConnection() != nil || made.GetRoom().GetDialIn().GetPin() == "" {
		t.Fatalf("made %v, error %v", made, err)
	}
	if s.get(t, s.stranger, "made").GetViewerRole() != roomv1.Role_ROLE_OWNER {
		t.Error("the named owner owns nothing")
	}
	list, err := s.operator.ListRooms(t.Context(), &roomv1.ListRoomsRequest{})
	if err != nil || list.GetTotalSize() != 2 || len(list.GetRooms()) != 2 {
		t.Errorf("list %v, error %v", list, err)
	}
	if _, err := s.operator.DeleteRoom(t.Context(), &roomv1.DeleteRoomRequest{IdOrSlug: "closed"}); err != nil {
		t.Errorf("delete: %v", err)
	}
}
