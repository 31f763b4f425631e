package frontend

import (
	"context"
	"strings"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type callServer struct {
	frontendv1.UnimplementedCallServiceServer
	calls telephonyv1.CallServiceClient
}

// ListCalls lists call records.
func (s *callServer) ListCalls(ctx context.Context, req *frontendv1.ListCallsRequest) (*frontendv1.ListCallsResponse, error) {
	ctx, v := visit.Enter(ctx)
	live := strings.EqualFold(req.GetLive(), "true") || req.GetLive() == "1"
	p, err := listPage(v.URL, req.GetPage(), pageSize(req.GetPageSize()), func(size, skip int32) ([]*telephonyv1.Call, int32, error) {
		answer, err := s.calls.ListCalls(ctx, &telephonyv1.ListCallsRequest{
			PageSize: size, Skip: skip, RoomId: req.GetRoom(), TrunkId: req.GetTrunk(), Live: live,
		})
		return answer.GetCalls(), answer.GetTotalSize(), err
	})
	if err != nil {
		return nil, err
	}
	answer := &frontendv1.ListCallsResponse{Count: p.count, Next: p.next, Previous: p.previous}
	for _, c := range p.items {
		answer.Results = append(answer.Results, call(c))
	}
	return answer, nil
}

type resolverServer struct {
	frontendv1.UnimplementedResolverServiceServer
	dispatch telephonyv1.DispatchServiceClient
}

// ResolvePin asks telephony where a call goes.
func (s *resolverServer) ResolvePin(ctx context.Context, req *frontendv1.ResolvePinRequest) (*frontendv1.ResolvePinResponse, error) {
	ctx, _ = visit.Enter(ctx)
	question, err := pendingCall(req.GetBody())
	if err != nil {
		return nil, err
	}
	answer, err := s.dispatch.ResolvePin(ctx, question)
	if err != nil {
		return nil, err
	}
	shown := &frontendv1.ResolvePinResponse{Result: word(answer.GetResult())}
	if answer.GetResult() == telephonyv1.DispatchResult_DISPATCH_RESULT_ACCEPT {
		shown.RoomId, shown.TrunkId = &answer.RoomId, &answer.TrunkId
	}
	if reason := word(answer.GetReason()); reason != "" {
		shown.Reason = &reason
	}
	return shown, nil
}

// pendingCall reads the body of a question.
func pendingCall(body *frontendv1.CallFields) (*telephonyv1.ResolvePinRequest, error) {
	var f form.Form
	q := &telephonyv1.ResolvePinRequest{}
	optional := func(most int) form.Rules { return form.Rules{Blank: true, Null: true, Max: most} }
	q.Number, _ = f.String("number", body.GetNumber(), optional(64))
	q.TrunkId, _ = f.String("trunk_id", body.GetTrunkId(), optional(64))
	q.Pin, _ = f.String("pin", body.GetPin(), optional(64))
	q.Caller, _ = f.String("caller", body.GetCaller(), optional(256))
	q.SourceIp, _ = f.String("source_ip", body.GetSourceIp(), optional(64))
	q.CallId, _ = f.String("call_id", body.GetCallId(), optional(256))
	if err := f.Err(); err != nil {
		return nil, err
	}
	if q.GetNumber() == "" && q.GetTrunkId() == "" {
		f.Refuse("non_field_errors", "required", "One of number and trunk_id is needed.")
	}
	return q, f.Err()
}
