package contract

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/testkit"
)

// testRules is section 3 of the contract, as far as the tests of a subject do
// not show it.
func testRules(t *testing.T, d *deployment) {
	ada := d.login(t, "rules@example.org")
	t.Run("3.1", func(t *testing.T) { testRoomNames(t, ada) })
	t.Run("3.2", func(t *testing.T) { testMemberSees(t, d, ada) })
	t.Run("3.3", func(t *testing.T) { testRoleRules(t, d, ada) })
	t.Run("3.4", func(t *testing.T) { testConfigurations(t, ada) })
	t.Run("3.6", func(t *testing.T) { testTokens(t, d, ada) })
	t.Run("3.7", func(t *testing.T) { testDisplayNames(t, d, ada) })
	t.Run("3.10", func(t *testing.T) { testLobbyStates(t, d, ada) })
}

func testRoomNames(t *testing.T, ada *browser) {
	t.Helper()
	for name, slug := range map[string]string{
		"Rules Room!": "rules-room", "Rules Réunion": "rules-reunion", "  --Rules__Bar--  ": "rules__bar", "_rules_": "rules",
		"rules straße": "rules-strae", "Æsop rules": "sop-rules", "rules a.b/c": "rules-abc",
	} {
		if room := ada.createRoom(t, name); room["slug"] != slug {
			t.Errorf("%q: slug %v, want %s", name, room["slug"], slug)
		}
	}
	room := ada.createRoom(t, "rules-names")
	id := room["id"].(string)
	for _, spelling := range []string{"{" + id + "}", "urn:uuid:" + id, strings.ToUpper(id), strings.ReplaceAll(id, "-", ""), "Rules--Names", "rules names"} {
		if got := ada.must(t, 200, "GET", roomsPath+url.PathEscape(spelling)+"/", nil).json; got["id"] != id {
			t.Errorf("%s: %v", spelling, got["id"])
		}
	}
	testLines(t, []line{
		{"renaming changes the address", ada, "PATCH", roomsPath + "rules-names/", map[string]any{"name": "Rules renamed"}, 200, `~"slug":"rules-renamed"`},
		{"the old address is gone", ada, "GET", roomsPath + "rules-names/", nil, 404, noRoomBody},
		{"another's slug", ada, "PATCH", roomsPath + id + "/", map[string]any{"name": "rules réunion"}, 400, `{"slug":["Room with this Slug already exists."]}`},
		{"its own slug", ada, "PATCH", roomsPath + id + "/", map[string]any{"name": "RULES Renamed"}, 200, `~"slug":"rules-renamed"`},
		{"a slug is not taken from input", ada, "PATCH", roomsPath + id + "/", map[string]any{"slug": "mine"}, 200, `~"slug":"rules-renamed"`},
		{"a UUID as name", ada, "PATCH", roomsPath + id + "/", map[string]any{"name": id}, 400, `{"name":["Room name \"` + id + `\" is reserved."]}`},
		{"100 characters", ada, "POST", roomsPath, map[string]any{"name": strings.Repeat("r", 100)}, 201, ""},
		{"500 characters, a short slug", ada, "POST", roomsPath, map[string]any{"name": "rules-500" + strings.Repeat("本", 491)}, 201, `~"slug":"rules-500"`},
	})
}

// testMemberSees is the row of 3.2 that testVisibility has not: members.
func testMemberSees(t *testing.T, d *deployment, ada *browser) {
	t.Helper()
	member := d.login(t, "rules-member@example.org")
	for _, level := range []string{"public", "trusted", "restricted"} {
		room := ada.must(t, 201, "POST", roomsPath, map[string]any{"name": "rules-" + level, "access_level": level}).json
		ada.must(t, 201, "POST", accessesPath, map[string]any{"user": member.userID(t), "resource": room["id"], "role": "member"})
		got := member.must(t, 200, "GET", roomsPath+"rules-"+level+"/", nil).json
		if got["livekit"] == nil || got["pin_code"] != room["pin_code"] || got["accesses"] != nil {
			t.Errorf("%s: a member sees %v", level, keys(got))
		}
		accesses := ada.must(t, 200, "GET", roomsPath+"rules-"+level+"/", nil).json["accesses"].([]any)
		if len(accesses) != 2 || accesses[0].(map[string]any)["role"] != "member" || accesses[1].(map[string]any)["role"] != "owner" {
			t.Errorf("%s: accesses, the newest first: %v", level, accesses)
		}
		if got := keys(accesses[0].(map[string]any)); fmt.Sprint(got) != "[id resource role user]" {
			t.Errorf("keys of an access: %v", got)
		}
	}
}

func testRoleRules(t *testing.T, d *deployment, ada *browser) {
	t.Helper()
	admin, other := d.login(t, "rules-admin@example.org"), d.login(t, "rules-other@example.org")
	room := ada.createRoom(t, "rules-roles")
	path, id := roomsPath+"rules-roles/", room["id"]
	give := func(user *browser, role string) map[string]any {
		return map[string]any{"user": user.userID(t), "resource": id, "role": role}
	}
	const ownersOnly = `{"detail":"Only owners of a room can assign other users as owners."}`
	row := ada.must(t, 201, "POST", accessesPath, give(admin, "administrator")).json["id"].(string)
	owners := room["accesses"].([]any)[0].(map[string]any)["id"].(string)
	testLines(t, []line{
		{"an administrator updates", admin, "PATCH", path, map[string]any{"access_level": "trusted"}, 200, `~"access_level":"trusted"`},
		{"an administrator does not delete", admin, "DELETE", path, nil, 403, forbiddenBody},
		{"an administrator makes no owner", admin, "POST", accessesPath, give(other, "owner"), 403, ownersOnly},
		{"an administrator makes itself no owner", admin, "PATCH", accessesPath + row + "/", map[string]any{"role": "owner"}, 403, ""},
		{"an administrator does not change owners", admin, "PATCH", accessesPath + owners + "/", map[string]any{"role": "member"}, 403, ""},
		{"an administrator does not remove owners", admin, "DELETE", accessesPath + owners + "/", nil, 403, forbiddenBody},
		{"an administrator makes administrators", admin, "POST", accessesPath, give(other, "administrator"), 201, ""},
		{"an owner makes owners", ada, "PATCH", accessesPath + row + "/", map[string]any{"role": "owner"}, 200, `~"role":"owner"`},
		{"an owner does not change another", ada, "PATCH", accessesPath + row + "/", map[string]any{"role": "member"}, 403, ""},
		{"an owner steps down", admin, "PATCH", accessesPath + row + "/", map[string]any{"role": "member"}, 200, ""},
		{"a room is deleted with its last owner in it", ada, "DELETE", path, nil, 204, ""},
		{"and its accesses with it", other, "GET", accessesPath, nil, 200, `{"count":0,"next":null,"previous":null,"results":[]}`},
	})
}

// testConfigurations is the table of 3.4, on rooms and on users' defaults.
func testConfigurations(t *testing.T, ada *browser) {
	t.Helper()
	ada.createRoom(t, "rules-configuration")
	url := func(kind string) string { return `"url":"https://errors.pydantic.dev/2.13/v/` + kind + `"` }
	const sources = `'camera', 'microphone', 'screen_share' or 'screen_share_audio'`
	for name, c := range map[string]struct{ sent, wrong string }{
		"unknown key":  {`{"foo":"bar"}`, `{"type":"extra_forbidden","loc":["foo"],"msg":"Extra inputs are not permitted","input":"bar",` + url("extra_forbidden") + `}`},
		"upper case":   {`{"can_publish_sources":["CAMERA"]}`, `{"type":"literal_error","loc":["can_publish_sources","0"],"msg":"Input should be ` + sources + `","input":"CAMERA","ctx":{"expected":"` + sources + `"},` + url("literal_error") + `}`},
		"no list":      {`{"can_publish_sources":"camera"}`, `{"type":"list_type","loc":["can_publish_sources"],"msg":"Input should be a valid list","input":"camera",` + url("list_type") + `}`},
		"no boolean":   {`{"everyone_can_mute":"test"}`, `{"type":"bool_parsing","loc":["everyone_can_mute"],"msg":"Input should be a valid boolean, unable to interpret input","input":"test",` + url("bool_parsing") + `}`},
		"a list":       {`{"everyone_can_mute":[]}`, `{"type":"bool_type","loc":["everyone_can_mute"],"msg":"Input should be a valid boolean","input":[],` + url("bool_type") + `}`},
		"text":         {`"str"`, `{"type":"model_type","loc":[],"msg":"Input should be a valid dictionary or instance of RoomConfiguration","input":"str","ctx":{"class_name":"RoomConfiguration"},` + url("model_type") + `}`},
		"everything":   {`{"can_publish_sources":["camera","camera"],"everyone_can_mute":"off"}`, ""},
		"nobody":       {`{"can_publish_sources":[]}`, ""},
		"nulls":        {`{"can_publish_sources":null,"everyone_can_mute":null}`, ""},
		"numbers":      {`{"everyone_can_mute":0}`, ""},
		"words":        {`{"everyone_can_mute":"yes"}`, ""},
		"empty object": {`{}`, ""},
	} {
		for field, path := range map[string]string{
			"configuration":              roomsPath + "rules-configuration/",
			"default_room_configuration": "/api/v1.0/users/" + ada.userID(t) + "/",
		} {
			t.Run(name+", "+field, func(t *testing.T) {
				got := ada.do(t, "PATCH", path, `{"`+field+`":`+c.sent+`}`)
				if c.wrong != "" {
					if want := `{"` + field + `":[` + c.wrong + `]}`; got.status != 400 || got.raw != want {
						t.Errorf("%d\n got %s\nwant %s", got.status, got.raw, want)
					}
				} else if got.status != 200 || !strings.Contains(got.raw, `"`+field+`":`+c.sent) {
					t.Errorf("%d %s, want %s stored as it was sent", got.status, got.raw, c.sent)
				}
			})
		}
	}
	if got := ada.must(t, 400, "PATCH", roomsPath+"rules-configuration/", `{"configuration":null}`); got.raw != `{"configuration":["This field may not be null."]}` {
		t.Errorf("null: %s", got.raw)
	}
	ada.must(t, 200, "PATCH", "/api/v1.0/users/"+ada.userID(t)+"/", `{"default_room_configuration":{}}`)
}

// testTokens is the table of 3.6.
func testTokens(t *testing.T, d *deployment, ada *browser) {
	t.Helper()
	room := ada.must(t, 201, "POST", roomsPath+"?username=", map[string]any{"name": "rules-tokens", "configuration": map[string]any{"can_publish_sources": []string{"microphone"}}}).json
	silent := ada.must(t, 201, "POST", roomsPath, map[string]any{"name": "rules-silent", "configuration": map[string]any{"can_publish_sources": []string{}}}).json
	all := []any{"camera", "microphone", "screen_share", "screen_share_audio"}
	guest, grace := d.visitor(t), d.login(t, "rules-grace@example.org")
	for name, c := range map[string]struct {
		by      *browser
		room    map[string]any
		admin   bool
		sources []any
		role    string
		known   string
	}{
		"owner":             {ada, room, true, all, "owner", "true"},
		"owner, all silent": {ada, silent, true, all, "owner", "true"},
		"logged in":         {grace, room, false, []any{"microphone"}, "", "true"},
		"visitor":           {guest, room, false, []any{"microphone"}, "", "false"},
		"visitor, silent":   {guest, silent, false, []any{}, "", "false"},
	} {
		t.Run(name, func(t *testing.T) {
			_, token := connection(t, c.by.must(t, 200, "GET", roomsPath+c.room["id"].(string)+"/?username=Somebody", nil).json)
			claims := claimsOf(t, token)
			grants, _ := claims["video"].(map[string]any)
			wantGrants := map[string]any{
				"room": c.room["id"], "roomJoin": true, "roomAdmin": c.admin, "canPublish": len(c.sources) > 0, "canPublishSources": c.sources,
				"canSubscribe": true, "canPublishData": true, "canUpdateOwnMetadata": false,
			}
			attributes, _ := claims["attributes"].(map[string]any)
			role, hasRole := attributes["room_role"]
			if fmt.Sprint(grants) != fmt.Sprint(wantGrants) || attributes["is_authenticated"] != c.known || hasRole != (c.role != "") || hasRole && role != c.role ||
				!strings.HasPrefix(fmt.Sprint(attributes["color"]), "hsl(") {
				t.Errorf("grants %v\nwant   %v\nattributes %v", grants, wantGrants, attributes)
			}
			if fmt.Sprint(keys(claims)) != "[attributes exp iss name nbf sub video]" || claims["iss"] != d.livekit.APIKey || claims["name"] != "Somebody" {
				t.Errorf("claims %v", claims)
			}
			if lasts := claims["exp"].(float64) - claims["nbf"].(float64); lasts != 21600 {
				t.Errorf("lasts %v seconds", lasts)
			}
		})
	}
}

// testDisplayNames is the table of 3.7.
func testDisplayNames(t *testing.T, d *deployment, ada *browser) {
	t.Helper()
	ada.createRoom(t, "rules-display")
	full := ada.must(t, 200, "GET", mePath, nil).json["full_name"]
	guest := d.visitor(t)
	for name, c := range map[string]struct {
		by    *browser
		query string
		want  any
	}{
		"anonymous, given":  {guest, "?username=Gil", "Gil"},
		"anonymous, empty":  {guest, "?username=", "Anonymous"},
		"anonymous, none":   {guest, "", "Anonymous"},
		"logged in, given":  {ada, "?username=Somebody%20else", "Somebody else"},
		"logged in, empty":  {ada, "?username=", full},
		"logged in, none":   {ada, "", full},
		"free text, no end": {guest, "?username=" + strings.Repeat("%C3%A9", 300), strings.Repeat("é", 300)},
	} {
		_, token := connection(t, c.by.must(t, 200, "GET", roomsPath+"rules-display/"+c.query, nil).json)
		if got := claimsOf(t, token)["name"]; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// testLobbyStates is the state machine of 3.10, but for what testLobby shows.
func testLobbyStates(t *testing.T, d *deployment, ada *browser) {
	t.Helper()
	ada.must(t, 201, "POST", roomsPath, map[string]any{"name": "rules-lobby", "access_level": "restricted"})
	const path = roomsPath + "rules-lobby/"
	ask := func(b *browser, name string) map[string]any {
		t.Helper()
		return b.must(t, 200, "POST", path+"request-entry/", map[string]any{"username": name}).json
	}
	decide := func(id any, allow bool) {
		t.Helper()
		ada.must(t, 200, "POST", path+"enter/", map[string]any{"participant_id": id, "allow_entry": allow})
	}
	guest := d.visitor(t)
	first := ask(guest, "First")
	if again := ask(guest, "Second"); again["username"] != "First" || again["id"] != first["id"] || again["color"] != first["color"] || again["livekit"] != nil {
		t.Errorf("while waiting: %v, first %v", again, first)
	}
	decide(first["id"], true)
	decide(first["id"], false) // flipped while it lives
	if got := ask(guest, "Third"); got["status"] != "denied" || got["livekit"] != nil {
		t.Errorf("flipped: %v", got)
	}
	decide(first["id"], true)
	accepted := ask(guest, "Fourth")
	claims := claimsOf(t, accepted["livekit"].(map[string]any)["token"].(string))
	if accepted["status"] != "accepted" || claims["sub"] != first["id"] || claims["name"] != "Fourth" || claims["attributes"].(map[string]any)["color"] != first["color"] {
		t.Errorf("accepted: %v, claims %v", accepted, claims)
	}
	if next := ask(guest, "Fourth"); next["id"] != accepted["id"] || next["status"] != "accepted" {
		t.Errorf("accepted once more: %v", next)
	}
	// Who is removed has to wait again.
	ada.must(t, 404, "POST", path+"remove-participant/", map[string]any{"participant_identity": first["id"]})
	if got := ask(guest, "Fifth"); got["status"] != "waiting" {
		t.Errorf("after the removal: %v", got)
	}

	// Who may enter passes the lobby, by level and role, and leaves no trace there.
	grace, member := d.login(t, "rules-bypass@example.org"), d.login(t, "rules-bypass-member@example.org")
	room := ada.must(t, 200, "GET", path, nil).json
	ada.must(t, 201, "POST", accessesPath, map[string]any{"user": member.userID(t), "resource": room["id"]})
	for level, want := range map[string][3]string{
		"public": {"accepted", "accepted", "accepted"}, "trusted": {"waiting", "accepted", "accepted"}, "restricted": {"waiting", "waiting", "accepted"},
	} {
		ada.must(t, 200, "PATCH", path, map[string]any{"access_level": level})
		for i, b := range []*browser{d.visitor(t), grace, member} {
			if got := ask(b, "B"); got["status"] != want[i] || (got["livekit"] != nil) != (want[i] == "accepted") || len(got) != 5 {
				t.Errorf("%s, viewer %d: %v", level, i, got)
			}
		}
	}
	entered := ask(member, "Member")
	sub, err := claimsOf(t, entered["livekit"].(map[string]any)["token"].(string)).GetSubject()
	if err != nil || sub == entered["id"] {
		t.Errorf("who is logged in enters as itself: %v, %v", sub, err)
	}
	ada.must(t, 200, "PATCH", path, map[string]any{"access_level": "public"})
	if got := ada.must(t, 200, "GET", path+"waiting-participants/", nil); got.raw != `{"participants":[]}` {
		t.Errorf("a public room's lobby: %s", got.raw)
	}
	ada.must(t, 200, "PATCH", path, map[string]any{"access_level": "restricted"})

	// A denial is over after five seconds.
	denied := d.visitor(t)
	decide(ask(denied, "Denied")["id"], false)
	next := time.Now()
	testkit.Eventually(t, 10*time.Second, func() error {
		if time.Now().Before(next) {
			return errors.New("still denied")
		}
		next = time.Now().Add(500 * time.Millisecond) // who asks more often is throttled
		if got := ask(denied, "Denied"); got["status"] != "waiting" {
			return fmt.Errorf("status %v", got["status"])
		}
		return nil
	})
}
