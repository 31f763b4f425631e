package room_test

import (
	"testing"

	"github.com/google/uuid"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

// TestAccessRights is the table of the contract, section 6.3: who may do what to
// whose access. Each case has a room of its own.
func TestAccessRights(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	accesses := roomv1.NewAccessServiceClient(s.conns[0])
	second := s.person("second owner")
	const (
		denied = "You do not have permission to perform this action."
		owners = "Only owners of a room can assign other users as owners."
		adders = "You must be administrator or owner of a room to add accesses to it."
	)
	member, owner := roomv1.Role_ROLE_MEMBER, roomv1.Role_ROLE_OWNER
	type room struct {
		id string
		of map[*identity.User]string // ids of accesses
	}
	get := func(t *testing.T, who, whose *identity.User, r room) error {
		_, err := accesses.GetAccess(s.as(t, who), &roomv1.GetAccessRequest{Id: r.of[whose]})
		return err
	}
	create := func(role roomv1.Role) func(*testing.T, *identity.User, *identity.User, room) error {
		return func(t *testing.T, who, whose *identity.User, r room) error {
			made, err := accesses.CreateAccess(s.as(t, who), &roomv1.CreateAccessRequest{
				Access: &roomv1.AccessFields{UserId: whose.ID, RoomId: r.id, Role: role},
			})
			if err == nil && role == 0 && made.GetAccess().GetRole() != member {
				t.Errorf("role %v", made.GetAccess().GetRole())
			}
			return err
		}
	}
	update := func(role roomv1.Role) func(*testing.T, *identity.User, *identity.User, room) error {
		return func(t *testing.T, who, whose *identity.User, r room) error {
			changed, err := accesses.UpdateAccess(s.as(t, who), &roomv1.UpdateAccessRequest{
				Id: r.of[whose], Access: &roomv1.AccessFields{Role: role},
			})
			if err == nil && changed.GetAccess().GetRole() != role {
				t.Errorf("role %v", changed.GetAccess().GetRole())
			}
			return err
		}
	}
	remove := func(t *testing.T, who, whose *identity.User, r room) error {
		_, err := accesses.DeleteAccess(s.as(t, who), &roomv1.DeleteAccessRequest{Id: r.of[whose]})
		return err
	}
	for name, c := range map[string]struct {
		act        func(*testing.T, *identity.User, *identity.User, room) error
		who, whose *identity.User
		refusal    string
	}{
		"get":                              {get, s.administrator, s.member, ""},
		"get, a member its own":            {get, s.member, s.member, denied},
		"add":                              {create(0), s.administrator, s.stranger, ""},
		"add, a member":                    {create(0), s.member, s.stranger, adders},
		"add, a stranger itself":           {create(owner), s.stranger, s.stranger, adders},
		"add an owner":                     {create(owner), s.owner, s.stranger, ""},
		"add an owner, an administrator":   {create(owner), s.administrator, s.stranger, owners},
		"add somebody twice":               {create(member), s.owner, s.member, "Some fields are not valid."},
		"promote":                          {update(roomv1.Role_ROLE_ADMINISTRATOR), s.administrator, s.member, ""},
		"promote, a member itself":         {update(roomv1.Role_ROLE_ADMINISTRATOR), s.member, s.member, denied},
		"promote to owner":                 {update(owner), s.owner, s.member, ""},
		"promote itself to owner":          {update(owner), s.administrator, s.administrator, owners},
		"step down":                        {update(member), s.owner, s.owner, ""},
		"demote another owner":             {update(member), s.owner, second, owners},
		"demote an owner, administrator":   {update(member), s.administrator, s.owner, owners},
		"remove":                           {remove, s.administrator, s.member, ""},
		"remove, a member itself":          {remove, s.member, s.member, denied},
		"remove, administrator itself":     {remove, s.administrator, s.administrator, ""},
		"remove another owner":             {remove, s.owner, second, denied},
		"remove an owner, administrator":   {remove, s.administrator, s.owner, denied},
		"leave as one of two":              {remove, s.owner, s.owner, ""},
		"a stranger removes":               {remove, s.stranger, s.member, denied},
		"change nothing about an owner":    {update(owner), s.owner, s.owner, ""},
		"change nothing about another one": {update(owner), s.owner, second, owners},
	} {
		t.Run(name, func(t *testing.T) {
			r := room{id: s.create(t, uuid.NewString()[:8]+" room", public).GetRoom().GetId(), of: map[*identity.User]string{}}
			s.grant(t, r.id, map[string]*identity.User{"member": s.member, "administrator": s.administrator})
			s.grant(t, r.id, map[string]*identity.User{"owner": second})
			for _, access := range s.get(t, s.owner, r.id).GetAccesses() {
				for _, person := range []*identity.User{s.owner, s.administrator, s.member, second} {
					if access.GetUser().GetId() == person.ID {
						r.of[person] = access.GetId()
					}
				}
			}
			err := c.act(t, c.who, c.whose, r)
			if text := ""; err != nil || c.refusal != "" {
				if err != nil {
					text = apierr.From(err).PublicText()
				}
				if text != c.refusal {
					t.Errorf("%v, want %q", err, c.refusal)
				}
			}
		})
	}
}

func TestAccessFields(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	accesses := roomv1.NewAccessServiceClient(s.conns[0])
	mine := s.create(t, "mine", public)
	foreign, err := s.rooms.CreateRoom(s.as(t, s.stranger), &roomv1.CreateRoomRequest{Name: "theirs", AccessLevel: public})
	if err != nil {
		t.Fatal(err)
	}
	own := mine.GetAccesses()[0].GetId()
	unknown := uuid.NewString()
	theirs := foreign.GetRoom().GetRoom().GetId()

	// Wrong references are named all at once; rights come first.
	_, err = accesses.CreateAccess(s.as(t, s.owner), &roomv1.CreateAccessRequest{
		Access: &roomv1.AccessFields{UserId: unknown, RoomId: unknown}, ValidateOnly: true,
	})
	if v := apierr.From(err); v == nil || len(v.Violations) != 2 || v.Violations[0].Text != `Invalid pk "`+unknown+`" - object does not exist.` {
		t.Errorf("unknown user and room: %v", err)
	}
	_, err = accesses.CreateAccess(s.as(t, s.owner), &roomv1.CreateAccessRequest{Access: &roomv1.AccessFields{}})
	if v := apierr.From(err); v == nil || len(v.Violations) != 2 || v.Violations[0].Text != "This field is required." {
		t.Errorf("nothing said: %v", err)
	}
	_, err = accesses.UpdateAccess(s.as(t, s.owner), &roomv1.UpdateAccessRequest{
		Id: own, Access: &roomv1.AccessFields{UserId: unknown, RoomId: theirs},
	})
	wantReason(t, err, apierr.PermissionDenied)

	// To validate changes nothing, and fails where the call would.
	fields := &roomv1.AccessFields{UserId: s.member.ID, RoomId: mine.GetRoom().GetId()}
	if _, err := accesses.CreateAccess(s.as(t, s.owner), &roomv1.CreateAccessRequest{Access: fields, ValidateOnly: true}); err != nil {
		t.Error(err)
	}
	fields.Role = roomv1.Role_ROLE_MEMBER
	if _, err := accesses.UpdateAccess(s.as(t, s.owner), &roomv1.UpdateAccessRequest{Id: own, Access: fields, ValidateOnly: true}); err != nil {
		t.Error(err)
	}
	_, err = accesses.UpdateAccess(s.as(t, s.owner), &roomv1.UpdateAccessRequest{Id: own, Access: fields})
	wantReason(t, err, apierr.LastOwner)
	_, err = accesses.DeleteAccess(s.as(t, s.owner), &roomv1.DeleteAccessRequest{Id: own})
	wantReason(t, err, apierr.LastOwner)

	// An unknown user cannot be told from a known one while auth is away.
	s.auth.set(true)
	_, err = accesses.CreateAccess(s.as(t, s.owner), &roomv1.CreateAccessRequest{Access: fields})
	wantReason(t, err, apierr.Unavailable)
	s.auth.set(false)

	list, err := accesses.ListAccesses(s.as(t, s.owner), &roomv1.ListAccessesRequest{})
	if err != nil || list.GetTotalSize() != 1 || len(list.GetAccesses()) != 1 || list.GetAccesses()[0].GetUser().GetId() != s.owner.ID {
		t.Errorf("list %v, %v", list, err)
	}
	if _, err := accesses.CreateAccess(s.as(t, s.owner), &roomv1.CreateAccessRequest{Access: fields}); err != nil {
		t.Fatal(err)
	}
	first, err := accesses.ListAccesses(s.as(t, s.owner), &roomv1.ListAccessesRequest{PageSize: 1})
	if err != nil || first.GetTotalSize() != 2 || len(first.GetAccesses()) != 1 || first.GetAccesses()[0].GetUser().GetId() != s.member.ID {
		t.Errorf("first page %v, %v", first, err)
	}
	rest, err := accesses.ListAccesses(s.as(t, s.owner), &roomv1.ListAccessesRequest{PageSize: 1, PageToken: first.GetNextPageToken()})
	if err != nil || rest.GetNextPageToken() != "" || len(rest.GetAccesses()) != 1 || rest.GetAccesses()[0].GetId() != own {
		t.Errorf("second page %v, %v", rest, err)
	}
	_, err = accesses.ListAccesses(s.as(t, s.owner), &roomv1.ListAccessesRequest{PageToken: "x"})
	wantReason(t, err, apierr.InvalidPage)
	_, err = accesses.GetAccess(s.as(t, s.owner), &roomv1.GetAccessRequest{Id: unknown})
	wantReason(t, err, apierr.AccessNotFound)
	_, err = accesses.ListAccesses(s.as(t, nil), &roomv1.ListAccessesRequest{})
	wantReason(t, err, apierr.Unauthenticated)
}
