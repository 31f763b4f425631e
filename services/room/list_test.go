package room_test

import (
	"fmt"
	"testing"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

func TestListRooms(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	for i := range 5 {
		s.create(t, fmt.Sprint("room ", i), restricted)
	}
	list := func(req *roomv1.ListRoomsRequest) (names []string, resp *roomv1.ListRoomsResponse) {
		resp, err := s.rooms.ListRooms(s.as(t, s.owner), req)
		if err != nil {
			t.Fatalf("list %v: %v", req, err)
		}
		for _, view := range resp.GetRooms() {
			names = append(names, view.GetRoom().GetName())
			if view.GetConnection().GetRoom() != view.GetRoom().GetId() || view.GetDialIn().GetRoomId() != view.GetRoom().GetId() ||
				len(view.GetAccesses()) != 1 || view.GetAccesses()[0].GetRoomId() != view.GetRoom().GetId() {
				t.Errorf("view %v", view)
			}
		}
		if resp.GetTotalSize() != 5 {
			t.Errorf("total %d", resp.GetTotalSize())
		}
		return names, resp
	}
	var all []string
	req := &roomv1.ListRoomsRequest{PageSize: 2}
	for pages := 0; pages < 4; pages++ {
		names, resp := list(req)
		all = append(all, names...)
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if fmt.Sprint(all) != "[room 0 room 1 room 2 room 3 room 4]" {
		t.Errorf("pages of two: %q", all)
	}
	if names, resp := list(&roomv1.ListRoomsRequest{Skip: 3}); len(names) != 2 || resp.GetNextPageToken() != "" {
		t.Errorf("skipping three: %q", names)
	}
	if names, _ := list(&roomv1.ListRoomsRequest{Skip: 9}); len(names) != 0 {
		t.Errorf("beyond the end: %q", names)
	}
	for _, token := range []string{"x", "e30", "!"} {
		_, err := s.rooms.ListRooms(s.as(t, s.owner), &roomv1.ListRoomsRequest{PageToken: token})
		wantReason(t, err, apierr.InvalidPage)
	}
	_, err := s.rooms.ListRooms(t.Context(), &roomv1.ListRoomsRequest{})
	wantReason(t, err, apierr.Unauthenticated)
}
