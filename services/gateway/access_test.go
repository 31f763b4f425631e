package gateway

import (
	"context"
	"strings"
	"testing"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

const accessID = "33333333-2222-4333-8444-555555555555"

func anAccess(role roomv1.Role) *roomv1.Access {
	return &roomv1.Access{Id: accessID, RoomId: roomID, User: &authv1.User{Id: bob}, Role: role}
}

func (r *rooms) ListAccesses(ctx context.Context, req *roomv1.ListAccessesRequest) (*roomv1.ListAccessesResponse, error) {
	if caller(ctx, "room") != ada || req.GetPageSize() != 20 {
		return nil, apierr.New(apierr.Internal, "")
	}
	return &roomv1.ListAccessesResponse{TotalSize: 21, Accesses: []*roomv1.Access{anAccess(roomv1.Role_ROLE_OWNER)}}, nil
}

func (r *rooms) GetAccess(_ context.Context, req *roomv1.GetAccessRequest) (*roomv1.GetAccessResponse, error) {
	if req.GetId() != accessID {
		return nil, apierr.New(apierr.AccessNotFound, "")
	}
	return &roomv1.GetAccessResponse{Access: anAccess(roomv1.Role_ROLE_MEMBER)}, nil
}

// CreateAccess knows one room, which bob does not administer, and no user but bob.
func (r *rooms) CreateAccess(ctx context.Context, req *roomv1.CreateAccessRequest) (*roomv1.CreateAccessResponse, error) {
	fields := req.GetAccess()
	switch {
	case fields.GetRoomId() == roomID && caller(ctx, "room") == bob:
		return nil, apierr.New(apierr.PermissionDenied, "You must be administrator or owner of a room to add accesses to it.")
	case fields.GetUserId() != "" && fields.GetUserId() != bob:
		return nil, apierr.InvalidField("user", "does_not_exist", `Invalid pk "%s" - object does not exist.`, fields.GetUserId())
	case req.GetValidateOnly():
		return &roomv1.CreateAccessResponse{}, nil
	}
	return &roomv1.CreateAccessResponse{Access: anAccess(max(fields.GetRole(), roomv1.Role_ROLE_MEMBER))}, r.fail
}

func (r *rooms) UpdateAccess(ctx context.Context, req *roomv1.UpdateAccessRequest) (*roomv1.UpdateAccessResponse, error) {
	if _, err := r.GetAccess(ctx, &roomv1.GetAccessRequest{Id: req.GetId()}); err != nil {
		return nil, err
	}
	if req.GetAccess().GetRole() == roomv1.Role_ROLE_OWNER {
		return nil, apierr.New(apierr.LastOwner, "")
	}
	return &roomv1.UpdateAccessResponse{Access: anAccess(req.GetAccess().GetRole())}, nil
}

func (r *rooms) DeleteAccess(ctx context.Context, req *roomv1.DeleteAccessRequest) (*roomv1.DeleteAccessResponse, error) {
	_, err := r.GetAccess(ctx, &roomv1.GetAccessRequest{Id: req.GetId()})
	return &roomv1.DeleteAccessResponse{}, err
}

func TestAccesses(t *testing.T) {
	g := start(t)
	const (
		list = "/api/v1.0/resource-accesses/"
		one  = list + accessID + "/"
		none = list + roomID + "/"
		both = `"user":"` + bob + `","resource":"` + roomID + `"`
		item = `{"id":"` + accessID + `","user":"` + bob + `","resource":"` + roomID + `","role":"member"}`
	)
	for name, c := range map[string]struct {
		method, path, cookie, body string
		status                     int
		want                       string
	}{
		"list":              {"GET", list, adaCook, "", 200, `{"count":21,"next":"http://HOST` + list + `?page=2","previous":null,"results":[` + strings.Replace(item, "member", "owner", 1) + `]}`},
		"list, page size":   {"GET", list + "?page_size=1", adaCook, "", 200, `{"count":21,"next":"http://HOST` + list + `?page=2&page_size=1","previous":null,"results":[` + strings.Replace(item, "member", "owner", 1) + `]}`},
		"get":               {"GET", one, adaCook, "", 200, item},
		"get, upper case":   {"GET", list + strings.ToUpper(accessID), adaCook, "", 200, item},
		"create":            {"POST", list, adaCook, `{` + both + `,"id":7}`, 201, item},
		"create an owner":   {"POST", list, adaCook, `{` + both + `,"role":"owner"}`, 201, strings.Replace(item, "member", "owner", 1)},
		"replace":           {"PUT", one, adaCook, `{` + both + `,"role":"member"}`, 200, item},
		"update":            {"PATCH", one, adaCook, `{"role":"member"}`, 200, item},
		"delete":            {"DELETE", one, adaCook, "", 204, ""},
		"anonymous":         {"GET", one, "", "", 401, `{"detail":"Authentication credentials were not provided."}`},
		"anonymous, method": {"POST", one, "", "", 401, `{"detail":"Authentication credentials were not provided."}`},
		"method":            {"POST", one, adaCook, "", 405, `{"detail":"Method \"POST\" not allowed."}`},
		"unknown":           {"GET", none, adaCook, "", 404, `{"detail":"No ResourceAccess matches the given query."}`},
		"malformed id":      {"DELETE", list + "x/", adaCook, "", 404, `{"detail":"Not found."}`},
		"nothing said":      {"POST", list, adaCook, `{}`, 400, `{"resource":["This field is required."],"user":["This field is required."]}`},
		"wrong types":       {"POST", list, adaCook, `{"user":true,"resource":[],"role":7}`, 400, `{"resource":["“[]” is not a valid UUID."],"role":["\"7\" is not a valid choice."],"user":["Incorrect type. Expected pk value, received bool."]}`},
		"null and empty":    {"POST", list, adaCook, `{"user":null,"resource":"","role":""}`, 400, `{"resource":["This field may not be null."],"role":["\"\" is not a valid choice."],"user":["This field may not be null."]}`},
		"both find faults":  {"POST", list, adaCook, `{"user":"` + roomID + `","resource":"x"}`, 400, `{"resource":["“x” is not a valid UUID."],"user":["Invalid pk \"` + roomID + `\" - object does not exist."]}`},
		"rights first":      {"POST", list, bobCook, `{"user":7,"resource":"` + roomID + `"}`, 403, `{"detail":"You must be administrator or owner of a room to add accesses to it."}`},
		"replace, no room":  {"PUT", one, adaCook, `{"role":"member"}`, 400, `{"resource":["This field is required."],"user":["This field is required."]}`},
		"unknown, then bad": {"PATCH", none, adaCook, `{"role":"boss"}`, 404, `{"detail":"No ResourceAccess matches the given query."}`},
		"bad":               {"PATCH", one, adaCook, `{"role":"boss"}`, 400, `{"role":["\"boss\" is not a valid choice."]}`},
		"last owner":        {"PATCH", one, adaCook, `{"role":"owner"}`, 403, `{"detail":"A resource should keep at least one owner."}`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := g.ask(t, c.method, c.path, c.cookie, c.body)
			want := strings.ReplaceAll(c.want, "HOST", strings.TrimPrefix(g.url, "http://"))
			if resp.StatusCode != c.status || body != want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, c.status, want)
			}
		})
	}
}
