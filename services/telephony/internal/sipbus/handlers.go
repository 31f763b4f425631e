package sipbus

import (
	"context"
	"log/slog"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc/pkg/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	lk "github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// Resolver answers where calls go; dispatch.Resolver meets it.
type Resolver interface {
	Authenticate(ctx context.Context, q dispatch.Question) (dispatch.Decision, *trunks.Trunk)
	Dispatch(ctx context.Context, q dispatch.Question) (dispatch.Decision, dispatch.Entry)
}

// Passwords opens the passwords of trunks; trunks.Service meets it.
type Passwords interface {
	Password(t *trunks.Trunk) (string, error)
}

// Handlers are the four methods, the same for both psrpc services.
type Handlers struct {
	resolver  Resolver
	passwords Passwords
	recorder  dispatch.Recorder
	maxCall   time.Duration
	log       *slog.Logger
}

var _ rpc.IOInfoSIPServerImpl = (*Handlers)(nil)

// NewHandlers returns handlers that end every call after maxCall.
func NewHandlers(r Resolver, p Passwords, rec dispatch.Recorder, maxCall time.Duration, log *slog.Logger) *Handlers {
	return &Handlers{resolver: r, passwords: p, recorder: rec, maxCall: maxCall, log: log}
}

// GetSIPTrunkAuthentication says, before it rings, whether a trunk takes the
// call and which credentials the carrier must show. A call from a source that
// the trunk does not know is dropped in silence, as if nobody were here.
func (h *Handlers) GetSIPTrunkAuthentication(ctx context.Context, req *rpc.GetSIPTrunkAuthenticationRequest) (*rpc.GetSIPTrunkAuthenticationResponse, error) {
	question := authQuestion(req)
	question.Bridge = bridge(ctx)
	decision, trunk := h.resolver.Authenticate(ctx, question)
	if decision.Result == dispatch.Reject {
		return authRefusal(decision), nil
	}
	password, err := h.passwords.Password(trunk)
	if err != nil {
		h.log.ErrorContext(ctx, "trunk takes no calls: its password does not open", "trunk", trunk.ID, "error", err)
		return busy(trunk.ID), nil
	}
	return authAnswer(trunk, password), nil
}

// EvaluateSIPDispatchRules says where the call goes, or asks for its PIN.
func (h *Handlers) EvaluateSIPDispatchRules(ctx context.Context, req *rpc.EvaluateSIPDispatchRulesRequest) (*rpc.EvaluateSIPDispatchRulesResponse, error) {
	question := dispatchQuestion(req)
	question.Bridge = bridge(ctx)
	decision, entry := h.resolver.Dispatch(ctx, question)
	return dispatchAnswer(decision, entry, h.maxCall), nil
}

// UpdateSIPCallState queues what became of a call. LiveKit SIP holds a lock
// while it waits for the answer.
func (h *Handlers) UpdateSIPCallState(ctx context.Context, req *rpc.UpdateSIPCallStateRequest) (*emptypb.Empty, error) {
	h.record(ctx, req.GetCallInfo())
	return &emptypb.Empty{}, nil
}

// RecordCallContext queues what is known of a call in the same way.
func (h *Handlers) RecordCallContext(ctx context.Context, req *rpc.RecordCallContextRequest) (*emptypb.Empty, error) {
	h.record(ctx, req.GetCallInfo())
	return &emptypb.Empty{}, nil
}

func (h *Handlers) record(ctx context.Context, info *livekit.SIPCallInfo) {
	event := callEvent(info)
	event.Bridge = bridge(ctx)
	h.recorder.Record(event)
}

// bridge is who asks, by its name on the bus.
func bridge(ctx context.Context) string {
	header := metadata.IncomingHeader(ctx)
	if header == nil {
		return ""
	}
	return lk.Text(header.RemoteID)
}
