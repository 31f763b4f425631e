package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/utils/guid"
	"github.com/livekit/psrpc"
	"github.com/redis/go-redis/v9"

	"github.com/parleymeet/parley/pkg/testkit"
)

// browser is a REST client with a cookie jar, as the frontend's page is.
type browser struct {
	d    *deployment
	http *http.Client
	// meeting is the token with which the page is in a meeting; sent where set.
	meeting string
	// header are headers that are sent instead of the usual ones; empty for none.
	header map[string]string
}

// answer is a response, its body read and, where it is JSON, decoded.
type answer struct {
	status int
	header http.Header
	raw    string
	json   map[string]any
}

// visitor returns a browser without log-in.
func (d *deployment) visitor(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{d: d, http: &http.Client{Jar: jar}}
}

// login returns a browser in which the person has logged in.
func (d *deployment) login(t *testing.T, email string) *browser {
	t.Helper()
	b := d.visitor(t)
	got := b.do(t, http.MethodGet, "/api/v1.0/authenticate/?login_hint="+url.QueryEscape(email)+"&returnTo="+url.QueryEscape(d.http+"/api/v1.0/users/me/"), nil)
	if got.status != http.StatusOK || got.json["email"] != email {
		t.Fatalf("log-in of %s: %d %s", email, got.status, got.raw)
	}
	return b
}

func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.d.http)
	if err != nil {
		return ""
	}
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// inMeeting returns the same browser, sending a meeting token.
func (b *browser) inMeeting(token string) *browser {
	return &browser{d: b.d, http: b.http, meeting: token}
}

// sending returns the same browser with other headers, name and value in turn.
func (b *browser) sending(headers ...string) *browser {
	return &browser{d: b.d, http: b.http, meeting: b.meeting, header: with(nil, headers...)}
}

// set gives the browser a cookie that the suite did not.
func (b *browser) set(t *testing.T, cookie *http.Cookie) {
	t.Helper()
	u, err := url.Parse(b.d.http)
	if err != nil {
		t.Fatal(err)
	}
	b.http.Jar.SetCookies(u, []*http.Cookie{cookie})
}

// do sends a request as the frontend does: JSON content type, cookies, CSRF
// header where there is a cookie. body nil, a string (sent raw) or a value.
func (b *browser) do(t *testing.T, method, path string, body any) *answer {
	t.Helper()
	var reader io.Reader = http.NoBody
	switch typed := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(typed)
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, b.d.http+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token := b.cookie("csrftoken"); token != "" {
		req.Header.Set("X-CSRFToken", token)
	}
	if b.meeting != "" {
		req.Header.Set("Authorization", "Bearer "+b.meeting)
	}
	for name, value := range b.header {
		if value == "" {
			req.Header.Del(name)
		} else {
			req.Header.Set(name, value)
		}
	}
	resp, err := b.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := &answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		_ = json.Unmarshal(raw, &got.json) // lists stay raw
	}
	return got
}

// must is do for requests whose status is known.
func (b *browser) must(t *testing.T, status int, method, path string, body any) *answer {
	t.Helper()
	got := b.do(t, method, path, body)
	if got.status != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, got.status, status, got.raw)
	}
	return got
}

// createRoom creates a room and returns its JSON.
func (b *browser) createRoom(t *testing.T, name string) map[string]any {
	t.Helper()
	return b.must(t, http.StatusCreated, http.MethodPost, "/api/v1.0/rooms/?username=", map[string]any{"name": name}).json
}

// createTrunk adds a trunk as an operator does over REST.
func (b *browser) createTrunk(t *testing.T, name, number string, pinLength int) map[string]any {
	t.Helper()
	return b.must(t, http.StatusCreated, http.MethodPost, "/api/v1.0/telephony/trunks/", map[string]any{
		"name": name, "pin_length": pinLength, "allowed_addresses": []string{"127.0.0.0/8"}, "arming": "always",
		"numbers": []map[string]any{{"number": number, "country": "FR", "label": "Paris", "kind": "local"}},
	}).json
}

// sipBus is the SIP bus as LiveKit SIP sees it.
func (d *deployment) sipBus(t *testing.T) rpc.IOInfoClient {
	t.Helper()
	return busClient(t, d.sipRedis)
}

// busClient asks whoever answers LiveKit SIP on a Redis.
func busClient(t *testing.T, url string) rpc.IOInfoClient {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	bus := redis.NewClient(options)
	client, err := rpc.NewIOInfoClient(psrpc.NewRedisMessageBus(bus))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		_ = bus.Close()
	})
	// A new client's subscriptions take a moment; LiveKit SIP's client lives long.
	testkit.Eventually(t, 10*time.Second, func() error {
		_, err := client.GetSIPTrunkAuthentication(t.Context(), &rpc.GetSIPTrunkAuthenticationRequest{
			Call: &rpc.SIPCall{Address: &livekit.SIPUri{}, From: &livekit.SIPUri{}, To: &livekit.SIPUri{}}, // LiveKit wants them
		})
		if errors.Is(err, psrpc.ErrNoResponse) {
			return err
		}
		return nil
	})
	return client
}

// call is one telephone call, as LiveKit SIP describes it.
func call(from, to string) *rpc.SIPCall {
	return &rpc.SIPCall{
		LkCallId: guid.New("SCL_"), SourceIp: "127.0.0.1",
		Address: &livekit.SIPUri{User: to, Host: "sip.example.org"},
		From:    &livekit.SIPUri{User: from, Host: "127.0.0.1"},
		To:      &livekit.SIPUri{User: to, Host: "sip.example.org"},
	}
}

// dial asks the bus the three questions of a call and returns the last answer.
func dial(t *testing.T, bus rpc.IOInfoClient, c *rpc.SIPCall, pin string) *rpc.EvaluateSIPDispatchRulesResponse {
	t.Helper()
	trunk, err := bus.GetSIPTrunkAuthentication(t.Context(), &rpc.GetSIPTrunkAuthenticationRequest{Call: c})
	if err != nil {
		t.Fatalf("trunk authentication: %v", err)
	}
	if trunk.GetErrorCode() != rpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_NONE || trunk.GetDrop() {
		t.Fatalf("trunk authentication: %v", trunk)
	}
	first, err := bus.EvaluateSIPDispatchRules(t.Context(), &rpc.EvaluateSIPDispatchRulesRequest{SipTrunkId: trunk.GetSipTrunkId(), Call: c})
	if err != nil || first.GetResult() != rpc.SIPDispatchResult_REQUEST_PIN {
		t.Fatalf("dispatch without PIN: %v, %v", first.GetResult(), err)
	}
	last, err := bus.EvaluateSIPDispatchRules(t.Context(), &rpc.EvaluateSIPDispatchRulesRequest{SipTrunkId: trunk.GetSipTrunkId(), Pin: pin, Call: c})
	if err != nil {
		t.Fatalf("dispatch with PIN: %v", err)
	}
	return last
}
