package gateway

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
)

var update = flag.Bool("update", false, "write the golden files")

const token = "abcdefghijklmnopqrstuvwxyzABCDEF"

// rig is a running gateway with fakes behind it.
type rig struct {
	*suite
	rooms  *rooms
	trunks *trunks
	clock  *clock.Fake
	// metrics are what the gateway measured.
	metrics *prometheus.Registry
	url     string
	http    *http.Client
}

func start(t *testing.T, environ ...string) *rig {
	t.Helper()
	g := &rig{
		suite: newSuite(), rooms: &rooms{}, trunks: &trunks{},
		clock: clock.NewFake(time.Unix(1768478400, 0)), metrics: prometheus.NewRegistry(),
	}
	g.http = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var cfg Config
	if err := config.Load(&cfg, append([]string{"HTTP_ADDR=127.0.0.1:0", "LIVEKIT_URL=ws://127.0.0.1:7880"}, environ...)); err != nil {
		t.Fatal(err)
	}
	conn := serve(t, g.suite, g.rooms, g.trunks)
	bound := make(chan net.Addr, 1)
	service, err := New(cfg, Deps{
		Auth: conn, Room: conn, Telephony: conn, Logger: slog.New(slog.DiscardHandler), Registry: g.metrics,
		Clock: g.clock, Bound: func(addr net.Addr) { bound <- addr },
	})
	if err != nil {
		t.Fatal(err)
	}
	component := service.Component()
	if err := component.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- component.Run(context.Background()) }()
	t.Cleanup(func() {
		g.http.CloseIdleConnections()
		if err := errors.Join(component.Stop(context.Background()), <-done); err != nil {
			t.Error(err)
		}
	})
	g.url = "http://" + (<-bound).String()
	return g
}

// ask sends a request; cookie names the session, "" for an anonymous visitor.
func (g *rig) ask(t *testing.T, method, path, cookie, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, g.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if cookie != "" {
		req.AddCookie(&http.Cookie{Name: "sessionid", Value: cookie})
		req.AddCookie(&http.Cookie{Name: "csrftoken", Value: token})
		req.Header.Set("X-CSRFToken", token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := g.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(raw)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, []byte(got+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSuffix(string(want), "\n") != got {
		t.Errorf("%s:\n got %s\nwant %s", name, got, want)
	}
}

func TestBodies(t *testing.T) {
	g := start(t)
	g.rooms.list = []*roomv1.RoomView{view("a"), view("b"), view("c")}
	const api = "/api/v1.0"
	trunk := `{"name":"Carrier","numbers":[{"number":"+33123456789","country":"FR","label":"Paris","kind":"local"}],"pin_length":10,` +
		`"allowed_addresses":["127.0.0.0/8"],"auth_username":"u","auth_password":"hush","arming":"always"}`
	for name, c := range map[string]struct {
		method, path, cookie, body string
		status                     int
	}{
		"config":             {"GET", "/config/", "", "", 200},
		"me":                 {"GET", "/users/me", adaCook, "", 200},
		"users":              {"GET", "/users/?q=nobody", adaCook, "", 200},
		"users_listed":       {"GET", "/users/?q=ada", adaCook, "", 200},
		"user_put":           {"PUT", "/users/" + ada + "/", adaCook, `{"timezone":"Asia/Calcutta","language":"fr-fr"}`, 200},
		"user_patch":         {"PATCH", "/users/" + bob + "/", bobCook, `{"default_room_access_level":"","default_room_configuration":{"everyone_can_mute":true}}`, 200},
		"room_create":        {"POST", "/rooms/?username=", adaCook, `{"name":" kqz-wrtp-lmn ","slug":"x","access_level":"trusted","configuration":{"can_publish_sources":[]}}`, 201},
		"room_country":       {"POST", "/rooms/", adaCook, `{"name":"x","phone_country":" FR "}`, 201},
		"room_country_long":  {"POST", "/rooms/", adaCook, `{"name":"x","phone_country":"FRA"}`, 400},
		"room_country_null":  {"PATCH", "/rooms/x/", adaCook, `{"phone_country":null}`, 200},
		"room_anonymous":     {"GET", "/rooms/kqz-wrtp-lmn/?username=Gil", "", "", 200},
		"room_stale_session": {"GET", "/rooms/kqz-wrtp-lmn/", "stale", "", 200},
		"room_member":        {"GET", "/rooms/R%C3%A9union/", bobCook, "", 200},
		"room_patch":         {"PATCH", "/rooms/x/", adaCook, `{"configuration":{},"access_level":"restricted"}`, 200},
		"room_rotate":        {"POST", "/rooms/x/rotate-pin/", adaCook, "", 200},
		"room_revoke":        {"POST", "/rooms/x/rotate-pin/", adaCook, `{"revoke":true}`, 200},
		"room_revoke_wrong":  {"POST", "/rooms/x/rotate-pin/", adaCook, `{"revoke":"perhaps"}`, 400},
		"entry_waiting":      {"POST", "/rooms/x/request-entry/", "", `{"username":" Gil "}`, 200},
		"entry_accepted":     {"POST", "/rooms/x/request-entry/", bobCook, `{"username":"Bob"}`, 200},
		"waiting":            {"GET", "/rooms/x/waiting-participants/", adaCook, "", 200},
		"waiting_none":       {"GET", "/rooms/public/waiting-participants/", adaCook, "", 200},
		"enter":              {"POST", "/rooms/x/enter/", adaCook, `{"participant_id":"` + strings.ToUpper(gil) + `","allow_entry":"on"}`, 200},
		"rooms_anonymous":    {"GET", "/rooms/", "", "", 200},
		"trunk_create":       {"POST", "/telephony/trunks/", adaCook, trunk, 201},
		"trunk_patch":        {"PATCH", "/telephony/trunks/ST_1/", adaCook, `{"state":"disabled","pin_length":"8"}`, 200},
		"trunk_drain":        {"POST", "/telephony/trunks/ST_1/drain/", adaCook, "", 200},
		"trunks":             {"GET", "/telephony/trunks/", adaCook, "", 200},
		"number_add":         {"POST", "/telephony/trunks/ST_1/numbers/", adaCook, `{"number":"+33123456780","kind":"toll_free"}`, 201},
		"calls":              {"GET", "/telephony/calls/?live=true&trunk=ST_1", adaCook, "", 200},
		"call":               {"GET", "/telephony/calls/SCL_1/", adaCook, "", 200},
		"call_revealed":      {"GET", "/telephony/calls/SCL_1/?reveal=true", adaCook, "", 200},
		"refusals_of_none":   {"GET", "/telephony/trunks/none/refusals/", adaCook, "", 200},
		"refusals":           {"GET", "/telephony/trunks/ST_1/refusals/", adaCook, "", 200},
		"explain":            {"POST", "/telephony/explain/", adaCook, `{"number":"+33123456789","pin":"0123456789"}`, 200},
		"resolve_accept":     {"POST", "/telephony/resolve/", adaCook, `{"trunk_id":"ST_1","pin":"0123456789"}`, 200},
		"resolve_reject":     {"POST", "/telephony/resolve/", adaCook, `{"number":"+33123456789","pin":"1"}`, 200},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := g.ask(t, c.method, api+c.path, c.cookie, c.body)
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			if kind := resp.Header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("content type %q", kind)
			}
			if strings.Contains(body, "hush") {
				t.Error("the password came back")
			}
			golden(t, name, body)
		})
	}
}

func TestErrors(t *testing.T) {
	g := start(t)
	const (
		api          = "/api/v1.0"
		forbidden    = `{"detail":"You do not have permission to perform this action."}`
		unprivileged = `{"detail":"You must have privileges on room to perform this action."}`
		anonymous    = `{"detail":"Authentication credentials were not provided."}`
	)
	deep := strings.Repeat("[", 80) + strings.Repeat("]", 80)
	for name, c := range map[string]struct {
		method, path, cookie, body string
		status                     int
		want                       string
	}{
		"me anonymous":         {"GET", "/users/me", "", "", 401, anonymous},
		"me stale":             {"GET", "/users/me/", "stale", "", 401, anonymous},
		"401 before 405":       {"GET", "/users/" + ada + "/", "", "", 401, anonymous},
		"405":                  {"GET", "/users/" + ada + "/", adaCook, "", 405, `{"detail":"Method \"GET\" not allowed."}`},
		"unknown path":         {"GET", "/nothing/", "", "", 404, `{"detail":"Not found."}`},
		"dot in id":            {"GET", "/rooms/a.b/", "", "", 404, `{"detail":"Not found."}`},
		"encoded slash":        {"GET", "/rooms/a%2Fb/", "", "", 404, `{"detail":"Not found."}`},
		"bad text in id":       {"GET", "/rooms/%FF/", "", "", 404, `{"detail":"Not found."}`},
		"malformed user id":    {"PUT", "/users/x/", adaCook, `{"timezone":"UTC"}`, 404, `{"detail":"Not found."}`},
		"other user":           {"PUT", "/users/" + bob + "/", adaCook, `{}`, 403, forbidden},
		"timezone required":    {"PUT", "/users/" + ada + "/", adaCook, `{}`, 400, `{"timezone":["This field is required."]}`},
		"timezone unknown":     {"PUT", "/users/" + ada + "/", adaCook, `{"timezone":"Mars/Base"}`, 400, `{"timezone":["A valid timezone is required."]}`},
		"all fields at once":   {"PATCH", "/users/" + ada + "/", adaCook, `{"timezone":[],"language":"xx"}`, 400, `{"language":["\"xx\" is not a valid choice."],"timezone":["Not a valid string."]}`},
		"create anonymous":     {"POST", "/rooms/", "", `{"name":"a"}`, 401, anonymous},
		"name required":        {"POST", "/rooms/", adaCook, "", 400, `{"name":["This field is required."]}`},
		"name null":            {"POST", "/rooms/", adaCook, `{"name":null}`, 400, `{"name":["This field may not be null."]}`},
		"name blank":           {"POST", "/rooms/", adaCook, `{"name":"  "}`, 400, `{"name":["This field may not be blank."]}`},
		"name too long":        {"POST", "/rooms/", adaCook, `{"name":"` + strings.Repeat("é", 501) + `"}`, 400, `{"name":["Ensure this field has no more than 500 characters."]}`},
		"level":                {"POST", "/rooms/", adaCook, `{"name":"a","access_level":"foo"}`, 400, `{"access_level":["\"foo\" is not a valid choice."]}`},
		"configuration text":   {"POST", "/rooms/", adaCook, `{"name":"a","configuration":"str"}`, 400, `{"configuration":[{"type":"model_type","loc":[],"msg":"Input should be a valid dictionary or instance of RoomConfiguration","input":"str","ctx":{"class_name":"RoomConfiguration"},"url":"https://errors.pydantic.dev/2.13/v/model_type"}]}`},
		"configuration null":   {"POST", "/rooms/", adaCook, `{"name":"a","configuration":null}`, 400, `{"configuration":["This field may not be null."]}`},
		"list":                 {"POST", "/rooms/", adaCook, `[]`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}`},
		"malformed":            {"POST", "/rooms/", adaCook, `{"name"`, 400, `{"detail":"JSON parse error - unexpected EOF"}`},
		"trailing":             {"POST", "/rooms/", adaCook, `{} {}`, 400, `{"detail":"JSON parse error - more than one value"}`},
		"not UTF-8":            {"POST", "/rooms/", adaCook, "{\"name\":\"\xff\"}", 400, `{"detail":"JSON parse error - the text is not UTF-8"}`},
		"camel case":           {"POST", "/rooms/x/enter/", adaCook, `{"participantId":"` + gil + `","allow_entry":true}`, 400, `{"participant_id":["This field is required."]}`},
		"too deep":             {"POST", "/rooms/", adaCook, `{"name":` + deep + `}`, 400, `{"detail":"JSON parse error - nested too deeply"}`},
		"number too large":     {"POST", "/rooms/", adaCook, `{"name":1e999}`, 400, `{"detail":"JSON parse error - the value does not fit"}`},
		"too large":            {"POST", "/rooms/", adaCook, `{"name":"` + strings.Repeat("a", 1<<20) + `"}`, 413, `{"detail":"Request body is too large."}`},
		"unknown room":         {"GET", "/rooms/unknown/", "", "", 404, `{"detail":"No Room matches the given query."}`},
		"unknown room patched": {"PATCH", "/rooms/unknown/", adaCook, `{"name":""}`, 404, `{"detail":"No Room matches the given query."}`},
		"member patches":       {"PATCH", "/rooms/x/", bobCook, `{"name":""}`, 403, forbidden},
		"put without name":     {"PUT", "/rooms/x/", adaCook, `{}`, 400, `{"name":["This field is required."]}`},
		"entry, no name":       {"POST", "/rooms/unknown/request-entry/", "", "", 400, `{"username":["This field is required."]}`},
		"entry, long name":     {"POST", "/rooms/x/request-entry/", "", `{"username":"` + strings.Repeat("é", 256) + `"}`, 400, `{"username":["Ensure this field has no more than 255 characters."]}`},
		"entry, blank name":    {"POST", "/rooms/x/request-entry/", "", `{"username":" "}`, 400, `{"username":["This field may not be blank."]}`},
		"entry, unknown room":  {"POST", "/rooms/unknown/request-entry/", "", `{"username":"a"}`, 404, `{"detail":"No Room matches the given query."}`},
		"entry throttled":      {"POST", "/rooms/x/request-entry/", "", `{"username":"hasty"}`, 429, `{"detail":"Request was throttled. Expected available in 42 seconds."}`},
		"waiting anonymous":    {"GET", "/rooms/unknown/waiting-participants/", "", "", 401, anonymous},
		"waiting, member":      {"GET", "/rooms/x/waiting-participants/", bobCook, "", 403, unprivileged},
		"enter anonymous":      {"POST", "/rooms/x/enter/", "", "", 401, anonymous},
		"enter, fields first":  {"POST", "/rooms/unknown/enter/", adaCook, `{"participant_id":"x"}`, 400, `{"allow_entry":["This field is required."],"participant_id":["Must be a valid UUID."]}`},
		"enter, public room":   {"POST", "/rooms/public/enter/", adaCook, `{"participant_id":"` + gil + `","allow_entry":true}`, 404, `{"message":"Room has no lobby system."}`},
		"enter, nobody":        {"POST", "/rooms/x/enter/", adaCook, `{"participant_id":"` + ada + `","allow_entry":true}`, 404, `{"message":"Participant not found."}`},
		"page text":            {"GET", "/rooms/?page=x", adaCook, "", 404, `{"detail":"Invalid page."}`},
		"page beyond":          {"GET", "/rooms/?page=2", adaCook, "", 404, `{"detail":"Invalid page."}`},
		"page huge":            {"GET", "/rooms/?page=2147483647", "", "", 404, `{"detail":"Invalid page."}`},
		"trunks, no operator":  {"POST", "/telephony/trunks/", bobCook, `{}`, 403, `{"detail":"Only operators may do this."}`},
		"trunk fields":         {"POST", "/telephony/trunks/", adaCook, `{"name":"x","pin_length":3,"numbers":[{"kind":"x"},7],"allowed_addresses":"a"}`, 400, `{"allowed_addresses":["Expected a list of items but got type \"str\"."],"numbers":{"0":{"kind":["\"x\" is not a valid choice."],"number":["This field is required."]},"1":{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}},"pin_length":["Ensure this value is greater than or equal to 4."]}`},
		"explain what":         {"POST", "/telephony/explain/", adaCook, `{"pin":"1"}`, 400, `{"non_field_errors":["One of number and trunk_id is needed."]}`},
		"no such call":         {"GET", "/telephony/calls/SCL_2/", adaCook, "", 404, `{"detail":"No Call matches the given query."}`},
		"resolve what":         {"POST", "/telephony/resolve/", adaCook, `{"pin":"1"}`, 400, `{"non_field_errors":["One of number and trunk_id is needed."]}`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := g.ask(t, c.method, api+c.path, c.cookie, c.body)
			if resp.StatusCode != c.status || body != c.want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, c.status, c.want)
			}
			if resp.StatusCode == http.StatusUnauthorized && resp.Header.Get("WWW-Authenticate") != "Session" {
				t.Error("401 without WWW-Authenticate")
			}
			if resp.Header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
		})
	}
}

func TestServiceErrors(t *testing.T) {
	g := start(t)
	for name, c := range map[string]struct {
		err    error
		status int
		want   string
		header string
	}{
		"slug": {apierr.InvalidField("slug", "unique", "Room with this Slug already exists."), 400, `{"slug":["Room with this Slug already exists."]}`, ""},
		"schema": {apierr.Invalid(
			apierr.Violation{Field: "configuration.can_publish_sources.1", Code: "literal_error", Text: "Input should be 'camera', 'microphone', 'screen_share' or 'screen_share_audio'"},
			apierr.Violation{Field: "configuration.a.b", Code: "extra_forbidden", Text: "Extra inputs are not permitted"}), 400,
			`{"configuration":[{"type":"literal_error","loc":["can_publish_sources","1"],"msg":"Input should be 'camera', 'microphone', 'screen_share' or 'screen_share_audio'","input":"True","ctx":{"expected":"'camera', 'microphone', 'screen_share' or 'screen_share_audio'"},"url":"https://errors.pydantic.dev/2.13/v/literal_error"},{"type":"extra_forbidden","loc":["a.b"],"msg":"Extra inputs are not permitted","input":["1","None"],"url":"https://errors.pydantic.dev/2.13/v/extra_forbidden"}]}`, ""},
		"throttled": {&apierr.Error{Reason: apierr.Throttled, RetryAfter: 41500 * time.Millisecond}, 429, `{"detail":"Request was throttled. Expected available in 42 seconds."}`, "42"},
		"one":       {&apierr.Error{Reason: apierr.Throttled, RetryAfter: time.Second}, 429, `{"detail":"Request was throttled. Expected available in 1 second."}`, "1"},
		"away":      {apierr.New(apierr.Unavailable, ""), 503, `{"detail":"The service is not available at the moment. Try again."}`, ""},
		"conflict":  {apierr.New(apierr.TrunkNotEmpty, ""), 409, `{"detail":"The trunk still holds PINs of rooms. Drain it first."}`, ""},
		"internal":  {errors.New("pq: secret"), 500, `{"detail":"Something went wrong on our side. The request id finds it in the logs.","request_id":"req-7"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g.rooms.fail = c.err
			body := `{"name":"a","configuration":{"can_publish_sources":["camera",true],"a.b":[1,null]}}`
			resp, got := g.ask(t, "POST", "/api/v1.0/rooms/", adaCook, body, "X-Request-ID", "req-7")
			if resp.StatusCode != c.status || got != c.want || resp.Header.Get("Retry-After") != c.header {
				t.Errorf("%d %s %q\nwant %d %s", resp.StatusCode, got, resp.Header.Get("Retry-After"), c.status, c.want)
			}
		})
	}
}

// A visitor is never taken for anonymous because auth could not be asked.
func TestAuthAway(t *testing.T) {
	g := start(t)
	g.down = apierr.New(apierr.Unavailable, "")
	for _, path := range []string{"/api/v1.0/users/me", "/api/v1.0/rooms/x/"} {
		if resp, body := g.ask(t, "GET", path, adaCook, ""); resp.StatusCode != 503 || !strings.HasPrefix(body, `{"detail":`) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
		if resp, _ := g.ask(t, "GET", path, "", ""); resp.StatusCode == 503 {
			t.Errorf("%s: an anonymous visitor needs no auth", path)
		}
	}
	resp, _ := g.ask(t, "GET", "/api/v1.0/authenticate/?silent=true&returnTo=/room", "", "")
	if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "/room" {
		t.Errorf("silent log-in: %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
}

func TestEmptyAnswers(t *testing.T) {
	g := start(t)
	for _, path := range []string{"/rooms/x/", "/telephony/trunks/ST_1/", "/telephony/trunks/ST_1/numbers/+33123456789/"} {
		resp, body := g.ask(t, "DELETE", "/api/v1.0"+path, adaCook, "")
		if resp.StatusCode != http.StatusNoContent || body != "" || resp.Header.Get("Content-Type") != "" {
			t.Errorf("%s: %d %q %v", path, resp.StatusCode, body, resp.Header)
		}
	}
	resp, body := g.ask(t, "HEAD", "/api/v1.0/config/", "", "")
	if resp.StatusCode != http.StatusOK || body != "" {
		t.Errorf("HEAD: %d %q", resp.StatusCode, body)
	}
}

func TestPages(t *testing.T) {
	g := start(t, "TRUSTED_PROXIES=127.0.0.0/8")
	for range 5 {
		g.rooms.list = append(g.rooms.list, view("r"))
	}
	host := strings.TrimPrefix(g.url, "http://")
	for query, want := range map[string]string{
		"?page_size=2":                          `"next":"https://` + host + `/api/v1.0/rooms/?page=2&page_size=2","previous":null,`,
		"?username=z&page_size=2&page=2":        `"next":"https://` + host + `/api/v1.0/rooms/?page=3&page_size=2&username=z","previous":"https://` + host + `/api/v1.0/rooms/?page_size=2&username=z",`,
		"?page=last&page_size=2":                `"next":null,"previous":"https://` + host + `/api/v1.0/rooms/?page=2&page_size=2",`,
		"?page_size=-1&page_size=0&page_size=x": `"next":null,"previous":null,`,
	} {
		resp, body := g.ask(t, "GET", "/api/v1.0/rooms/"+query, adaCook, "", "X-Forwarded-Proto", "https")
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(body, `{"count":5,`+want) {
			t.Errorf("%s: %d %.300s\nwant %s", query, resp.StatusCode, body, want)
		}
	}
}

func TestConfigKeepsTheNumber(t *testing.T) {
	g := start(t)
	enabled := func() bool {
		_, body := g.ask(t, "GET", "/api/v1.0/config/", "", "")
		return strings.Contains(body, `"telephony":{"enabled":true,"default_country":"FR","international_phone_number":"+33 1 23 45 67 89"}`)
	}
	set := func(err error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.directory, g.numbers = err, nil
	}
	if !enabled() {
		t.Fatal("the number is not shown")
	}
	set(apierr.New(apierr.Unavailable, ""))
	g.clock.Advance(time.Minute)
	if !enabled() {
		t.Error("the number vanished with telephony")
	}
	set(nil)
	if !enabled() {
		t.Error("the answer was not kept")
	}
	g.clock.Advance(time.Minute)
	if enabled() {
		t.Error("the number is gone but shown")
	}
}

func TestConfigFaults(t *testing.T) {
	good := map[string]string{"HTTP_ADDR": "127.0.0.1:0", "LIVEKIT_URL": "wss://lk.example.org"}
	for name, bad := range map[string]string{
		"HTTP_ADDR": "nowhere", "LIVEKIT_URL": "lk", "FRONTEND_DIR": "/does/not/exist", "FRONTEND_ANALYTICS": "[]",
		"RESOURCE_DEFAULT_ACCESS_LEVEL": "x", "LIVEKIT_DEFAULT_SOURCES": "camera,x", "CSRF_TRUSTED_ORIGINS": "https://a.example; script-src *", "TRUSTED_PROXIES": "x",
	} {
		vars := maps.Clone(good)
		vars[name] = bad
		if err := load(vars); err == nil {
			t.Errorf("%s=%s was taken", name, bad)
		}
	}
	if err := load(good); err != nil {
		t.Error(err)
	}
	if err := load(map[string]string{"HTTP_ADDR": "0.0.0.0:80", "LIVEKIT_URL": "wss://lk", "DEVELOPMENT_LOGIN": "true"}); err == nil {
		t.Error("the development log-in was let onto the network")
	}
}

func load(vars map[string]string) error {
	environ := make([]string, 0, len(vars))
	for name, value := range vars {
		environ = append(environ, name+"="+value)
	}
	return config.Load(new(Config), environ)
}
