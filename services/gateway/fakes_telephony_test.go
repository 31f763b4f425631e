package gateway

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

func (s *suite) ListNumbers(context.Context, *telephonyv1.ListNumbersRequest) (*telephonyv1.ListNumbersResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &telephonyv1.ListNumbersResponse{Numbers: s.numbers}, s.directory
}

func (s *suite) ListCalls(_ context.Context, req *telephonyv1.ListCallsRequest) (*telephonyv1.ListCallsResponse, error) {
	if !req.GetLive() || req.GetTrunkId() != "ST_1" {
		return &telephonyv1.ListCallsResponse{}, nil
	}
	return &telephonyv1.ListCallsResponse{TotalSize: 1, Calls: []*telephonyv1.Call{{
		Id: "SCL_1", TrunkId: "ST_1", State: telephonyv1.CallState_CALL_STATE_ACTIVE, Caller: "+33 6 •• •• •• 12", Called: "+33123456789",
		StartTime: timestamppb.New(time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)),
	}}}, nil
}

func (s *suite) GetCall(_ context.Context, req *telephonyv1.GetCallRequest) (*telephonyv1.GetCallResponse, error) {
	if req.GetCallId() != "SCL_1" {
		return nil, apierr.New(apierr.CallNotFound, "")
	}
	call := &telephonyv1.Call{Id: "SCL_1", TrunkId: "ST_1", RoomId: roomID, State: telephonyv1.CallState_CALL_STATE_ENDED, Caller: "+33 6 •• •• •• 12",
		SipStatus: 486, SipReason: "Busy Here"}
	if req.GetReveal() {
		call.CallerNumber = "+33612345612"
	}
	return &telephonyv1.GetCallResponse{Call: call}, nil
}

func (s *suite) ListRefusals(_ context.Context, req *telephonyv1.ListRefusalsRequest) (*telephonyv1.ListRefusalsResponse, error) {
	if req.GetTrunkId() != "ST_1" {
		return &telephonyv1.ListRefusalsResponse{Reasons: map[string]int64{"on " + req.GetTrunkId(): 2}}, nil
	}
	return &telephonyv1.ListRefusalsResponse{
		TotalSize: 1, Reasons: map[string]int64{"pin_unknown": 5},
		Calls: []*telephonyv1.Call{{
			Id: "SCL_2", Caller: "+33 6 •• •• •• 12", Called: "+33123456789", Refusal: "pin_unknown",
			EndTime: timestamppb.New(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)),
		}},
	}, nil
}

func (s *suite) ExplainCall(_ context.Context, req *telephonyv1.ExplainCallRequest) (*telephonyv1.ExplainCallResponse, error) {
	return &telephonyv1.ExplainCallResponse{
		Result: telephonyv1.DispatchResult_DISPATCH_RESULT_REJECT, Reason: telephonyv1.RefusalReason_REFUSAL_REASON_THROTTLED,
		TrunkId: "ST_1", RoomId: roomID, Steps: []*telephonyv1.ExplainedStep{
			{Name: "number", Detail: req.GetNumber()}, {Name: "throttle", Reason: telephonyv1.RefusalReason_REFUSAL_REASON_THROTTLED, Detail: "caller"},
		},
	}, nil
}

func (s *suite) ResolvePin(_ context.Context, req *telephonyv1.ResolvePinRequest) (*telephonyv1.ResolvePinResponse, error) {
	if req.GetPin() == "0123456789" {
		return &telephonyv1.ResolvePinResponse{Result: telephonyv1.DispatchResult_DISPATCH_RESULT_ACCEPT, RoomId: roomID, TrunkId: "ST_1"}, nil
	}
	return &telephonyv1.ResolvePinResponse{
		Result: telephonyv1.DispatchResult_DISPATCH_RESULT_REJECT, Reason: telephonyv1.RefusalReason_REFUSAL_REASON_PIN_UNKNOWN,
	}, nil
}

func (k *trunks) CreateTrunk(ctx context.Context, req *telephonyv1.CreateTrunkRequest) (*telephonyv1.CreateTrunkResponse, error) {
	if caller(ctx, "telephony") != ada {
		return nil, apierr.New(apierr.OperatorRequired, "")
	}
	made := req.GetTrunk()
	made.Id, made.State, made.CreateTime = "ST_1", telephonyv1.TrunkState_TRUNK_STATE_ACTIVE, timestamppb.New(time.Unix(1768478400, 0))
	return &telephonyv1.CreateTrunkResponse{Trunk: made, Warnings: []string{"Any address may call."}}, k.fail
}

func (k *trunks) ListTrunks(ctx context.Context, _ *telephonyv1.ListTrunksRequest) (*telephonyv1.ListTrunksResponse, error) {
	if caller(ctx, "telephony") != ada {
		return nil, apierr.New(apierr.OperatorRequired, "")
	}
	return &telephonyv1.ListTrunksResponse{Trunks: k.list, TotalSize: int32(len(k.list))}, nil
}

func (k *trunks) GetTrunk(ctx context.Context, req *telephonyv1.GetTrunkRequest) (*telephonyv1.GetTrunkResponse, error) {
	if req.GetTrunkId() == "" && caller(ctx, "telephony") != ada {
		return nil, apierr.New(apierr.OperatorRequired, "")
	} else if req.GetTrunkId() == "" {
		return nil, apierr.New(apierr.TrunkNotFound, "")
	}
	return &telephonyv1.GetTrunkResponse{Trunk: &telephonyv1.Trunk{Id: req.GetTrunkId()}}, k.fail
}

func (k *trunks) UpdateTrunk(_ context.Context, req *telephonyv1.UpdateTrunkRequest) (*telephonyv1.UpdateTrunkResponse, error) {
	req.Trunk.Name += fmt.Sprint(req.GetUpdateMask().GetPaths())
	return &telephonyv1.UpdateTrunkResponse{Trunk: req.GetTrunk()}, nil
}

func (k *trunks) DeleteTrunk(context.Context, *telephonyv1.DeleteTrunkRequest) (*telephonyv1.DeleteTrunkResponse, error) {
	return &telephonyv1.DeleteTrunkResponse{}, k.fail
}

func (k *trunks) DrainTrunk(_ context.Context, req *telephonyv1.DrainTrunkRequest) (*telephonyv1.DrainTrunkResponse, error) {
	return &telephonyv1.DrainTrunkResponse{Trunk: &telephonyv1.Trunk{Id: req.GetTrunkId(), State: telephonyv1.TrunkState_TRUNK_STATE_DRAINING}}, nil
}

func (k *trunks) AddNumber(_ context.Context, req *telephonyv1.AddNumberRequest) (*telephonyv1.AddNumberResponse, error) {
	return &telephonyv1.AddNumberResponse{Trunk: &telephonyv1.Trunk{Id: req.GetTrunkId(), Numbers: []*telephonyv1.PhoneNumber{req.GetNumber()}}}, nil
}

func (k *trunks) RemoveNumber(_ context.Context, req *telephonyv1.RemoveNumberRequest) (*telephonyv1.RemoveNumberResponse, error) {
	if req.GetNumber() != "+33123456789" {
		return nil, apierr.New(apierr.NumberNotFound, "")
	}
	return &telephonyv1.RemoveNumberResponse{}, nil
}
