package contract

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/testkit"
)

// promptly is within what a request is answered, whatever LiveKit does.
const promptly = 2 * time.Second

// cable leads from Parley to LiveKit's API. It can be cut while the meetings
// themselves, which do not pass it, go on.
type cable struct {
	URL    string
	target atomic.Pointer[httputil.ReverseProxy]
	state  atomic.Int32
}

// The states of a cable.
const (
	open   int32 = iota
	cut          // connections break at once
	silent       // connections are taken and never answered
)

func newCable(t *testing.T) *cable {
	t.Helper()
	l := &cable{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch target := l.target.Load(); {
		case l.state.Load() == silent:
			// Only a server that has read the request notices that the client is gone.
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		case l.state.Load() == open && target != nil:
			target.ServeHTTP(w, r)
		default:
			panic(http.ErrAbortHandler)
		}
	}))
	l.URL = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return l
}

// leadTo connects the cable's other end.
func (l *cable) leadTo(t *testing.T, target string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	l.target.Store(proxy)
}

// TestLiveKitAway: without LiveKit rooms and lobbies answer as with it, and what
// LiveKit could not be told it is told when it is back.
func TestLiveKitAway(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T, more ...string) *deployment{
		"standalone on SQLite": func(t *testing.T, more ...string) *deployment { return startStandalone(t, "", more...) },
		"split on PostgreSQL": func(t *testing.T, more ...string) *deployment {
			return startSplit(t, splitOptions{more: more})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newCable(t)
			d := start(t, "LIVEKIT_API_URL", l.URL)
			l.leadTo(t, d.livekit.APIURL)
			d.login(t, "operator@example.org").createTrunk(t, "Carrier", "+33199000123", 10)
			testAnswersWithoutLiveKit(t, d, l)
			for state, name := range map[int32]string{cut: "cut", silent: "silent"} {
				t.Run("a meeting while the cable is "+name, func(t *testing.T) { testMeetingCatchesUp(t, d, l, state) })
			}
		})
	}
}

// testAnswersWithoutLiveKit compares what is answered with and without LiveKit.
func testAnswersWithoutLiveKit(t *testing.T, d *deployment, l *cable) {
	want := d.visit(t)
	check := func(away string) {
		t.Helper()
		got := d.visit(t)
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("LiveKit is %s:\n%s\nwith LiveKit:\n%s", away, got[i], want[i])
			}
		}
	}
	d.livekit.Stop()
	check("stopped")
	d.livekit.Start(t)
	for state, away := range map[int32]string{cut: "cut off", silent: "silent"} {
		l.state.Store(state)
		check(away)
		l.state.Store(open)
	}
	check("back")
}

// visit leads a room through its life, each step answered promptly, and returns
// the answers without what differs from room to room.
func (d *deployment) visit(t *testing.T) (answers []string) {
	t.Helper()
	const rooms, room = "/api/v1.0/rooms/", "/api/v1.0/rooms/visited/"
	ada, guest, visitor := d.login(t, "ada.lovelace@example.org"), d.visitor(t), d.visitor(t)
	step := func(b *browser, method, path string, body any) *answer {
		t.Helper()
		began := time.Now()
		got := b.do(t, method, path, body)
		if took := time.Since(began); took > promptly {
			t.Errorf("%s %s took %v", method, path, took)
		}
		answers = append(answers, fmt.Sprintf("%s %s: %d %s", method, path, got.status, changing.ReplaceAllString(got.raw, "*")))
		return got
	}
	gil := map[string]any{"username": "Gil"}
	step(ada, http.MethodPost, rooms, map[string]any{"name": "visited", "access_level": "public"})
	step(ada, http.MethodGet, room, nil)
	step(visitor, http.MethodGet, room, nil)
	step(visitor, http.MethodPost, room+"request-entry/", gil)
	step(ada, http.MethodPatch, room, map[string]any{"access_level": "restricted"})
	waiting := step(guest, http.MethodPost, room+"request-entry/", gil)
	step(ada, http.MethodGet, room+"waiting-participants/", nil)
	step(ada, http.MethodPost, room+"enter/", map[string]any{"participant_id": waiting.json["id"], "allow_entry": true})
	step(guest, http.MethodPost, room+"request-entry/", gil)
	step(ada, http.MethodDelete, room, nil)
	step(ada, http.MethodGet, room, nil)

	wanted := []int{201, 200, 200, 200, 200, 200, 200, 200, 200, 204, 404}
	for i, status := range wanted {
		if !strings.Contains(answers[i], fmt.Sprintf(": %d ", status)) {
			t.Errorf("want %d: %s", status, answers[i])
		}
	}
	if !strings.Contains(answers[5], `"waiting"`) || !strings.Contains(answers[8], `"accepted"`) {
		t.Errorf("in the lobby: %s, then %s", answers[5], answers[8])
	}
	return answers
}

// changing finds identifiers, tokens, colours and numbers.
var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|eyJ[\w-]+\.[\w-]+\.[\w-]+|hsl\([^)]*\)|TR_\w+|\d+`)

// testMeetingCatchesUp: a change of the room and decisions on callers, made while
// LiveKit could not be told, reach the meeting when it can.
func testMeetingCatchesUp(t *testing.T, d *deployment, l *cable, state int32) {
	ada, bus := d.login(t, "ada.lovelace@example.org"), d.sipBus(t)
	room := ada.must(t, http.StatusCreated, http.MethodPost, "/api/v1.0/rooms/?username=", map[string]any{
		"name": fmt.Sprint("catches up ", state), "access_level": "restricted",
	}).json
	path := "/api/v1.0/rooms/" + room["id"].(string) + "/"
	lkURL, token := connection(t, room)
	meeting := join(t, lkURL, token)
	let, refused := d.callIn(t, bus, "+33612345678", room), d.callIn(t, bus, "+33612345679", room)
	d.stands(t, room, let, false, true)
	d.stands(t, room, refused, false, true)
	ids := ada.waitingIDs(t, room, 2)

	l.state.Store(state)
	defer l.state.Store(open)
	for _, step := range []struct {
		method, path string
		body         map[string]any
	}{
		{http.MethodPatch, path, map[string]any{"access_level": "trusted"}},
		{http.MethodPost, path + "enter/", map[string]any{"participant_id": ids[let.answer.GetParticipantName()], "allow_entry": true}},
		{http.MethodPost, path + "enter/", map[string]any{"participant_id": ids[refused.answer.GetParticipantName()], "allow_entry": false}},
	} {
		began := time.Now()
		ada.must(t, http.StatusOK, step.method, step.path, step.body)
		if took := time.Since(began); took > promptly {
			t.Errorf("%s %s took %v", step.method, step.path, took)
		}
	}
	if ada.waitingIDs(t, room, 0); strings.Contains(meeting.Metadata(), "trusted") {
		t.Errorf("LiveKit was told: %s", meeting.Metadata())
	}
	d.stands(t, room, let, false, true)
	d.stands(t, room, refused, false, true)

	l.state.Store(open)
	testkit.Eventually(t, 10*time.Second, func() error {
		if metadata := meeting.Metadata(); !strings.Contains(metadata, `"trusted"`) {
			return fmt.Errorf("the meeting has metadata %q", metadata)
		}
		return nil
	})
	d.stands(t, room, let, true, false)
	select {
	case <-refused.gone:
	case <-time.After(10 * time.Second):
		t.Error("a caller who was not let in stays")
	}
}

// waitingIDs waits until so many wait and returns their ids by name.
func (b *browser) waitingIDs(t *testing.T, room map[string]any, count int) map[string]any {
	t.Helper()
	ids := map[string]any{}
	testkit.Eventually(t, 10*time.Second, func() error {
		clear(ids)
		body := b.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/rooms/"+room["id"].(string)+"/waiting-participants/", nil).json
		for _, one := range body["participants"].([]any) {
			entry := one.(map[string]any)
			ids[entry["username"].(string)] = entry["id"]
		}
		if len(ids) != count {
			return fmt.Errorf("%d wait, want %d", len(ids), count)
		}
		return nil
	})
	return ids
}
