package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestLargeFaults: a body in which as much is wrong as it has room for gets an
// answer of no other size, and chooses not how deep it is.
func TestLargeFaults(t *testing.T) {
	g := start(t)
	repeated := func(format string, n int) string {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(items, ",")
	}
	const update, trunks = "/rooms/x/update-participant/", "/telephony/trunks/"
	for name, c := range map[string]struct{ path, body string }{
		"a key with dots":     {update, `{"participant_identity":"a","attributes":{"` + strings.Repeat("a.", 500_000) + `":1}}`},
		"a key with brackets": {update, `{"participant_identity":"a","attributes":{"` + strings.Repeat("[0]", 300_000) + `":1}}`},
		"attributes":          {update, `{"participant_identity":"a","attributes":{` + repeated(`"%d":1`, 30_000) + `}}`},
		"permissions":         {update, `{"participant_identity":"a","permission":{` + repeated(`"%d":1`, 30_000) + `}}`},
		"addresses":           {"/rooms/x/invite/", `{"emails":[` + strings.Repeat("null,", 100_000) + `null]}`},
		"numbers":             {trunks, `{"name":"x","numbers":[` + strings.Repeat("{},", 100_000) + `{}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := g.ask(t, http.MethodPost, "/api/v1.0"+c.path, adaCook, c.body)
			if resp.StatusCode != http.StatusBadRequest || len(body) > len(c.body)+1000 || strings.Count(body, `:{`) > 200 {
				t.Errorf("%d, %d bytes: %.200s", resp.StatusCode, len(body), body)
			}
		})
	}
}
