package obs

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"testing"
)

func get(t *testing.T, srv *http.Server, path string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	srv.Handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return rec
}

func TestAdminEndpoints(t *testing.T) {
	t.Parallel()
	srv := AdminServer(NewRegistry("room"), NewReadiness(nil), nil)
	tests := []struct {
		path, want string
		code       int
	}{
		{"/", "/readyz", 200},
		{"/healthz", "ok\n", 200},
		{"/readyz", `"ready":false`, 503},
		{"/metrics", `parley_build_info{service="room",version="` + Version() + `"} 1`, 200},
		{"/metrics", "go_goroutines ", 200},
		{"/metrics", "process_open_fds ", 200},
		{"/debug/pprof/", "goroutine", 200},
		{"/debug/pprof/heap?debug=1", "heap profile", 200},
		{"/debug/pprof/cmdline", "obs.test", 200},
		{"/nothing", "not found", 404},
	}
	for _, tt := range tests {
		rec := get(t, srv, tt.path)
		if rec.Code != tt.code || !strings.Contains(rec.Body.String(), tt.want) {
			t.Errorf("%s: %d %.300q, want %d with %q", tt.path, rec.Code, rec.Body.String(), tt.code, tt.want)
		}
	}
}

func TestReadyz(t *testing.T) {
	t.Parallel()
	var db, room toggle
	room.down.Store(true)
	r := NewReadiness(nil)
	r.Require("database", db.check)
	r.Watch("room", room.check)
	srv := AdminServer(NewRegistry("telephony"), r, nil)

	step := func(code int, want Report) {
		t.Helper()
		rec := get(t, srv, "/readyz")
		var got Report
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if rec.Code != code || got.Ready != want.Ready || got.Status != want.Status {
			t.Errorf("got %d %+v, want %d %+v", rec.Code, got, code, want)
		}
		for name, state := range want.Checks {
			if got.Checks[name] != state {
				t.Errorf("check %s is %q, want %q", name, got.Checks[name], state)
			}
		}
		if strings.Contains(rec.Body.String(), "hunter2") {
			t.Errorf("a password leaks: %s", rec.Body.String())
		}
		if ct := rec.Header().Get("Content-Type"); ct != "application/json" {
			t.Errorf("content type %q", ct)
		}
	}
	r.poll(t.Context())
	step(200, Report{true, "ok", map[string]string{"database": "ok", "room": "unavailable"}})
	db.down.Store(true)
	r.poll(t.Context())
	step(503, Report{false, "unavailable", map[string]string{"database": "unavailable"}})
	db.down.Store(false)
	r.poll(t.Context())
	step(200, Report{true, "ok", map[string]string{"database": "ok"}})
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	step(503, Report{false, "stopping", map[string]string{"database": "ok"}})
}

func TestRegistriesAreIndependent(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"room", "token"} {
		rec := get(t, AdminServer(NewRegistry(service), NewReadiness(nil), nil), "/metrics")
		if n := strings.Count(rec.Body.String(), "\nparley_build_info{"); n != 1 {
			t.Errorf("%s: %d build infos, want 1", service, n)
		}
	}
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	vcs := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"},
		{Key: "vcs.modified", Value: "true"},
	}
	tests := []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"module", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs}, "v1.2.3"},
		{"dirty checkout", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs}, "devel-0123456789ab+dirty"},
		{"clean checkout", debug.BuildInfo{Settings: vcs[:1]}, "devel-0123456789ab"},
		{"no checkout", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "devel"},
	}
	for _, tt := range tests {
		if got := versionOf(&tt.info); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
