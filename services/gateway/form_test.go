package gateway

import (
	"strings"
	"testing"
)

// TestMediaTypes is the contract's section 1.2: JSON and forms are taken, all
// else is refused, and an empty body is an empty object whatever it is called.
func TestMediaTypes(t *testing.T) {
	g := start(t)
	const boundary = "multipart/form-data; boundary=b"
	form := func(fields ...string) string {
		var text strings.Builder
		for i := 0; i+1 < len(fields); i += 2 {
			text.WriteString("--b\r\nContent-Disposition: form-data; name=\"" + fields[i] + "\"\r\n\r\n" + fields[i+1] + "\r\n")
		}
		return text.String() + "--b--\r\n"
	}
	for name, c := range map[string]struct {
		path, media, body string
		status            int
		want              string // the body begins so
	}{
		"form":               {"x/request-entry/", boundary, form("username", " Gil "), 200, `{"status":"waiting","username":"Gil`},
		"form, wrong field":  {"x/request-entry/", boundary, form("other", "Gil"), 400, `{"username":["This field is required."]}`},
		"form, twice":        {"x/request-entry/", boundary, form("username", "a", "username", "b"), 200, `{"status":"waiting","username":"b`},
		"form, cut off":      {"x/request-entry/", boundary, "--b\r\nContent-Disp", 400, `{"detail":"Multipart form parse error - `},
		"form, no boundary":  {"x/request-entry/", "multipart/form-data", form("username", "a"), 400, `{"detail":"Multipart form parse error - `},
		"JSON with charset":  {"x/request-entry/", "application/json; charset=utf-8", `{"username":"Gil"}`, 200, `{"status":"waiting"`},
		"text":               {"x/request-entry/", "text/plain", `{"username":"Gil"}`, 415, `{"detail":"Unsupported media type \"text/plain\" in request."}`},
		"url-encoded":        {"x/request-entry/", "application/x-www-form-urlencoded", `username=Gil`, 415, `{"detail":"Unsupported media type \"application/x-www-form-urlencoded\" in request."}`},
		"none":               {"x/request-entry/", "", `{"username":"Gil"}`, 415, `{"detail":"Unsupported media type \"\" in request."}`},
		"empty, called text": {"x/request-entry/", "text/plain", ``, 400, `{"username":["This field is required."]}`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := g.ask(t, "POST", "/api/v1.0/rooms/"+c.path, "", c.body, "Content-Type", c.media)
			if resp.StatusCode != c.status || !strings.HasPrefix(body, c.want) {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, c.status, c.want)
			}
		})
	}
}
