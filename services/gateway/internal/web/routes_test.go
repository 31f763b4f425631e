package web

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parleymeet/parley/gen/openapi"
)

// Every route of the facade has a row in the table, and every row a route.
func TestTableHasEveryRoute(t *testing.T) {
	var document struct {
		Paths map[string]map[string]struct{ Responses map[string]any }
	}
	if err := json.Unmarshal(openapi.JSON, &document); err != nil {
		t.Fatal(err)
	}
	table := routes()
	var served []string
	for path, methods := range document.Paths {
		for method, operation := range methods {
			name := strings.ToUpper(method) + " " + path
			served = append(served, name)
			success := strconv.Itoa(cmp.Or(table[name].success, http.StatusOK))
			if _, ok := operation.Responses[success]; !ok || len(operation.Responses) != 1 {
				t.Errorf("%s answers %s, its documentation says %v", name, success, operation.Responses)
			}
		}
	}
	slices.Sort(served)
	if rows := slices.Sorted(maps.Keys(table)); !slices.Equal(rows, served) {
		t.Errorf("rows   %q\nroutes %q", rows, served)
	}
	for name, row := range table {
		if row.mode == 0 || (row.mode == open) != (row.audience == "" && (name == "GET /api/v1.0/config" || name == tokenRoute)) {
			t.Errorf("%s: %+v", name, row)
		}
	}
}

func TestReturnTo(t *testing.T) {
	policy := returns{hosts: []string{"app.example.org"}}
	for raw, safe := range map[string]bool{
		"/": true, "/room?x=1#y": true, "https://meet.test/room": true, "http://meet.test/": true,
		"https://MEET.test/": true, "https://app.example.org/": true, "https://meet.test/r%C3%A9": true,
		"": false, "//evil.test": false, "///evil.test": false, `\\evil.test`: false, `/\evil.test`: false, `/a\b`: false,
		"javascript:alert(1)": false, "https:evil.test": false, "https:/evil.test": false, "https:///evil.test": false,
		"https://meet.test@evil.test/": false, "https://a:b@meet.test/": false, "https://meet.test:8443/": false,
		"ht\ttps://evil.test": false, "/\t/evil.test": false, "/\n/evil.test": false, " https://evil.test": false,
		"https://meet.test\u3002evil.test/": false, "https://meet\uff0etest/": false, "https://meet.test.evil.test/": false,
		"data:text/html,x": false, "ftp://meet.test/": false, "room": false, "?x": false, "https://": false, "http://[::1": false,
		"/" + strings.Repeat("a", maxReturnTo): false,
	} {
		if got := policy.safe(raw, "meet.test"); (got != "") != safe {
			t.Errorf("%q: %q", raw, got)
		}
	}
	if (returns{httpsOnly: true}).safe("http://meet.test/", "meet.test") != "" {
		t.Error("http was let through")
	}
}
