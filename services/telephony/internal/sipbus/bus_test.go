package sipbus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/types/known/emptypb"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// desk answers as it is told and keeps what it is asked.
type desk struct {
	mu       sync.Mutex
	question dispatch.Question
	events   []calls.Event
	decision dispatch.Decision
	panics   bool
	sealed   bool // the password does not open
}

func (d *desk) ask(q dispatch.Question) dispatch.Decision {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.panics {
		panic("desk")
	}
	d.question = q
	return d.decision
}

func (d *desk) Authenticate(_ context.Context, q dispatch.Question) (dispatch.Decision, *trunks.Trunk) {
	return d.ask(q), &trunks.Trunk{ID: "ST_a", Name: "Carrier", AuthUsername: "carrier"}
}

func (d *desk) Dispatch(_ context.Context, q dispatch.Question) (dispatch.Decision, dispatch.Entry) {
	return d.ask(q), dispatch.Entry{
		Person:     dispatch.Person{Identity: "sip_1", Name: "Phone 1"},
		Attributes: map[string]string{"k": "v"},
		Connection: &tokenv1.Connection{Url: "ws://livekit", Token: "jwt"},
	}
}

func (d *desk) Password(*trunks.Trunk) (string, error) {
	if d.sealed {
		return "", errors.New("does not open")
	}
	return "s3cret", nil
}

func (d *desk) Record(e calls.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
}

// client is what IOInfo and IOInfoSIP have in common.
type client interface {
	GetSIPTrunkAuthentication(context.Context, *rpc.GetSIPTrunkAuthenticationRequest, ...psrpc.RequestOption) (*rpc.GetSIPTrunkAuthenticationResponse, error)
	EvaluateSIPDispatchRules(context.Context, *rpc.EvaluateSIPDispatchRulesRequest, ...psrpc.RequestOption) (*rpc.EvaluateSIPDispatchRulesResponse, error)
	UpdateSIPCallState(context.Context, *rpc.UpdateSIPCallStateRequest, ...psrpc.RequestOption) (*emptypb.Empty, error)
	RecordCallContext(context.Context, *rpc.RecordCallContextRequest, ...psrpc.RequestOption) (*emptypb.Empty, error)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newBus(t *testing.T, url string, d *desk, log *bytes.Buffer) *Bus {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(log, nil))
	b, err := New(url, NewHandlers(d, d, d, 8*time.Hour, logger), logger, prometheus.NewRegistry())
	must(t, err)
	return b
}

// serve starts a bus and waits until it is subscribed.
func serve(t *testing.T, url string, d *desk) *Bus {
	t.Helper()
	b := newBus(t, url, d, &bytes.Buffer{})
	must(t, b.Start())
	t.Cleanup(func() { _ = b.Stop(context.Background()) })
	testkit.Eventually(t, 10*time.Second, func() error { return b.Ready(t.Context()) })
	return b
}

func dial(t *testing.T, url string) psrpc.MessageBus {
	t.Helper()
	options, err := redis.ParseURL(url)
	must(t, err)
	rc := redis.NewClient(options)
	t.Cleanup(func() { _ = rc.Close() })
	return psrpc.NewRedisMessageBus(rc)
}

func clients(t *testing.T, url string) map[string]client {
	t.Helper()
	bus := dial(t, url)
	ioInfo, err := rpc.NewIOInfoClient(bus)
	must(t, err)
	ioInfoSIP, err := rpc.NewIOInfoSIPClient(bus)
	must(t, err)
	all := map[string]client{"IOInfo": ioInfo, "IOInfoSIP": ioInfoSIP}
	for _, c := range all {
		// A new client asks before its subscriptions hold, and then hears nothing.
		testkit.Eventually(t, 10*time.Second, func() error {
			_, err := c.GetSIPTrunkAuthentication(t.Context(), &rpc.GetSIPTrunkAuthenticationRequest{})
			if errors.Is(err, psrpc.ErrNoResponse) {
				return err
			}
			return nil
		})
	}
	return all
}

//nolint:staticcheck // older versions send the deprecated flat fields
func TestAnswers(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	d := &desk{}
	serve(t, url, d)
	for name, c := range clients(t, url) {
		ctx := t.Context()
		d.decision = dispatch.Decision{Result: dispatch.RequestPIN, TrunkID: "ST_a"}
		auth, err := c.GetSIPTrunkAuthentication(ctx, &rpc.GetSIPTrunkAuthenticationRequest{To: "+33123456789", From: "+33612345612", SrcAddress: "203.0.113.9:5060", SipCallId: "old"})
		must(t, err)
		if auth.GetSipTrunkId() != "ST_a" || auth.GetUsername() != "carrier" || auth.GetPassword() != "s3cret" || auth.GetDrop() {
			t.Errorf("%s: authentication %v", name, auth)
		}
		if q := d.question; q.CallID != "old" || q.Called[2] != "+33123456789" || q.Caller != "+33612345612" || q.Source != "203.0.113.9" {
			t.Errorf("%s: flat fields read as %+v", name, q)
		}
		d.decision = dispatch.Decision{Result: dispatch.Accept, TrunkID: "ST_a", RoomID: "room"}
		answer, err := c.EvaluateSIPDispatchRules(ctx, &rpc.EvaluateSIPDispatchRulesRequest{
			SipTrunkId: "ST_a", Pin: "0001", CalledNumber: "flat", CallingNumber: "flat", SrcAddress: "flat", SipCallId: "flat",
			Call: &rpc.SIPCall{LkCallId: "SCL_1", SourceIp: "203.0.113.9", To: &livekit.SIPUri{User: "to"},
				Address: &livekit.SIPUri{User: "line"}, From: &livekit.SIPUri{User: "from"}},
		})
		must(t, err)
		if answer.GetResult() != rpc.SIPDispatchResult_ACCEPT || answer.GetRoomName() != "room" || answer.GetToken() != "jwt" ||
			answer.GetWsUrl() != "ws://livekit" || answer.GetParticipantIdentity() != "sip_1" || answer.GetParticipantName() != "Phone 1" ||
			answer.GetParticipantAttributes()["k"] != "v" || answer.GetMaxCallDuration().AsDuration() != 8*time.Hour {
			t.Errorf("%s: dispatch %v", name, answer)
		}
		if q := d.question; q.CallID != "SCL_1" || q.TrunkID != "ST_a" || q.Called[0] != "to" || q.Called[1] != "line" || q.Caller != "from" || q.Source != "203.0.113.9" || q.PIN != "0001" {
			t.Errorf("%s: the call message reads as %+v", name, q)
		}
		_, err = c.UpdateSIPCallState(ctx, &rpc.UpdateSIPCallStateRequest{CallInfo: &livekit.SIPCallInfo{
			CallId: "SCL_1", TrunkId: "ST_a", RoomName: "room", CallStatus: livekit.SIPCallStatus_SCS_DISCONNECTED,
			DisconnectReason: livekit.DisconnectReason_CLIENT_INITIATED, CallStatusCode: &livekit.SIPStatus{Code: 486, Status: "Busy Here"}, FromUri: &livekit.SIPUri{User: "+33612345612"},
			ToUri: &livekit.SIPUri{User: "+33123456789"}, CreatedAtNs: 1e18, EndedAtNs: 2e18,
		}})
		must(t, err)
		e := d.events[len(d.events)-1]
		if e.State != calls.Ended || e.EndReason != "CLIENT_INITIATED" || e.SIPStatus != 486 || e.SIPReason != "Busy Here" || e.Caller != "+33 6 •• •• •• 12" || e.Called != "" ||
			e.Started.UnixNano() != 1e18 || !e.Answered.IsZero() || e.Ended.UnixNano() != 2e18 {
			t.Errorf("%s: event %+v", name, e)
		}
		_, err = c.RecordCallContext(ctx, &rpc.RecordCallContextRequest{CallInfo: &livekit.SIPCallInfo{CallId: "SCL_2"}})
		must(t, err)
	}
	if len(d.events) != 4 {
		t.Errorf("%d events recorded, want 4", len(d.events))
	}
}

// TestOtherMethodsAreLeftAlone asks for an egress, which is livekit-server's.
func TestOtherMethodsAreLeftAlone(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	serve(t, url, &desk{})
	c, err := rpc.NewIOInfoClient(dial(t, url))
	must(t, err)
	_, err = c.GetEgress(t.Context(), &rpc.GetEgressRequest{}, psrpc.WithRequestTimeout(500*time.Millisecond))
	if !errors.Is(err, psrpc.ErrNoResponse) {
		t.Errorf("error %v, want no response", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	d := &desk{}
	h := NewHandlers(d, d, d, time.Hour, slog.New(slog.DiscardHandler))
	type refusal struct {
		code rpc.SIPTrunkAuthenticationError
		drop bool
	}
	const (
		notFound = rpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_NO_TRUNK_FOUND
		busy     = rpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_QUOTA_EXCEEDED
	)
	for reason, want := range map[dispatch.Reason]refusal{
		dispatch.NumberUnknown:    {code: notFound},
		dispatch.TrunkDisabled:    {code: notFound},
		dispatch.SourceNotAllowed: {drop: true},
		dispatch.DependencyDown:   {code: busy},
		dispatch.Throttled:        {code: busy},
	} {
		d.decision = dispatch.Decision{Result: dispatch.Reject, Reason: reason, TrunkID: "ST_a"}
		auth, err := h.GetSIPTrunkAuthentication(t.Context(), nil)
		must(t, err)
		if got := (refusal{auth.GetErrorCode(), auth.GetDrop()}); got != want || auth.GetPassword() != "" {
			t.Errorf("%s: %+v, want %+v", reason, got, want)
		}
		answer, err := h.EvaluateSIPDispatchRules(t.Context(), nil)
		must(t, err)
		if answer.String() != (&rpc.EvaluateSIPDispatchRulesResponse{Result: rpc.SIPDispatchResult_REJECT}).String() {
			t.Errorf("%s: the caller is told %v", reason, answer)
		}
	}
	d.decision, d.sealed = dispatch.Decision{Result: dispatch.RequestPIN}, true
	auth, err := h.GetSIPTrunkAuthentication(t.Context(), nil)
	must(t, err)
	if auth.GetErrorCode() != busy || auth.GetUsername() != "" {
		t.Errorf("a password that does not open: %v", auth)
	}
}

func TestBadInputIsAnswered(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	d := &desk{decision: dispatch.Decision{Result: dispatch.Reject}}
	serve(t, url, d)
	long := strings.Repeat("9", 10_000)
	uri := &livekit.SIPUri{User: long, Host: long, Ip: long}
	for name, call := range map[string]*rpc.SIPCall{
		"nil": nil, "empty": {}, "empty parts": {From: &livekit.SIPUri{}, To: &livekit.SIPUri{}},
		"long":    {LkCallId: long, SourceIp: long, From: uri, To: uri, Address: uri, Via: []*livekit.SIPUri{uri, nil}},
		"garbage": {LkCallId: "a\x00b", SourceIp: "[::1]:99999", From: &livekit.SIPUri{User: "\x00"}, To: &livekit.SIPUri{User: "☎"}},
	} {
		for service, c := range clients(t, url) {
			_, err1 := c.GetSIPTrunkAuthentication(t.Context(), &rpc.GetSIPTrunkAuthenticationRequest{Call: call})
			_, err2 := c.EvaluateSIPDispatchRules(t.Context(), &rpc.EvaluateSIPDispatchRulesRequest{Call: call, Pin: long, SipTrunkId: long})
			_, err3 := c.UpdateSIPCallState(t.Context(), &rpc.UpdateSIPCallStateRequest{CallInfo: &livekit.SIPCallInfo{
				CallId: call.GetLkCallId(), FromUri: call.GetFrom(), ToUri: call.GetTo(), Error: long, CallStatus: 99, CreatedAtNs: -1,
			}})
			_, err4 := c.RecordCallContext(t.Context(), &rpc.RecordCallContextRequest{})
			if err := errors.Join(err1, err2, err3, err4); err != nil {
				t.Errorf("%s: %s: %v", service, name, err)
			}
		}
	}
	for _, e := range d.events {
		if len(e.ID) > 256 || len(e.EndReason) > 256 || strings.Contains(e.ID, "\x00") || e.State != calls.Incoming {
			t.Errorf("event of %d and %d bytes, state %d", len(e.ID), len(e.EndReason), e.State)
		}
	}
}

func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	d := &desk{panics: true}
	serve(t, url, d)
	for name, c := range clients(t, url) {
		_, err := c.EvaluateSIPDispatchRules(t.Context(), &rpc.EvaluateSIPDispatchRulesRequest{})
		var answered psrpc.Error
		if !errors.As(err, &answered) || answered.Code() != psrpc.Internal || strings.Contains(err.Error(), "desk") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRedisGoesAway starts without Redis, and loses it later.
func TestRedisGoesAway(t *testing.T) {
	t.Parallel()
	server := testkit.StartRedis(t, 0)
	server.Stop()
	d := &desk{decision: dispatch.Decision{Result: dispatch.RequestPIN}}
	b := newBus(t, server.URL, d, &bytes.Buffer{})
	must(t, b.Start())
	t.Cleanup(func() { _ = b.Stop(context.Background()) })
	if b.Ready(t.Context()) == nil {
		t.Fatal("ready without Redis")
	}
	for range 2 {
		server.Start()
		c, err := rpc.NewIOInfoClient(dial(t, server.URL))
		must(t, err)
		testkit.Eventually(t, 5*time.Second, func() error {
			_, err := c.EvaluateSIPDispatchRules(t.Context(), &rpc.EvaluateSIPDispatchRulesRequest{}, psrpc.WithRequestTimeout(300*time.Millisecond))
			return errors.Join(err, b.Ready(t.Context()))
		})
		server.Stop()
	}
}

func TestRivals(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	first, second := serve(t, url, &desk{}), serve(t, url, &desk{})
	count := func(b *Bus) int64 {
		t.Helper()
		n, err := b.countRivals(t.Context())
		must(t, err)
		return n
	}
	count(second) // says that it is there
	if n := count(first); n != 0 {
		t.Errorf("%d rivals among replicas", n)
	}
	rival, err := rpc.NewIOInfoServer(&rpc.UnimplementedIOInfoServer{}, dial(t, url))
	must(t, err)
	testkit.Eventually(t, 5*time.Second, func() error {
		if n := count(first); n != 1 {
			return errors.New("the rival is not seen")
		}
		return nil
	})
	rival.Kill()
	must(t, second.Stop(t.Context()))
	testkit.Eventually(t, 5*time.Second, func() error {
		if n, err := first.responders(t.Context()); n != 1 || err != nil {
			return errors.New("somebody is still subscribed")
		}
		return nil
	})
	if n := count(first); n != 0 {
		t.Errorf("%d rivals in the end", n)
	}
}

func TestURLIsChecked(t *testing.T) {
	t.Parallel()
	_, err := New("http://user:hunter2@host", nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}

// TestBridgesAreSeen: who asks is known by name, and is missed when it has gone.
func TestBridgesAreSeen(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	d := &desk{}
	b := serve(t, url, d)
	names := make(map[string]bool)
	gone := clients(t, url)
	for service, c := range gone {
		_, err := c.EvaluateSIPDispatchRules(t.Context(), &rpc.EvaluateSIPDispatchRulesRequest{})
		must(t, err)
		_, err = c.UpdateSIPCallState(t.Context(), &rpc.UpdateSIPCallStateRequest{})
		must(t, err)
		_, err = c.RecordCallContext(t.Context(), &rpc.RecordCallContextRequest{})
		must(t, err)
		name := d.question.Bridge
		for _, e := range d.events[len(d.events)-2:] {
			if e.Bridge != name {
				t.Errorf("%s: event of %q, question of %q", service, e.Bridge, name)
			}
		}
		if absent, known := b.Absent(t.Context(), []string{name}); !known || len(absent) != 0 || names[name] {
			t.Errorf("%s: %q is absent, or not the only one of its name", service, name)
		}
		names[name] = true
	}
	for _, c := range gone {
		c.(interface{ Close() }).Close()
	}
	testkit.Eventually(t, 5*time.Second, func() error {
		if absent, known := b.Absent(t.Context(), slices.Sorted(maps.Keys(names))); !known || len(absent) != 2 {
			return fmt.Errorf("absent: %v", absent)
		}
		return nil
	})
	must(t, b.Stop(t.Context()))
	if _, known := b.Absent(t.Context(), nil); known {
		t.Error("who is there is known without the bus")
	}
}
