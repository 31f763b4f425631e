package contract

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const roomsPath = "/api/v1.0/rooms/"

func keys(object map[string]any) []string {
	return slices.Sorted(maps.Keys(object))
}

func testRooms(t *testing.T, d *deployment) {
	ada := d.login(t, "ada.lovelace@example.org")
	room := ada.createRoom(t, "My Réunion!")
	if got, want := keys(room), []string{"access_level", "accesses", "configuration", "dial_in", "id", "livekit", "name", "pin_code", "slug"}; !slices.Equal(got, want) {
		t.Errorf("keys of a new room: %v, want %v", got, want)
	}
	if room["name"] != "My Réunion!" || room["slug"] != "my-reunion" || room["access_level"] != "public" || len(room["configuration"].(map[string]any)) != 0 {
		t.Errorf("new room: %v", room)
	}
	pin := room["pin_code"].(string)
	dialIn := room["dial_in"].(map[string]any)
	number := dialIn["numbers"].([]any)[0].(map[string]any)
	if len(pin) != 10 || dialIn["pin"] != pin || dialIn["pin_display"] != pin[:3]+" "+pin[3:6]+" "+pin[6:] ||
		number["number"] != "+33199000123" || number["tel"] != "tel:+33199000123,,,"+pin+"#" {
		t.Errorf("dial-in: %v", dialIn)
	}

	// Found by id, slug and anything that slugifies to it, with and without the last slash.
	id := room["id"].(string)
	for _, path := range []string{id, strings.ToUpper(id), strings.ReplaceAll(id, "-", ""), "my-reunion", url.PathEscape("My Réunion!")} {
		if got := ada.must(t, http.StatusOK, http.MethodGet, roomsPath+path+"/", nil).json; got["id"] != id || got["pin_code"] != pin {
			t.Errorf("%s: %v", path, got)
		}
	}
	ada.must(t, http.StatusOK, http.MethodGet, roomsPath+"my-reunion", nil)
	if got := ada.must(t, http.StatusNotFound, http.MethodGet, roomsPath+"no-such-room/", nil); got.raw != `{"detail":"No Room matches the given query."}` {
		t.Errorf("unknown room: %s", got.raw)
	}

	// Changing: the slug follows the name, the configuration is replaced.
	patched := ada.must(t, http.StatusOK, http.MethodPatch, roomsPath+"my-reunion/", map[string]any{
		"name": "Renamed", "access_level": "restricted", "configuration": map[string]any{"everyone_can_mute": false},
	}).json
	if patched["slug"] != "renamed" || patched["access_level"] != "restricted" || fmt.Sprint(patched["configuration"]) != "map[everyone_can_mute:false]" {
		t.Errorf("patched: %v", patched)
	}
	if got := ada.must(t, http.StatusBadRequest, http.MethodPut, roomsPath+"renamed/", map[string]any{"access_level": "public"}); got.raw != `{"name":["This field is required."]}` {
		t.Errorf("PUT without name: %s", got.raw)
	}

	// Where the room would have its number; shown once it is set.
	if _, there := patched["phone_country"]; there {
		t.Errorf("phone_country %v", patched["phone_country"])
	}
	ada.must(t, http.StatusBadRequest, http.MethodPatch, roomsPath+"renamed/", map[string]any{"phone_country": "XX"})
	for _, country := range []any{"FR", nil} {
		if got := ada.must(t, http.StatusOK, http.MethodPatch, roomsPath+"renamed/", map[string]any{"phone_country": country}).json; got["phone_country"] != country {
			t.Errorf("phone_country %v, want %v", got["phone_country"], country)
		}
	}

	// A new PIN; the old one still works for a while.
	rotated := ada.must(t, http.StatusOK, http.MethodPost, roomsPath+id+"/rotate-pin/", nil).json
	if rotated["pin_code"] == pin || rotated["pin_code"] == nil {
		t.Errorf("rotated: %v", rotated["pin_code"])
	}
	revoked := ada.must(t, http.StatusOK, http.MethodPost, roomsPath+id+"/rotate-pin/", map[string]any{"revoke": true}).json
	if revoked["pin_code"] == rotated["pin_code"] || revoked["pin_code"] == nil {
		t.Errorf("revoked: %v", revoked["pin_code"])
	}

	d.visitor(t).must(t, http.StatusUnauthorized, http.MethodDelete, roomsPath+"renamed/", nil)
	ada.must(t, http.StatusNoContent, http.MethodDelete, roomsPath+"renamed/", nil)
	ada.must(t, http.StatusNotFound, http.MethodGet, roomsPath+"renamed/", nil)
	ada.must(t, http.StatusNotFound, http.MethodDelete, roomsPath+"renamed/", nil)

	testRoomPages(t, d)
}

func testRoomPages(t *testing.T, d *deployment) {
	grace := d.login(t, "grace.hopper@example.org")
	for _, name := range []string{"page-c", "page-a", "page-b"} {
		grace.createRoom(t, name)
	}
	first := grace.must(t, http.StatusOK, http.MethodGet, roomsPath+"?page_size=2", nil).json
	if first["count"] != 3.0 || first["next"] != d.http+roomsPath+"?page=2&page_size=2" || first["previous"] != nil || len(first["results"].([]any)) != 2 {
		t.Errorf("first page: count %v, next %v, previous %v", first["count"], first["next"], first["previous"])
	}
	if names := fmt.Sprint(first["results"].([]any)[0].(map[string]any)["name"]); names != "page-a" {
		t.Errorf("first by name: %s", names)
	}
	second := grace.must(t, http.StatusOK, http.MethodGet, roomsPath+"?page_size=2&page=last", nil).json
	if second["next"] != nil || second["previous"] != d.http+roomsPath+"?page_size=2" || len(second["results"].([]any)) != 1 {
		t.Errorf("last page: next %v, previous %v", second["next"], second["previous"])
	}
	if got := grace.must(t, http.StatusNotFound, http.MethodGet, roomsPath+"?page=9", nil); got.raw != `{"detail":"Invalid page."}` {
		t.Errorf("beyond the end: %s", got.raw)
	}
	empty := d.visitor(t).must(t, http.StatusOK, http.MethodGet, roomsPath, nil)
	if empty.raw != `{"count":0,"next":null,"previous":null,"results":[]}` {
		t.Errorf("anonymous list: %s", empty.raw)
	}
}

// testVisibility is the table of the contract's section 3.2.
func testVisibility(t *testing.T, d *deployment) {
	ada, grace, nobody := d.login(t, "ada.lovelace@example.org"), d.login(t, "grace.hopper@example.org"), d.visitor(t)
	closed := []string{"access_level", "configuration", "id", "name", "slug"}
	open := []string{"access_level", "configuration", "dial_in", "id", "livekit", "name", "pin_code", "slug"}
	owner := []string{"access_level", "accesses", "configuration", "dial_in", "id", "livekit", "name", "pin_code", "slug"}
	for level, want := range map[string][3][]string{
		"public":     {open, open, owner},
		"trusted":    {closed, open, owner},
		"restricted": {closed, closed, owner},
	} {
		room := ada.must(t, http.StatusCreated, http.MethodPost, roomsPath, map[string]any{"name": "level-" + level, "access_level": level}).json
		for i, b := range []*browser{nobody, grace, ada} {
			got := b.must(t, http.StatusOK, http.MethodGet, roomsPath+room["slug"].(string)+"/", nil).json
			if !slices.Equal(keys(got), want[i]) {
				t.Errorf("%s, viewer %d: %v, want %v", level, i, keys(got), want[i])
			}
		}
	}
	forbidden := `{"detail":"You do not have permission to perform this action."}`
	for _, method := range []string{http.MethodPatch, http.MethodDelete} {
		if got := grace.must(t, http.StatusForbidden, method, roomsPath+"level-public/", map[string]any{"access_level": "nonsense"}); got.raw != forbidden {
			t.Errorf("%s by a stranger: %s", method, got.raw)
		}
	}
}

// testBadInput shows that nothing a client sends makes the suite fail.
func testBadInput(t *testing.T, d *deployment) {
	ada := d.login(t, "ada.lovelace@example.org")
	ada.createRoom(t, "taken")
	long := strings.Repeat("x", 600)
	for name, c := range map[string]struct {
		body any
		want string // the exact body, or a part of it after "~"
	}{
		"no name":         {map[string]any{}, `{"name":["This field is required."]}`},
		"null name":       {map[string]any{"name": nil}, `{"name":["This field may not be null."]}`},
		"blank name":      {map[string]any{"name": "  "}, `{"name":["This field may not be blank."]}`},
		"list as name":    {map[string]any{"name": []int{1}}, `{"name":["Not a valid string."]}`},
		"boolean as name": {map[string]any{"name": true}, `{"name":["Not a valid string."]}`},
		"taken slug":      {map[string]any{"name": "Taken!"}, `{"slug":["Room with this Slug already exists."]}`},
		"long name":       {map[string]any{"name": long}, `~Ensure this field has no more than 500 characters.`},
		"long slug":       {map[string]any{"name": long[:101]}, `{"slug":["Ensure this value has at most 100 characters (it has 101)."]}`},
		"no slug":         {map[string]any{"name": "日本"}, `~"name":[`},
		"UUID as name":    {map[string]any{"name": "0B7C3F0E-8C2E-4B7A-9F55-3F3A7D1C9E10"}, `{"name":["Room name \"0B7C3F0E-8C2E-4B7A-9F55-3F3A7D1C9E10\" is reserved."]}`},
		"NUL in name":     {map[string]any{"name": "a\x00b"}, `{"name":["Null characters are not allowed."]}`},
		"access level":    {map[string]any{"name": "x1", "access_level": "secret"}, `{"access_level":["\"secret\" is not a valid choice."]}`},
		"configuration":   {map[string]any{"name": "x2", "configuration": map[string]any{"foo": "bar"}}, `~"type":"extra_forbidden"`},
		"not an object":   {`["a"]`, `~Expected a dictionary, but got list.`},
		"broken JSON":     {`{"name":`, `~JSON parse error`},
		"not UTF-8":       {"{\"name\":\"\xff\"}", `~`},
		"deep JSON":       {`{"name":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, `~`},
	} {
		t.Run(name, func(t *testing.T) {
			got := ada.must(t, http.StatusBadRequest, http.MethodPost, roomsPath, c.body)
			if part, ok := strings.CutPrefix(c.want, "~"); ok {
				if !strings.Contains(got.raw, part) {
					t.Errorf("body %s lacks %s", got.raw, part)
				}
			} else if got.raw != c.want {
				t.Errorf("body %s, want %s", got.raw, c.want)
			}
		})
	}
	for _, path := range []string{"%00", "%FF%FE", "..%2F..%2Fetc", strings.Repeat("a", 4000), "0b7c3f0e-8c2e-4b7a-9f55-3f3a7d1c9e10", "%E2%80%AE"} {
		if got := ada.do(t, http.MethodGet, roomsPath+path+"/", nil); got.status != http.StatusNotFound && got.status != http.StatusBadRequest {
			t.Errorf("GET %.40s: %d %s", path, got.status, got.raw)
		}
	}
	d.visitor(t).must(t, http.StatusUnauthorized, http.MethodPost, roomsPath, `{"name":`)
	ada.createRoom(t, "after-bad-input") // the suite is as well as before
	for name, p := range d.processes {
		if strings.Contains(p.logs.String(), "panic in a handler") {
			t.Errorf("%s: a handler panicked", name)
		}
	}
}
