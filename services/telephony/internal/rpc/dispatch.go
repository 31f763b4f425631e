package rpc

import (
	"context"
	"strings"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
)

type dispatchServer struct {
	telephonyv1.UnimplementedDispatchServiceServer
	resolver *dispatch.Resolver
}

// ResolvePin checks the source only where the bridge tells it. Bridges act for
// themselves; the gateway only for somebody. An operator who names no call asks
// about none: nobody is throttled and nothing is charged.
func (s *dispatchServer) ResolvePin(ctx context.Context, req *telephonyv1.ResolvePinRequest) (*telephonyv1.ResolvePinResponse, error) {
	if identity.CallerFrom(ctx) == identity.CallerGateway && identity.ApplicationFrom(ctx) == nil {
		if identity.UserFrom(ctx) == nil {
			return nil, apierr.New(apierr.Unauthenticated, "")
		}
		if err := operatorOnly(ctx); err != nil {
			return nil, err
		}
	}
	if req.GetNumber() == "" && req.GetTrunkId() == "" {
		return nil, apierr.InvalidField("number", "required", "A called number or a trunk is needed.")
	}
	decision := s.resolver.Resolve(ctx, dispatch.Question{
		CallID: clean(req.GetCallId()), TrunkID: req.GetTrunkId(), Called: []string{req.GetNumber()},
		Trial:  req.GetCallId() == "" && identity.IsOperator(ctx),
		Caller: req.GetCaller(), Source: req.GetSourceIp(), AnySource: req.GetSourceIp() == "", PIN: req.GetPin(),
	})
	return resolution(decision, identity.IsOperator(ctx)), nil
}

// ExplainCall is ResolvePin without a call and with every step.
func (s *dispatchServer) ExplainCall(ctx context.Context, req *telephonyv1.ExplainCallRequest) (*telephonyv1.ExplainCallResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	if req.GetNumber() == "" && req.GetTrunkId() == "" {
		return nil, apierr.InvalidField("number", "required", "A called number or a trunk is needed.")
	}
	return explanation(s.resolver.Explain(ctx, dispatch.Question{
		TrunkID: req.GetTrunkId(), Called: []string{req.GetNumber()}, Caller: req.GetCaller(),
		Source: req.GetSourceIp(), AnySource: req.GetSourceIp() == "", PIN: req.GetPin(),
	})), nil
}

// clean drops what no database keeps in a text.
func clean(text string) string { return strings.ReplaceAll(text, "\x00", "") }
