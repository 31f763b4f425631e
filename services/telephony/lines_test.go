package telephony

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lkrpc "github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

const lineNumber = "+33123456789"

// sipBridge is what LiveKit SIP is on the bus.
type sipBridge struct {
	lkrpc.IOInfoClient
	t *testing.T
}

// newBridge returns a bridge that hears its answers.
func newBridge(t *testing.T, url config.Secret) *sipBridge {
	t.Helper()
	options, err := redis.ParseURL(url.Reveal())
	must(t, err)
	rc := redis.NewClient(options)
	t.Cleanup(func() { _ = rc.Close() })
	client, err := lkrpc.NewIOInfoClient(psrpc.NewRedisMessageBus(rc))
	must(t, err)
	b := &sipBridge{IOInfoClient: client, t: t}
	testkit.Eventually(t, 10*time.Second, func() error {
		_, err := b.GetSIPTrunkAuthentication(t.Context(), &lkrpc.GetSIPTrunkAuthenticationRequest{}, psrpc.WithRequestTimeout(500*time.Millisecond))
		if errors.Is(err, psrpc.ErrNoResponse) {
			return err
		}
		return nil
	})
	return b
}

func question(id string) *lkrpc.SIPCall {
	return &lkrpc.SIPCall{
		LkCallId: id, SourceIp: "192.0.2.7", To: &livekit.SIPUri{User: lineNumber}, From: &livekit.SIPUri{User: "+33612345612"},
	}
}

// rings says whether a call would be let ring, and tells its state as LiveKit SIP
// does before it acts upon the answer.
func (b *sipBridge) rings(id string) bool {
	b.t.Helper()
	auth, err := b.GetSIPTrunkAuthentication(b.t.Context(), &lkrpc.GetSIPTrunkAuthenticationRequest{Call: question(id)})
	must(b.t, err)
	_, err = b.UpdateSIPCallState(b.t.Context(), &lkrpc.UpdateSIPCallStateRequest{CallInfo: &livekit.SIPCallInfo{
		CallId: id, TrunkId: auth.GetSipTrunkId(), CallStatus: livekit.SIPCallStatus_SCS_CALL_INCOMING,
	}})
	must(b.t, err)
	return auth.GetErrorCode() != lkrpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_QUOTA_EXCEEDED
}

func (b *sipBridge) prompts(id string) bool {
	b.t.Helper()
	answer, err := b.EvaluateSIPDispatchRules(b.t.Context(), &lkrpc.EvaluateSIPDispatchRulesRequest{Call: question(id)})
	must(b.t, err)
	return answer.GetResult() == lkrpc.SIPDispatchResult_REQUEST_PIN
}

func lineTrunk(t *testing.T, server *grpcx.Server, trunk *telephonyv1.Trunk) {
	t.Helper()
	trunk.Name, trunk.MaxPending, trunk.Numbers = "Carrier", 1, []*telephonyv1.PhoneNumber{{Number: lineNumber}}
	createTrunk(t, server, trunk)
}

// TestChallengesHoldNoLine: whoever reaches LiveKit SIP may call a trunk that asks
// for credentials, and leave it waiting for them. That must not keep the carrier out.
func TestChallengesHoldNoLine(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.SIPRedisURL = config.Secret(testkit.Redis(t))
	lineTrunk(t, start(t, cfg), &telephonyv1.Trunk{AuthUsername: "carrier", AuthPassword: "s3cret"})
	b := newBridge(t, cfg.SIPRedisURL)
	for _, id := range []string{"scan1", "scan2", "carrier", "early"} {
		if !b.rings(id) {
			t.Fatalf("%s: busy while nobody has shown credentials", id)
		}
	}
	// LiveKit SIP asks again once it has the credentials.
	if !b.rings("carrier") || !b.prompts("carrier") {
		t.Fatal("with credentials: refused")
	}
	testkit.Eventually(t, 5*time.Second, func() error {
		if b.rings("late") {
			return errors.New("a call in the prompt holds no line")
		}
		return nil
	})
	if b.rings("early") {
		t.Error("who was there first without credentials gets a second line")
	}
	if !b.rings("carrier") {
		t.Error("a call that has its line is refused")
	}
}

// TestADeadBridgeHoldsNoLine: a LiveKit SIP that dies tells nothing of its callers,
// and LiveKit knows none who is in the prompt.
func TestADeadBridgeHoldsNoLine(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.SIPRedisURL = config.Secret(testkit.Redis(t))
	now := clock.NewFake(time.Now())
	s := launch(t, cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), now)
	server := listen(t, Policy(), s.Register)
	lineTrunk(t, server, &telephonyv1.Trunk{AllowedAddresses: []string{"192.0.2.0/24"}})
	dead, alive := newBridge(t, cfg.SIPRedisURL), newBridge(t, cfg.SIPRedisURL)
	if !dead.rings("first") || !dead.prompts("first") {
		t.Fatal("the first call is refused")
	}
	bridges := calls.NewBridges(s.store, s.bus, now, s.deps.Logger) // the service's own has its own timer
	check := func(after time.Duration) {
		t.Helper()
		now.Advance(after)
		must(t, bridges.Check(t.Context()))
	}
	check(0)
	check(time.Minute)
	if alive.rings("second") {
		t.Fatal("the line of a call that goes on is given away")
	}
	dead.Close()
	testkit.Eventually(t, 10*time.Second, func() error {
		check(time.Minute)
		if !alive.rings("second") {
			return errors.New("still busy")
		}
		return nil
	})
	got, err := telephonyv1.NewCallServiceClient(server.Local(identity.CallerOperator)).GetCall(t.Context(), &telephonyv1.GetCallRequest{CallId: "first"})
	if must(t, err); got.GetCall().GetState() != telephonyv1.CallState_CALL_STATE_FAILED || got.GetCall().GetEndReason() != "the SIP bridge is gone" {
		t.Errorf("record %v", got)
	}
	check(time.Minute)
	check(time.Minute)
	if !alive.prompts("second") {
		t.Error("the call of another bridge is gone too")
	}
}

// TestWhoHungUpMeanwhileHoldsNoLine: LiveKit SIP tells the end of a call once, and
// nobody hears it while the bus is away.
func TestWhoHungUpMeanwhileHoldsNoLine(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	bus := testkit.StartRedis(t, 0)
	cfg.SIPRedisURL = config.Secret(bus.URL)
	now := clock.NewFake(time.Now())
	s := launch(t, cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), now)
	lineTrunk(t, listen(t, Policy(), s.Register), &telephonyv1.Trunk{AllowedAddresses: []string{"192.0.2.0/24"}})
	b := newBridge(t, cfg.SIPRedisURL)
	bridges := calls.NewBridges(s.store, s.bus, now, s.deps.Logger) // the service's own has its own timer
	check := func(after time.Duration) {
		t.Helper()
		now.Advance(after)
		must(t, bridges.Check(t.Context()))
	}
	check(0)
	check(time.Hour) // what was before the start is of no account here
	if !b.rings("first") || !b.prompts("first") || b.rings("second") {
		t.Fatal("one line is not one line")
	}
	bus.Stop()
	check(time.Second)
	bus.Start()
	testkit.Eventually(t, 10*time.Second, func() error { return s.bus.Ready(t.Context()) })
	b = newBridge(t, cfg.SIPRedisURL) // hears answers again
	check(time.Second)
	check(time.Second)
	if b.rings("second") {
		t.Fatal("who may be typing has no line any more")
	}
	check(2 * time.Minute)
	if !b.rings("second") {
		t.Error("who has not been heard of since holds the line")
	}
	if !b.prompts("first") { // and types only now
		t.Error("a caller who was there all the time is refused")
	}
}
