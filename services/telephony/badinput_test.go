package telephony

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/livekit/protocol/livekit"
	lkrpc "github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
)

// journal is a log that is read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// oddCall is a call as somebody may send it. The flags say what of it is right.
type oddCall struct {
	call           *lkrpc.SIPCall
	number, source bool
	uri            bool // the PIN is dialled as the user of a SIP URI
}

const oddCaller = "+33612345699"

func oddCalls(pin string) map[string]oddCall {
	const right = "+33123456789"
	user := func(text string) *livekit.SIPUri { return &livekit.SIPUri{User: text} }
	long := strings.Repeat("x", 10_000)
	longURI := &livekit.SIPUri{User: long, Host: long, Ip: long, Port: 1 << 31}
	return map[string]oddCall{
		"right":             {call: &lkrpc.SIPCall{SourceIp: "192.0.2.1", To: user(right), From: user(oddCaller)}, number: true, source: true},
		"nil":               {},
		"empty":             {call: &lkrpc.SIPCall{}},
		"empty parts":       {call: &lkrpc.SIPCall{SourceIp: "192.0.2.1", To: user(""), From: user(""), Via: []*livekit.SIPUri{nil}}, source: true},
		"no number":         {call: &lkrpc.SIPCall{SourceIp: "192.0.2.1", From: user(oddCaller)}, source: true},
		"words for numbers": {call: &lkrpc.SIPCall{SourceIp: "192.0.2.1", To: user("☎ reception"), From: user("\x00\x1b[31m")}, source: true},
		"garbage source":    {call: &lkrpc.SIPCall{SourceIp: "[::1]:99999'--", To: user(right), From: user(oddCaller)}, number: true},
		"a foreign source":  {call: &lkrpc.SIPCall{SourceIp: "203.0.113.9", To: user(right), From: user(oddCaller)}, number: true},
		"endless headers":   {call: &lkrpc.SIPCall{LkCallId: long, SourceIp: long, To: longURI, From: longURI, Address: longURI, Via: []*livekit.SIPUri{longURI}}},
		"endless caller":    {call: &lkrpc.SIPCall{LkCallId: long, SourceIp: "192.0.2.1", To: user(right), From: longURI}, number: true, source: true},
		"PIN as URI":        {call: &lkrpc.SIPCall{SourceIp: "192.0.2.1", To: user(pin), From: user(oddCaller)}, source: true, uri: true},
		"PIN from anywhere": {call: &lkrpc.SIPCall{SourceIp: "203.0.113.9", To: user(pin), From: user(oddCaller)}},
		"PIN as caller":     {call: &lkrpc.SIPCall{SourceIp: "192.0.2.1", To: user(right), From: user(pin)}, number: true, source: true},
	}
}

// TestBadInput asks the whole service, over the bus, about everything that
// nobody should send. There is an answer each time, only what is right enters,
// and no PIN is in a log, a metric or a record.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite://" + t.TempDir() },
		"PostgreSQL": func(t *testing.T) string { return testkit.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOddities(t, database(t))
			pins := map[string]string{
				"none": "", "right": o.pin, "letters": "12ab34cd56", "a star": "*4815162342", "a hash": "4815162342#", "16 digits": "4815162342481516",
				"17 digits": "48151623424815162", "endless": strings.Repeat("4815162342", 1000), "zero bytes": "4815\x00162342", "wide digits": "４８１５１６２３４２",
			}
			trunks := map[string]string{"none": "", "right": o.trunk, "unknown": "ST_unknown", "endless": strings.Repeat("9", 10_000), "an injection": "' OR 1=1 --"}
			for what, odd := range oddCalls(o.pin) {
				o.authenticate(t, what, odd)
				for whatPIN, pin := range pins {
					for whatTrunk, trunk := range trunks {
						accepted := odd.source && (pin == o.pin && (trunk == o.trunk || trunk == "" && odd.number) ||
							odd.uri && pin == "" && (trunk == "" || trunk == o.trunk))
						o.evaluate(t, fmt.Sprintf("call %s, PIN %s, trunk %s", what, whatPIN, whatTrunk), odd.call, pin, trunk, accepted)
					}
				}
			}
			o.malformed(t)
			o.keepSecret(t, o.pin, o.pin[1:], "4815162342", "12ab34cd56", oddCaller[3:])
		})
	}
}

// oddities is a service that is asked odd things.
type oddities struct {
	bus        lkrpc.IOInfoClient
	calls      telephonyv1.CallServiceClient
	log        *journal
	registry   *prometheus.Registry
	trunk, pin string
	asked      int
}

func newOddities(t *testing.T, database string) *oddities {
	t.Helper()
	cfg := testConfig(t)
	cfg.DatabaseURL, cfg.SIPRedisURL = config.Secret(database), config.Secret(testkit.Redis(t))
	// All is asked in the name of few callers.
	cfg.ThrottleCallerOnTrunk, cfg.ThrottleCaller, cfg.ThrottleAnonymous = throttle.Limit{}, throttle.Limit{}, throttle.Limit{}
	cfg.GuardRate, cfg.GuardRisk, cfg.CrowdCallers = 0, 0, throttle.Limit{}
	o := &oddities{log: &journal{}, registry: prometheus.NewRegistry()}
	log := slog.New(slog.NewJSONHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := startWatched(t, cfg, log, o.registry)
	o.trunk = createTrunk(t, server, &telephonyv1.Trunk{
		Name: "Carrier", Numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789"}}, AllowedAddresses: []string{"192.0.2.1"},
	}).GetId()
	allocated, err := telephonyv1.NewPinServiceClient(server.Local(identity.CallerRoom)).
		AllocatePin(t.Context(), &telephonyv1.AllocatePinRequest{RoomId: uuid.NewString()})
	must(t, err)
	o.pin = allocated.GetDialIn().GetPin()
	o.calls = telephonyv1.NewCallServiceClient(server.Local(identity.CallerOperator))
	o.bus = dialBus(t, cfg.SIPRedisURL.Reveal())
	return o
}

// distinct gives a call an id of its own, however odd it is.
func (o *oddities) distinct(call *lkrpc.SIPCall) *lkrpc.SIPCall {
	if call == nil {
		return nil
	}
	o.asked++
	own := proto.CloneOf(call)
	own.LkCallId = fmt.Sprintf("SCL_%d_", o.asked) + call.GetLkCallId()
	return own
}

func (o *oddities) authenticate(t *testing.T, what string, odd oddCall) {
	t.Helper()
	auth, err := o.bus.GetSIPTrunkAuthentication(t.Context(), &lkrpc.GetSIPTrunkAuthenticationRequest{Call: o.distinct(odd.call)})
	welcome := auth.GetErrorCode() == lkrpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_NONE && !auth.GetDrop()
	if want := odd.source && (odd.number || odd.uri); err != nil || welcome != want {
		t.Errorf("call %s: authentication %v, %v; want it to ring: %v", what, auth, err, want)
	}
}

func (o *oddities) evaluate(t *testing.T, what string, call *lkrpc.SIPCall, pin, trunk string, accepted bool) {
	t.Helper()
	answer, err := o.bus.EvaluateSIPDispatchRules(t.Context(), &lkrpc.EvaluateSIPDispatchRulesRequest{
		Call: o.distinct(call), SipTrunkId: trunk, Pin: pin, ExtraAttributes: map[string]string{"x": strings.Repeat("y", 10_000)},
	})
	if got := answer.GetResult(); err != nil || (got == lkrpc.SIPDispatchResult_ACCEPT) != accepted ||
		(got == lkrpc.SIPDispatchResult_REQUEST_PIN && pin != "") {
		t.Errorf("%s: %v, %v; want accepted %v", what, got, err, accepted)
	}
	_, err = o.bus.UpdateSIPCallState(t.Context(), &lkrpc.UpdateSIPCallStateRequest{CallInfo: &livekit.SIPCallInfo{
		CallId: call.GetLkCallId(), TrunkId: trunk, FromUri: call.GetFrom(), ToUri: call.GetTo(), CallStatus: 99, CreatedAtNs: -1,
	}})
	if err != nil {
		t.Errorf("%s: state: %v", what, err)
	}
}

// malformed sends fields that are no UTF-8, which the client would not: they are
// answered as malformed.
func (o *oddities) malformed(t *testing.T) {
	t.Helper()
	broken := func(m proto.Message, field protowire.Number) {
		m.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), o.pin+"\xff\xfe"))
	}
	const pinField, toField, callInfoField = 5, 3, 1
	evaluate, auth, state := &lkrpc.EvaluateSIPDispatchRulesRequest{}, &lkrpc.GetSIPTrunkAuthenticationRequest{}, &lkrpc.UpdateSIPCallStateRequest{}
	broken(evaluate, pinField)
	broken(auth, toField)
	broken(state, callInfoField)
	_, err1 := o.bus.EvaluateSIPDispatchRules(t.Context(), evaluate)
	_, err2 := o.bus.GetSIPTrunkAuthentication(t.Context(), auth)
	_, err3 := o.bus.UpdateSIPCallState(t.Context(), state)
	for _, err := range []error{err1, err2, err3} {
		var answered psrpc.Error
		if !errors.As(err, &answered) || answered.Code() != psrpc.MalformedRequest {
			t.Errorf("no UTF-8: %v", err)
		}
	}
}

// keepSecret looks for what must not be known in all that operators see.
func (o *oddities) keepSecret(t *testing.T, secrets ...string) {
	t.Helper()
	var seen strings.Builder
	testkit.Eventually(t, 10*time.Second, func() error {
		seen.Reset()
		for token := ""; ; {
			list, err := o.calls.ListCalls(t.Context(), &telephonyv1.ListCallsRequest{PageSize: 100, PageToken: token})
			must(t, err)
			fmt.Fprintln(&seen, list)
			if token = list.GetNextPageToken(); token != "" {
				continue
			}
			if int(list.GetTotalSize()) < o.asked {
				return fmt.Errorf("%d records of %d calls", list.GetTotalSize(), o.asked)
			}
			return nil
		}
	})
	families, err := o.registry.Gather()
	must(t, err)
	for _, family := range families {
		fmt.Fprintln(&seen, family)
	}
	seen.WriteString(o.log.String())
	for _, secret := range secrets {
		if at := strings.Index(seen.String(), secret); at >= 0 {
			t.Errorf("%s is known: %s", secret, seen.String()[max(0, at-200):min(seen.Len(), at+200)])
		}
	}
	for _, sign := range []string{"panic", "refused by the database", "dependency_down"} {
		if strings.Contains(o.log.String(), sign) {
			t.Errorf("the log has %q", sign)
		}
	}
	if n := strings.Count(o.log.String(), "call refused"); n < o.asked/2 {
		t.Errorf("only %d refusals in the log", n)
	}
}
