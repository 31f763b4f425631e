package web

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented is a row of the tables of docs/api.md: methods, path, who, and
// what is there.
var documented = regexp.MustCompile("(?m)^\\| ([A-Z, ]+) \\| `([^`]+)` \\|[^|]*\\| (there|disabled|not offered)\\b")

// docs/api.md lists every endpoint that there is, every one that is off, and
// none of those that it calls not offered exists.
func TestDocumentedEndpoints(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	a := &api{table: routes(), off: off()}
	a.named = named(a.table, a.off)
	served := map[string]string{"POST " + webhooksPath: "there", "POST " + backChannelPath: "there"}
	for name := range a.table {
		served[name] = "there"
	}
	for name := range a.off {
		served[name] = "disabled"
	}
	l := &login{}
	for _, p := range l.pages() {
		if p.path != backChannelPath {
			served["GET "+p.path] = "there"
		}
	}
	served["POST "+prefix+"/logout"] = "there"

	told := map[string]string{}
	for _, row := range documented.FindAllStringSubmatch(string(text), -1) {
		path := strings.TrimSuffix(row[2], "/")
		if !strings.HasPrefix(path, "/") {
			path = prefix + "/" + path
		}
		for method := range strings.SplitSeq(row[1], ", ") {
			name := method + " " + path
			if told[name] != "" {
				t.Errorf("%s is listed twice", name)
			}
			told[name] = row[3]
		}
		if methods, _ := a.methodsAt(path); row[3] == "not offered" && len(methods) > 0 {
			t.Errorf("%s is said not to be offered, but takes %v", path, methods)
		}
		if name := strings.TrimPrefix(path, "/"); row[3] == "not offered" && !strings.HasPrefix(path, "/api/") && belongsToApp(name) {
			t.Errorf("%s is said not to be offered, but gets the frontend's page", path)
		}
	}
	maps.DeleteFunc(told, func(_, state string) bool { return state == "not offered" })
	for _, name := range slices.Sorted(maps.Keys(served)) {
		if told[name] != served[name] {
			t.Errorf("%s is %s, docs/api.md says %q", name, served[name], told[name])
		}
		delete(told, name)
	}
	for name, state := range told {
		t.Errorf("docs/api.md says that %s is %s", name, state)
	}
}
