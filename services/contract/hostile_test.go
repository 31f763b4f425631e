package contract

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parleymeet/parley/gen/openapi"
	"github.com/parleymeet/parley/pkg/testkit"
)

// seed makes every run send the same.
const seed = 20260301

// operation is one method of one path, from the OpenAPI document.
type operation struct {
	method, path string
	// fields are those of the body; query the parameters of the query.
	fields, query []string
}

// operations reads the document that the gateway serves.
func operations(t *testing.T) []operation {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Schema   struct {
					Ref string `json:"$ref"`
				}
			}
		}
		Definitions map[string]struct{ Properties map[string]any }
	}
	if err := json.Unmarshal(openapi.JSON, &document); err != nil {
		t.Fatal(err)
	}
	var all []operation
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
			o := operation{method: strings.ToUpper(method), path: path}
			for _, p := range document.Paths[path][method].Parameters {
				switch p.In {
				case "query":
					o.query = append(o.query, p.Name)
				case "body":
					name := p.Schema.Ref[strings.LastIndex(p.Schema.Ref, "/")+1:]
					o.fields = slices.Sorted(maps.Keys(document.Definitions[name].Properties))
				}
			}
			all = append(all, o)
		}
	}
	if len(all) < 40 {
		t.Fatalf("only %d operations", len(all))
	}
	return all
}

var deep = strings.Repeat(`[`, 1000) + strings.Repeat(`]`, 1000)

// everywhere are the values that every field gets: null, each JSON type, empty
// and oversized ones, characters that are none or look like others, depth.
func everywhere() []string {
	return []string{
		`null`, `true`, `7`, `"x"`, `[null]`, `{"":""}`, `""`, `" "`, `"` + strings.Repeat("x", 100_000) + `"`, `123456789012345678901234567890`,
		`"a\u0000b"`, `"\u202egnp.exe"`, `"p\u0430ypal"`, "\"\xff\xfe\"", deep, `{"a":` + deep + `}`,
		strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40), // as deep as it may be
	}
}

// hostileValues are what no field expects, as JSON.
func hostileValues() []string {
	return []string{
		`null`, `true`, `false`, `0`, `-1`, `1.5`, `1e308`, `1e999`, `-0`, `123456789012345678901234567890`, `""`, `" "`, `"x"`,
		`[]`, `[null]`, `[[]]`, `["a",1,{}]`, `{}`, `{"":""}`, `{"a":{"b":[null]}}`, `{"a.b":1,"$ref":"#"}`, deep, `{"a":` + deep + `}`,
		`"` + strings.Repeat("x", 100_000) + `"`, `"` + strings.Repeat("é", 50_000) + `"`,
		`["` + strings.Repeat(`x","`, 5000) + `"]`,
		`"a\u0000b"`, `"\u0000"`, `"\ud800"`, `"\udc00\ud800"`, `"\u202egnp.exe"`, `"\u2066\u2069"`, `"\ufeff"`, `"\ufffe"`,
		`"p\u0430ypal"`, `"\uff41\uff42"`, `"\u0130\u0131"`, `"A\u030a"`, `"\ud83d\udca5"`, "\"\xff\xfe\"", `"\r\nX-Evil: 1"`, `"../../etc/passwd"`,
		`"00000000-0000-0000-0000-000000000000"`, `"{0b7c3f0e-8c2e-4b7a-9f55-3f3a7d1c9e10}"`, `"urn:uuid:0b7c3f0e8c2e4b7a9f553f3a7d1c9e10"`,
		`"' OR 1=1 --"`, `"<script>alert(1)</script>"`, `"%s%n%x"`, `"\\"`, `"owner"`, `"restricted"`, `"+33123456789"`, `"NaN"`, `"2026-02-30"`,
		`{"can_publish_sources":["camera",null]}`, `{"hidden":true}`, `{"can_publish":"maybe"}`, `{"everyone_can_mute":{}}`,
	}
}

// hostileBodies are bodies that are wrong as a whole.
func hostileBodies() []string {
	return []string{
		``, `{`, `nul`, `[]`, `"a"`, `7`, `true`, `null`, `{}{}`, `{"a":1,"a":2}`, "\x00", "\xff\xff", `{"__proto__":{}}`,
		strings.Repeat(`{"a":`, 1000) + `1` + strings.Repeat(`}`, 1000), `{"` + strings.Repeat("k", 100_000) + `":1}`,
	}
}

// hostilePaths stand where an id or a slug should.
func hostilePaths() []string {
	return []string{
		"%00", "%FF%FE", "%ED%A0%80", "..%2F..%2Fetc", ".", "a.b", "%20", "-", "_", "null", "-1", "%E2%80%AE", "%F0%9F%92%A5", "p%D0%B0ypal", "R%C3%A9union",
		strings.Repeat("a", 8000), "0b7c3f0e-8c2e-4b7a-9f55-3f3a7d1c9e10", "%7B0b7c3f0e8c2e4b7a9f553f3a7d1c9e10%7D", "urn:uuid:0b7c3f0e8c2e4b7a9f553f3a7d1c9e10",
		"'%20OR%201=1", "%25s", "a;b=c", "a+b", "*", "{id}",
	}
}

// TestHostileInput walks every operation of the OpenAPI document with input that
// nobody wants, anonymous and logged in as one who may do everything. Nothing
// makes the suite fail, and every refusal has a shape of the contract.
func TestHostileInput(t *testing.T) {
	for name, database := range map[string]func(*testing.T) string{
		"SQLite":     func(*testing.T) string { return "" },
		"PostgreSQL": func(t *testing.T) string { return testkit.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const many = "100000/minute"
			d := startStandalone(t, database(t), "EMAIL_HOST", "127.0.0.1", "EMAIL_PORT", "1", "EMAIL_FROM", "a@example.org",
				"APPLICATION_BASE_URL", "http://localhost", "APPLICATION_ENABLED", "true", "EXTERNAL_API_ENABLED", "true",
				"REQUEST_ENTRY_THROTTLE_RATES", many, "VISITOR_THROTTLE_RATES", many, "LOGIN_THROTTLE_RATES", many,
				"INVITE_USER_THROTTLE_RATES", many, "INVITE_ROOM_THROTTLE_RATES", many, "PIN_ROTATIONS", "100000")
			h := &hostility{
				target: newTarget(t, d), visitor: d.visitor(t), random: rand.New(rand.NewPCG(seed, seed)),
			}
			for _, o := range operations(t) {
				h.attack(t, o)
			}
			h.attackPages(t)
			h.operator.createRoom(t, "after all that")
			for name, p := range d.processes {
				if strings.Contains(p.logs.String(), "panic in a handler") {
					t.Errorf("%s: a handler panicked", name)
				}
			}
			t.Logf("%d requests", h.sent)
		})
	}
}

// hostility sends what nobody wants.
type hostility struct {
	*target
	visitor *browser
	random  *rand.Rand
	sent    int
}

// some returns a part of a list, another one each time: over all operations each
// value is sent often enough.
func (h *hostility) some(all []string, n int) []string {
	h.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:n]
}

// attack makes one thing hostile at a time, all else good: so it is that which is
// looked at.
func (h *hostility) attack(t *testing.T, o operation) {
	t.Helper()
	if strings.Contains(o.path, "{") {
		for _, id := range h.some(hostilePaths(), 10) {
			h.send(t, o, o.at(id), h.body(t, o, nil))
		}
		if o.method == http.MethodDelete {
			return // what it deletes is still needed
		}
	}
	path := h.path(t, o)
	for _, name := range o.query {
		for _, value := range h.some(hostilePaths(), 10) {
			h.send(t, o, path+"?"+name+"="+value, h.body(t, o, nil))
		}
	}
	if o.fields == nil {
		return
	}
	h.test(t, o)
	for _, body := range hostileBodies() {
		h.send(t, o, path, body)
	}
	for _, field := range o.fields {
		for _, value := range append(everywhere(), h.some(hostileValues(), 3)...) {
			h.send(t, o, path, h.body(t, o, map[string]string{field: value}))
		}
	}
}

// at puts an id into every place for one.
func (o operation) at(id string) string {
	parts := strings.Split(o.path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = id
		}
	}
	return strings.Join(parts, "/") + "/"
}

func (h *hostility) send(t *testing.T, o operation, path, body string) {
	t.Helper()
	who := []*browser{h.who(o)}
	if h.random.IntN(8) == 0 { // visitors are refused before most of it is looked at
		who = append(who, h.visitor)
	}
	for i, b := range who {
		h.sent++
		got := b.do(t, o.method, path, body)
		if fault := misshapen(got); fault != "" {
			t.Errorf("%s %.120s by %d with %.300q: %s: %d %.300s", o.method, path, i, body, fault, got.status, got.raw)
		}
	}
}

// misshapen says in which way an answer is none of the contract's.
func misshapen(got *answer) string {
	kind := got.header.Get("Content-Type")
	switch {
	case got.status >= 500:
		return "the suite failed"
	case got.status == http.StatusNoContent && got.raw == "":
		return ""
	case got.status == http.StatusBadRequest && strings.HasPrefix(kind, "text/html") && strings.Contains(got.raw, "Bad Request (400)"):
		return "" // a permission that nobody may set
	case kind != "application/json" || !json.Valid([]byte(got.raw)):
		return "not JSON, but " + kind
	case got.status < 400:
		return ""
	}
	for _, key := range []string{"detail", "error", "message"} {
		if _, ok := got.json[key].(string); ok && len(got.json) == 1 {
			return ""
		}
	}
	if got.status != http.StatusBadRequest || len(got.json) == 0 {
		return "no body of an error"
	}
	for field, faults := range got.json {
		switch faults.(type) {
		case []any, map[string]any:
		default:
			return "field " + field + " has no list of faults"
		}
	}
	return ""
}
