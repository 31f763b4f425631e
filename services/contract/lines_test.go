package contract

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// line is a line of the REST contract: a request, and what it is answered.
type line struct {
	name         string // section and what is shown
	by           *browser
	method, path string
	body         any
	status       int
	// want is the whole body; a part of it after "~"; empty where it does not matter.
	want string
}

// Bodies that many lines share.
const (
	anonymousBody    = `{"detail":"Authentication credentials were not provided."}`
	forbiddenBody    = `{"detail":"You do not have permission to perform this action."}`
	unprivilegedBody = `{"detail":"You must have privileges on room to perform this action."}`
	noRoomBody       = `{"detail":"No Room matches the given query."}`
	notFoundBody     = `{"detail":"Not found."}`
	noCSRFBody       = `{"detail":"CSRF Failed: CSRF token missing."}`
	doneBody         = `{"status":"success"}`
)

// testLines sends the requests, in their order.
func testLines(t *testing.T, lines []line) {
	t.Helper()
	for _, l := range lines {
		t.Run(l.name, func(t *testing.T) {
			got := l.by.do(t, l.method, l.path, l.body)
			if got.status != l.status {
				t.Errorf("%s %s: %d %s, want %d", l.method, l.path, got.status, got.raw, l.status)
			}
			if part, partly := strings.CutPrefix(l.want, "~"); partly && !strings.Contains(got.raw, part) || !partly && l.want != "" && got.raw != l.want {
				t.Errorf("%s %s:\n got %s\nwant %s", l.method, l.path, got.raw, l.want)
			}
		})
	}
}

// meetingToken signs a token of LiveKit as anybody who has its secret can.
func (d *deployment) meetingToken(t *testing.T, room, identity string, change func(jwt.MapClaims)) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": d.livekit.APIKey, "sub": identity, "nbf": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"video": map[string]any{"room": room, "roomJoin": true},
	}
	if change != nil {
		change(claims)
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(d.livekit.APISecret))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// userID is the id of who is logged in.
func (b *browser) userID(t *testing.T) string {
	t.Helper()
	return b.must(t, 200, "GET", mePath, nil).json["id"].(string)
}

// sortedJSON writes an object with its keys sorted and some left out.
func sortedJSON(t *testing.T, raw string, without ...string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(raw), &object); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	for _, key := range without {
		delete(object, key)
	}
	sorted, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(sorted)
}
