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
	p, err := listPage(v.URL, req.GetPage(), pageSize(req.GetPageSize()), func(size, skip int32) ([]*telephonyv1.Call, int32, error) {
		answer, err := s.calls.ListCalls(ctx, &telephonyv1.ListCallsRequest{
			PageSize: size, Skip: skip, RoomId: req.GetRoom(), TrunkId: req.GetTrunk(), Live: isTrue(req.GetLive()),
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

// GetCall answers with a call record.
func (s *callServer) GetCall(ctx context.Context, req *frontendv1.GetCallRequest) (*frontendv1.GetCallResponse, error) {
	ctx, _ = visit.Enter(ctx)
	answer, err := s.calls.GetCall(ctx, &telephonyv1.GetCallRequest{CallId: req.GetId(), Reveal: isTrue(req.GetReveal())})
	if err != nil {
		return nil, err
	}
	shown := call(answer.GetCall())
	shown.CallerNumber = optional(answer.GetCall().GetCallerNumber())
	return &frontendv1.GetCallResponse{Call: shown}, nil
}

// noTrunk stands for a trunk's id where calls that no trunk has are asked for.
// Those of trunks begin with "ST_".
const noTrunk = "none"

// ListRefusals lists the refused calls of a trunk.
func (s *callServer) ListRefusals(ctx context.Context, req *frontendv1.ListRefusalsRequest) (*frontendv1.ListRefusalsResponse, error) {
	ctx, v := visit.Enter(ctx)
	answer := &frontendv1.ListRefusalsResponse{Reasons: map[string]float64{}}
	trunkID := req.GetId()
	if trunkID == noTrunk {
		trunkID = ""
	}
	p, err := listPage(v.URL, req.GetPage(), pageSize(req.GetPageSize()), func(size, skip int32) ([]*telephonyv1.Call, int32, error) {
		list, err := s.calls.ListRefusals(ctx, &telephonyv1.ListRefusalsRequest{TrunkId: trunkID, PageSize: size, Skip: skip})
		for reason, n := range list.GetReasons() {
			answer.Reasons[reason] = float64(n)
		}
		return list.GetCalls(), list.GetTotalSize(), err
	})
	if err != nil {
		return nil, err
	}
	answer.Count, answer.Next, answer.Previous = p.count, p.next, p.previous
	for _, c := range p.items {
		answer.Results = append(answer.Results, &frontendv1.Refusal{
			CallId: c.GetId(), RefusedAt: datetime(c.GetEndTime()), Reason: c.GetRefusal(), Caller: c.GetCaller(), Called: c.GetCalled(),
		})
	}
	return answer, nil
}

// isTrue reads a flag of a query.
func isTrue(text string) bool { return strings.EqualFold(text, "true") || text == "1" }

// optional leaves out what is empty.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
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
	shown.Reason = optional(word(answer.GetReason()))
	return shown, nil
}

// ExplainCall asks telephony what would become of a call.
func (s *resolverServer) ExplainCall(ctx context.Context, req *frontendv1.ExplainCallRequest) (*frontendv1.ExplainCallResponse, error) {
	ctx, _ = visit.Enter(ctx)
	question, err := pendingCall(req.GetBody())
	if err != nil {
		return nil, err
	}
	answer, err := s.dispatch.ExplainCall(ctx, &telephonyv1.ExplainCallRequest{
		Number: question.GetNumber(), TrunkId: question.GetTrunkId(), Pin: question.GetPin(),
		Caller: question.GetCaller(), SourceIp: question.GetSourceIp(),
	})
	if err != nil {
		return nil, err
	}
	shown := &frontendv1.ExplainCallResponse{
		Result: word(answer.GetResult()), Reason: optional(word(answer.GetReason())),
		TrunkId: optional(answer.GetTrunkId()), RoomId: optional(answer.GetRoomId()),
	}
	for _, step := range answer.GetSteps() {
		shown.Steps = append(shown.Steps, &frontendv1.ExplainedStep{
			Name: step.GetName(), Reason: optional(word(step.GetReason())), Detail: step.GetDetail(),
		})
	}
	return shown, nil
}

// pendingCall reads the body of a question.
func pendingCall(body *frontendv1.CallFields) (*telephonyv1.ResolvePinRequest, error) {
	var f form.Form
	q := &telephonyv1.ResolvePinRequest{}
	rules := func(most int) form.Rules { return form.Rules{Blank: true, Null: true, Max: most} }
	q.Number, _ = f.String("number", body.GetNumber(), rules(64))
	q.TrunkId, _ = f.String("trunk_id", body.GetTrunkId(), rules(64))
	q.Pin, _ = f.String("pin", body.GetPin(), rules(64))
	q.Caller, _ = f.String("caller", body.GetCaller(), rules(256))
	q.SourceIp, _ = f.String("source_ip", body.GetSourceIp(), rules(64))
	q.CallId, _ = f.String("call_id", body.GetCallId(), rules(256))
	if err := f.Err(); err != nil {
		return nil, err
	}
	if q.GetNumber() == "" && q.GetTrunkId() == "" {
		f.Refuse("non_field_errors", "required", "One of number and trunk_id is needed.")
	}
	return q, f.Err()
}
