package operator

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// TestSimulateSaysWhyNot: where LiveKit has rules there is nobody to ask.
func TestSimulateSaysWhyNot(t *testing.T) {
	t.Parallel()
	c := &Connection{}
	c.settings.DispatchMode = "rules"
	command := c.callSimulate()
	command.SetArgs([]string{"--to", "+33123456789"})
	command.SilenceErrors, command.SilenceUsage = true, true
	if err := command.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "DISPATCH_MODE=rules") {
		t.Errorf("error %v", err)
	}
}

// sipBus asks for a PIN, and lets the caller in or fails; it keeps what became of
// calls.
type sipBus struct {
	rpc.IOInfoClient
	fails   error
	pins    []string
	updates []*livekit.SIPCallInfo
}

func (b *sipBus) GetSIPTrunkAuthentication(context.Context, *rpc.GetSIPTrunkAuthenticationRequest, ...psrpc.RequestOption) (*rpc.GetSIPTrunkAuthenticationResponse, error) {
	return &rpc.GetSIPTrunkAuthenticationResponse{SipTrunkId: "ST_a"}, nil
}

func (b *sipBus) EvaluateSIPDispatchRules(_ context.Context, req *rpc.EvaluateSIPDispatchRulesRequest, _ ...psrpc.RequestOption) (*rpc.EvaluateSIPDispatchRulesResponse, error) {
	b.pins = append(b.pins, req.GetPin())
	result := rpc.SIPDispatchResult_REQUEST_PIN
	if req.GetPin() != "" {
		result = rpc.SIPDispatchResult_ACCEPT
	}
	return &rpc.EvaluateSIPDispatchRulesResponse{Result: result}, b.fails
}

func (b *sipBus) UpdateSIPCallState(_ context.Context, req *rpc.UpdateSIPCallStateRequest, _ ...psrpc.RequestOption) (*emptypb.Empty, error) {
	b.updates = append(b.updates, req.GetCallInfo())
	return &emptypb.Empty{}, nil
}

// TestSimulateHangsUp: no simulated call is left behind as a live one.
func TestSimulateHangsUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pin   string
		fails error
		want  string
	}{
		"with a PIN":        {pin: "0001", want: " 0001"},
		"up to the prompt":  {},
		"no answer, no PIN": {pin: "0001", fails: errors.New("no answer")},
	} {
		bus := &sipBus{fails: c.fails}
		s := simulation{to: "+33123456789", from: "+33612345678", source: "127.0.0.1", pin: c.pin}
		if err := s.run(t.Context(), bus, &bytes.Buffer{}); !errors.Is(err, c.fails) {
			t.Errorf("%s: %v", name, err)
		}
		if got := strings.Join(bus.pins, " "); got != c.want {
			t.Errorf("%s: asked with %q, want %q", name, got, c.want)
		}
		if len(bus.updates) != 1 || bus.updates[0].GetCallStatus() != livekit.SIPCallStatus_SCS_DISCONNECTED {
			t.Errorf("%s: calls became %v", name, bus.updates)
		}
	}
}
