package sipbus

import (
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"google.golang.org/protobuf/types/known/durationpb"

	lk "github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/e164"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// authQuestion reads the call message and, for older LiveKit SIP, the flat
// fields that it replaced.
//
//nolint:staticcheck // the flat fields are deprecated, and what older versions send
func authQuestion(req *rpc.GetSIPTrunkAuthenticationRequest) dispatch.Question {
	call := req.GetCall()
	return dispatch.Question{
		CallID: first(call.GetLkCallId(), req.GetSipCallId()),
		Called: called(call, req.GetTo()),
		Caller: first(call.GetFrom().GetUser(), req.GetFrom()),
		Source: source(call, req.GetSrcAddress()),
	}
}

// dispatchQuestion reads a request as authQuestion does.
//
//nolint:staticcheck // as above
func dispatchQuestion(req *rpc.EvaluateSIPDispatchRulesRequest) dispatch.Question {
	call := req.GetCall()
	return dispatch.Question{
		CallID:  first(call.GetLkCallId(), req.GetSipCallId()),
		TrunkID: req.GetSipTrunkId(),
		Called:  called(call, req.GetCalledNumber()),
		Caller:  first(call.GetFrom().GetUser(), req.GetCallingNumber()),
		Source:  source(call, req.GetSrcAddress()),
		PIN:     req.GetPin(),
		NoPIN:   req.GetNoPin(),
	}
}

// called returns the To header before the request line: carriers put the
// number that was dialled into the one or the other.
func called(call *rpc.SIPCall, flat string) []string {
	return []string{call.GetTo().GetUser(), call.GetAddress().GetUser(), flat}
}

// source returns the address without the port that some versions append.
func source(call *rpc.SIPCall, flat string) string {
	address := first(call.GetSourceIp(), flat)
	if host, _, found := strings.Cut(address, "]"); found {
		return strings.TrimPrefix(host, "[")
	}
	if strings.Count(address, ":") == 1 {
		address, _, _ = strings.Cut(address, ":")
	}
	return address
}

// first returns the first text that is not empty, bounded and without what a
// database would refuse.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return lk.Text(text)
		}
	}
	return ""
}

func authAnswer(t *trunks.Trunk, password string) *rpc.GetSIPTrunkAuthenticationResponse {
	return &rpc.GetSIPTrunkAuthenticationResponse{
		SipTrunkId: t.ID,
		Username:   t.AuthUsername,
		Password:   password,
		ProviderInfo: &livekit.ProviderInfo{
			Id: t.ID, Name: t.Name, Type: livekit.ProviderType_PROVIDER_TYPE_EXTERNAL,
		},
	}
}

func authRefusal(d dispatch.Decision) *rpc.GetSIPTrunkAuthenticationResponse {
	switch d.Reason {
	case dispatch.SourceNotAllowed:
		return &rpc.GetSIPTrunkAuthenticationResponse{SipTrunkId: d.TrunkID, Drop: true}
	case dispatch.DependencyDown, dispatch.Throttled, dispatch.TrunkBusy:
		return busy(d.TrunkID)
	default:
		return &rpc.GetSIPTrunkAuthenticationResponse{
			ErrorCode: rpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_NO_TRUNK_FOUND,
		}
	}
}

// busy makes LiveKit SIP answer 503, on which a carrier tries again elsewhere.
func busy(trunkID string) *rpc.GetSIPTrunkAuthenticationResponse {
	return &rpc.GetSIPTrunkAuthenticationResponse{
		SipTrunkId: trunkID,
		ErrorCode:  rpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_QUOTA_EXCEEDED,
	}
}

// dispatchAnswer is the same for every refusal.
//
//nolint:staticcheck // older versions read the deprecated RequestPin
func dispatchAnswer(d dispatch.Decision, entry dispatch.Entry, maxCall time.Duration) *rpc.EvaluateSIPDispatchRulesResponse {
	switch d.Result {
	case dispatch.Accept:
		return &rpc.EvaluateSIPDispatchRulesResponse{
			Result:                rpc.SIPDispatchResult_ACCEPT,
			SipTrunkId:            d.TrunkID,
			RoomName:              d.RoomID,
			ParticipantIdentity:   entry.Identity,
			ParticipantName:       entry.Name,
			ParticipantAttributes: entry.Attributes,
			Token:                 entry.Connection.GetToken(),
			WsUrl:                 entry.Connection.GetUrl(),
			MaxCallDuration:       durationpb.New(maxCall),
		}
	case dispatch.RequestPIN:
		return &rpc.EvaluateSIPDispatchRulesResponse{
			Result:     rpc.SIPDispatchResult_REQUEST_PIN,
			RequestPin: true, // for older LiveKit SIP
			SipTrunkId: d.TrunkID,
		}
	default:
		return &rpc.EvaluateSIPDispatchRulesResponse{Result: rpc.SIPDispatchResult_REJECT}
	}
}

var callStates = map[livekit.SIPCallStatus]calls.State{
	livekit.SIPCallStatus_SCS_CALL_INCOMING:      calls.Incoming,
	livekit.SIPCallStatus_SCS_PARTICIPANT_JOINED: calls.Joined,
	livekit.SIPCallStatus_SCS_ACTIVE:             calls.Active,
	livekit.SIPCallStatus_SCS_DISCONNECTED:       calls.Ended,
	livekit.SIPCallStatus_SCS_ERROR:              calls.Failed,
}

// callEvent leaves the called number to dispatch, which knows whether it is one:
// it may be a PIN.
func callEvent(c *livekit.SIPCallInfo) calls.Event {
	e := calls.Event{
		ID:       lk.Text(c.GetCallId()),
		TrunkID:  lk.Text(c.GetTrunkId()),
		RoomID:   lk.Text(c.GetRoomName()),
		State:    max(callStates[c.GetCallStatus()], calls.Incoming),
		Caller:   e164.Masked(e164.Caller(c.GetFromUri().GetUser(), "")),
		Started:  instant(c.GetCreatedAtNs()),
		Answered: instant(c.GetStartedAtNs()),
		Ended:    instant(c.GetEndedAtNs()),
	}
	if e.State.Over() {
		e.EndReason = lk.Text(c.GetError())
		if e.EndReason == "" && c.GetDisconnectReason() != livekit.DisconnectReason_UNKNOWN_REASON {
			e.EndReason = c.GetDisconnectReason().String()
		}
		e.SIPStatus, e.SIPReason = int(c.GetCallStatusCode().GetCode()), lk.Text(c.GetCallStatusCode().GetStatus())
	}
	return e
}

func instant(nanoseconds int64) time.Time {
	if nanoseconds <= 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}
