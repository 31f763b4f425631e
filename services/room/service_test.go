package room_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/testkit"
)

const (
	public     = roomv1.AccessLevel_ACCESS_LEVEL_PUBLIC
	trusted    = roomv1.AccessLevel_ACCESS_LEVEL_TRUSTED
	restricted = roomv1.AccessLevel_ACCESS_LEVEL_RESTRICTED
)

// TestVisibility is the table of the contract, section 3.2.
func TestVisibility(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	ids := map[roomv1.AccessLevel]string{}
	for level, name := range map[roomv1.AccessLevel]string{public: "pub", trusted: "tru", restricted: "res"} {
		ids[level] = s.create(t, name, level).GetRoom().GetId()
		s.grant(t, ids[level], map[string]*identity.User{"member": s.member, "administrator": s.administrator})
	}
	for name, c := range map[string]struct {
		user     *identity.User
		enters   map[roomv1.AccessLevel]bool
		accesses int
		role     roomv1.Role
	}{
		"anonymous":     {nil, map[roomv1.AccessLevel]bool{public: true}, 0, 0},
		"no role":       {s.stranger, map[roomv1.AccessLevel]bool{public: true, trusted: true}, 0, 0},
		"member":        {s.member, map[roomv1.AccessLevel]bool{public: true, trusted: true, restricted: true}, 0, roomv1.Role_ROLE_MEMBER},
		"administrator": {s.administrator, map[roomv1.AccessLevel]bool{public: true, trusted: true, restricted: true}, 3, roomv1.Role_ROLE_ADMINISTRATOR},
		"owner":         {s.owner, map[roomv1.AccessLevel]bool{public: true, trusted: true, restricted: true}, 3, roomv1.Role_ROLE_OWNER},
	} {
		for level, id := range ids {
			view := s.get(t, c.user, id)
			if got := view.GetConnection() != nil; got != c.enters[level] {
				t.Errorf("%s, %v: connection %v", name, level, view.GetConnection())
			}
			if (view.GetDialIn() != nil) != (view.GetConnection() != nil) {
				t.Errorf("%s, %v: dial-in and connection differ", name, level)
			}
			if len(view.GetAccesses()) != c.accesses || view.GetViewerRole() != c.role {
				t.Errorf("%s, %v: role %v, accesses %v", name, level, view.GetViewerRole(), view.GetAccesses())
			}
		}
	}
	view := s.get(t, s.owner, ids[public])
	if last := view.GetAccesses()[2]; !proto.Equal(last.GetUser(), s.auth.users[s.owner.ID]) || last.GetRole() != roomv1.Role_ROLE_OWNER {
		t.Errorf("the oldest access is %v, want the owner's", last)
	}
}

func TestCreateRoom(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	view := s.create(t, " Réunion du Lundi ", restricted)
	room := view.GetRoom()
	if room.GetName() != "Réunion du Lundi" || room.GetSlug() != "reunion-du-lundi" || room.GetAccessLevel() != restricted {
		t.Errorf("room %v", room)
	}
	if id, err := uuid.Parse(room.GetId()); err != nil || id.Version() != 4 {
		t.Errorf("id %q", room.GetId())
	}
	if view.GetDialIn().GetPin() != "1" || view.GetConnection().GetRoom() != room.GetId() || view.GetViewerRole() != roomv1.Role_ROLE_OWNER {
		t.Errorf("view %v", view)
	}
	asked := s.token.asked()
	if asked.GetIdentity() != s.owner.Sub || !asked.GetRoomAdmin() || asked.GetName() != "owner" || len(asked.GetPublishSources()) != 4 ||
		asked.GetAttributes()["room_role"] != "owner" || asked.GetTimeToLive() != nil {
		t.Errorf("token asked with %v", asked)
	}
	for _, key := range []string{room.GetId(), "reunion-du-lundi", "Réunion du lundi", "{" + room.GetId() + "}"} {
		if got := s.get(t, s.owner, key).GetRoom(); !proto.Equal(got, room) {
			t.Errorf("by %q: %v", key, got)
		}
	}
	_, err := s.rooms.CreateRoom(s.as(t, s.stranger), &roomv1.CreateRoomRequest{Name: "reunion du lundi"})
	if v := apierr.From(err).Violations; len(v) != 1 || v[0].Field != "slug" {
		t.Errorf("second room of one slug: %v", err)
	}
	_, err = s.rooms.CreateRoom(s.as(t, s.owner), &roomv1.CreateRoomRequest{Name: "", Configuration: object(map[string]any{"x": 1})})
	fields := make([]string, 0, 2)
	for _, v := range apierr.From(err).Violations {
		fields = append(fields, v.Field)
	}
	if !slices.Equal(fields, []string{"name", "configuration.x"}) {
		t.Errorf("violations of %v", fields)
	}
	_, err = s.rooms.CreateRoom(s.as(t, nil), &roomv1.CreateRoomRequest{Name: "anon"})
	wantReason(t, err, apierr.Unauthenticated)
	_, err = s.rooms.CreateRoom(s.as(t, s.owner), &roomv1.CreateRoomRequest{Name: "for another", OwnerId: s.stranger.ID})
	wantReason(t, err, apierr.PermissionDenied)
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s := newSuite(t, "RESOURCE_DEFAULT_ACCESS_LEVEL=trusted")
	preferred := s.auth.users[s.owner.ID]
	preferred.DefaultRoomAccessLevel = proto.String("restricted")
	preferred.DefaultRoomConfiguration = object(map[string]any{"everyone_can_mute": false})
	own := object(map[string]any{"everyone_can_mute": true})
	for name, c := range map[string]struct {
		user          *identity.User
		req           *roomv1.CreateRoomRequest
		level         roomv1.AccessLevel
		configuration map[string]any
	}{
		"server":   {s.stranger, &roomv1.CreateRoomRequest{}, trusted, map[string]any{}},
		"user":     {s.owner, &roomv1.CreateRoomRequest{Configuration: object(nil)}, restricted, map[string]any{"everyone_can_mute": false}},
		"sent":     {s.owner, &roomv1.CreateRoomRequest{AccessLevel: public, Configuration: own}, public, own.AsMap()},
		"one each": {s.owner, &roomv1.CreateRoomRequest{AccessLevel: public}, public, map[string]any{"everyone_can_mute": false}},
	} {
		c.req.Name = name
		resp, err := s.rooms.CreateRoom(s.as(t, c.user), c.req)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		room := resp.GetRoom().GetRoom()
		if room.GetAccessLevel() != c.level || !maps.Equal(room.GetConfiguration().AsMap(), c.configuration) {
			t.Errorf("%s: %v", name, room)
		}
	}
}

func TestUpdateRoom(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	id := s.create(t, "before", public).GetRoom().GetId()
	s.create(t, "taken", public)
	s.grant(t, id, map[string]*identity.User{"member": s.member, "administrator": s.administrator})
	update := func(user *identity.User, room *roomv1.Room, paths ...string) (*roomv1.Room, error) {
		resp, err := s.rooms.UpdateRoom(s.as(t, user), &roomv1.UpdateRoomRequest{
			IdOrSlug: id, Room: room, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		return resp.GetRoom().GetRoom(), err
	}
	for user, reason := range map[*identity.User]apierr.Reason{
		s.member: apierr.PermissionDenied, s.stranger: apierr.PermissionDenied, nil: apierr.Unauthenticated,
	} {
		_, err := update(user, &roomv1.Room{Name: "mine"}, "name")
		wantReason(t, err, reason)
	}
	room, err := update(s.administrator, &roomv1.Room{Name: "After", AccessLevel: restricted}, "name")
	if err != nil || room.GetName() != "After" || room.GetSlug() != "after" || room.GetAccessLevel() != public {
		t.Errorf("renamed: %v, %v", room, err)
	}
	room, err = update(s.owner, &roomv1.Room{AccessLevel: restricted, Configuration: object(map[string]any{"can_publish_sources": []any{}})})
	if err != nil || room.GetName() != "After" || room.GetAccessLevel() != restricted || len(room.GetConfiguration().GetFields()) != 1 {
		t.Errorf("without a mask: %v, %v", room, err)
	}
	if room, err = update(s.owner, nil, "configuration"); err != nil || len(room.GetConfiguration().GetFields()) != 0 {
		t.Errorf("configuration cleared: %v, %v", room, err)
	}
	for field, c := range map[string]struct {
		room *roomv1.Room
		path string
	}{
		"slug":              {&roomv1.Room{Name: "Taken!"}, "name"},
		"name":              {&roomv1.Room{}, "name"},
		"access_level":      {&roomv1.Room{}, "access_level"},
		"configuration.foo": {&roomv1.Room{Configuration: object(map[string]any{"foo": 1})}, "configuration"},
		"update_mask":       {&roomv1.Room{Slug: "x"}, "slug"},
	} {
		_, err := update(s.owner, c.room, c.path)
		if v := apierr.From(err).Violations; len(v) != 1 || v[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestDeleteRoom(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	id := s.create(t, "room", public).GetRoom().GetId()
	s.grant(t, id, map[string]*identity.User{"administrator": s.administrator})
	remove := func(user *identity.User) error {
		_, err := s.rooms.DeleteRoom(s.as(t, user), &roomv1.DeleteRoomRequest{IdOrSlug: "room"})
		return err
	}
	wantReason(t, remove(s.administrator), apierr.PermissionDenied)
	wantReason(t, remove(nil), apierr.Unauthenticated)
	if err := remove(s.owner); err != nil {
		t.Fatal(err)
	}
	wantReason(t, remove(s.owner), apierr.RoomNotFound)
	_, err := s.admission.GetAdmission(t.Context(), &roomv1.GetAdmissionRequest{RoomId: id})
	wantReason(t, err, apierr.RoomNotFound)
	testkit.Eventually(t, 5*time.Second, func() error {
		if s.telephony.has(id) {
			return apierr.New(apierr.Internal, "the PIN stays")
		}
		return nil
	})
}

func TestRotatePin(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	id := s.create(t, "room", public).GetRoom().GetId()
	s.grant(t, id, map[string]*identity.User{"member": s.member})
	rotate := func(user *identity.User) (*roomv1.RoomView, error) {
		resp, err := s.rooms.RotatePin(s.as(t, user), &roomv1.RotatePinRequest{IdOrSlug: "room", Revoke: user == s.owner})
		return resp.GetRoom(), err
	}
	_, err := rotate(s.member)
	wantReason(t, err, apierr.PermissionDenied)
	view, err := rotate(s.owner)
	if err != nil || view.GetDialIn().GetPin() != "11" || s.get(t, nil, "room").GetDialIn().GetPin() != "11" {
		t.Errorf("rotated: %v, %v", view, err)
	}
	if last := s.telephony.rotation(); !last.GetRevoke() || last.GetUnlimited() {
		t.Errorf("telephony was asked %v", last)
	}
	for range 2 {
		_, err := rotate(s.owner)
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = rotate(s.owner)
	if wantReason(t, err, apierr.Throttled); apierr.From(err).RetryAfter != time.Hour {
		t.Errorf("too often: %v", err)
	}
	resp, err := s.operator.RotatePin(t.Context(), &roomv1.RotatePinRequest{IdOrSlug: "room"})
	if err != nil || resp.GetRoom().GetDialIn().GetPin() != "11111" || s.telephony.rotation().GetRevoke() {
		t.Errorf("the operator: %v, %v", resp, err)
	}
	s.telephony.set(true)
	_, err = rotate(s.owner)
	wantReason(t, err, apierr.Unavailable)
}
