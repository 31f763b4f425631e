package rpc

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/e164"
	"github.com/parleymeet/parley/services/telephony/internal/imports"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// mapAll maps a list.
func mapAll[From, To any](list []From, one func(From) To) []To {
	mapped := make([]To, len(list))
	for i, item := range list {
		mapped[i] = one(item)
	}
	return mapped
}

// timestamp leaves the zero time unset.
func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// instant turns an unset time into the zero time.
func instant(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// The domain's words are the enums' names without their prefix, in lower case.
const (
	statePrefix   = "TRUNK_STATE_"
	kindPrefix    = "NUMBER_KIND_"
	armingPrefix  = "ARMING_"
	guardPrefix   = "GUARD_"
	outcomePrefix = "IMPORT_OUTCOME_"
	refusalPrefix = "REFUSAL_REASON_"
	unspecified   = "unspecified"
)

// word returns the domain's word of an enum, "" for the unspecified one.
func word(prefix, name string) string {
	w := strings.ToLower(strings.TrimPrefix(name, prefix))
	if w == unspecified {
		return ""
	}
	return w
}

// value returns the enum's value of a word, 0 for words it does not know.
func value[E ~int32](values map[string]int32, prefix, word string) E {
	return E(values[prefix+strings.ToUpper(word)])
}

func draftOf(t *telephonyv1.Trunk) trunks.Draft {
	return trunks.Draft{
		Name:             t.GetName(),
		Numbers:          mapAll(t.GetNumbers(), numberOf),
		PINLength:        int(t.GetPinLength()),
		AllowedAddresses: t.GetAllowedAddresses(),
		AuthUsername:     t.GetAuthUsername(),
		AuthPassword:     t.GetAuthPassword(),
		Arming:           trunks.Arming(word(armingPrefix, t.GetArming().String())),
		Guard:            trunks.Guard(word(guardPrefix, t.GetGuard().String())),
		MaxCalls:         int(t.GetMaxCalls()),
		MaxPending:       int(t.GetMaxPending()),
		LiveKitTrunk:     t.GetLivekitTrunkId(),
		State:            trunks.State(word(statePrefix, t.GetState().String())),
	}
}

func numberOf(n *telephonyv1.PhoneNumber) trunks.Number {
	return trunks.Number{
		E164: n.GetNumber(), Country: n.GetCountry(), Label: n.GetLabel(),
		Kind: trunks.Kind(word(kindPrefix, n.GetKind().String())),
	}
}

func trunkMessage(t *trunks.Trunk) *telephonyv1.Trunk {
	allowed := make([]string, len(t.Allowed))
	for i, prefix := range t.Allowed {
		allowed[i] = prefix.String()
		if prefix.IsSingleIP() {
			allowed[i] = prefix.Addr().String()
		}
	}
	return &telephonyv1.Trunk{
		Id:               t.ID,
		Name:             t.Name,
		State:            value[telephonyv1.TrunkState](telephonyv1.TrunkState_value, statePrefix, string(t.State)),
		Numbers:          mapAll(t.Numbers, numberMessage),
		PinLength:        int32(t.PINLength), // #nosec G115 -- 4 to 16
		AllowedAddresses: allowed,
		AuthUsername:     t.AuthUsername,
		Arming:           value[telephonyv1.Arming](telephonyv1.Arming_value, armingPrefix, string(t.Arming)),
		Guard:            value[telephonyv1.Guard](telephonyv1.Guard_value, guardPrefix, string(t.Guard)),
		MaxCalls:         int32(t.MaxCalls),   // #nosec G115 -- came as one
		MaxPending:       int32(t.MaxPending), // #nosec G115 -- as above
		CreateTime:       timestamp(t.Created),
		UpdateTime:       timestamp(t.Updated),
		PinsHeld:         t.Held,
		LivekitTrunkId:   t.LiveKitTrunk,
	}
}

func numberMessage(n trunks.Number) *telephonyv1.PhoneNumber {
	return &telephonyv1.PhoneNumber{
		Number: n.E164, Country: n.Country, Label: n.Label, Display: e164.Display(n.E164),
		Kind: value[telephonyv1.NumberKind](telephonyv1.NumberKind_value, kindPrefix, string(n.Kind)),
	}
}

func dialInMessage(d pins.DialIn) *telephonyv1.DialIn {
	return &telephonyv1.DialIn{
		RoomId: d.RoomID, TrunkId: d.TrunkID, Pin: d.Digits, PinDisplay: d.Display, SipUri: d.SIPURI,
		Numbers: mapAll(d.Numbers, func(n pins.DialInNumber) *telephonyv1.DialInNumber {
			return &telephonyv1.DialInNumber{Number: numberMessage(n.Number), Tel: n.Tel}
		}),
	}
}

var results = map[dispatch.Result]telephonyv1.DispatchResult{
	dispatch.Accept:     telephonyv1.DispatchResult_DISPATCH_RESULT_ACCEPT,
	dispatch.Reject:     telephonyv1.DispatchResult_DISPATCH_RESULT_REJECT,
	dispatch.RequestPIN: telephonyv1.DispatchResult_DISPATCH_RESULT_REQUEST_PIN,
}

// resolution makes all refusals one, except for operators.
func resolution(d dispatch.Decision, operator bool) *telephonyv1.ResolvePinResponse {
	answer := &telephonyv1.ResolvePinResponse{Result: results[d.Result]}
	if d.Result != dispatch.Reject || operator {
		answer.TrunkId = d.TrunkID
	}
	if d.Result == dispatch.Accept {
		answer.RoomId = d.RoomID
	}
	if operator {
		answer.Reason = reason(d.Reason)
	}
	return answer
}

func explanation(e dispatch.Explanation) *telephonyv1.ExplainCallResponse {
	return &telephonyv1.ExplainCallResponse{
		Result: results[e.Result], Reason: reason(e.Reason), TrunkId: e.TrunkID, RoomId: e.RoomID,
		Steps: mapAll(e.Steps, func(s dispatch.Step) *telephonyv1.ExplainedStep {
			return &telephonyv1.ExplainedStep{Name: s.Name, Reason: reason(s.Reason), Detail: s.Detail}
		}),
	}
}

func reason(r dispatch.Reason) telephonyv1.RefusalReason {
	return value[telephonyv1.RefusalReason](telephonyv1.RefusalReason_value, refusalPrefix, string(r))
}

var callStates = map[calls.State]telephonyv1.CallState{
	calls.Incoming: telephonyv1.CallState_CALL_STATE_INCOMING,
	calls.Joined:   telephonyv1.CallState_CALL_STATE_JOINED,
	calls.Active:   telephonyv1.CallState_CALL_STATE_ACTIVE,
	calls.Ended:    telephonyv1.CallState_CALL_STATE_ENDED,
	calls.Failed:   telephonyv1.CallState_CALL_STATE_FAILED,

	calls.HandedOver: telephonyv1.CallState_CALL_STATE_HANDED_OVER,
}

func callMessage(c calls.Call) *telephonyv1.Call {
	return &telephonyv1.Call{
		Id: c.ID, TrunkId: c.TrunkID, RoomId: c.RoomID, State: callStates[c.State],
		Caller: c.Caller, Called: c.Called,
		StartTime: timestamp(c.Started), AnswerTime: timestamp(c.Answered), EndTime: timestamp(c.Ended),
		EndReason: c.EndReason, Refusal: c.Refusal,
		SipStatus: int32(c.SIPStatus), SipReason: c.SIPReason, // #nosec G115 -- read from an int32
	}
}

func importedPIN(p *telephonyv1.ImportedPin) imports.PIN {
	return imports.PIN{RoomID: p.GetRoomId(), Digits: p.GetPin()}
}

func importOutcome(o imports.Outcome) telephonyv1.ImportOutcome {
	return value[telephonyv1.ImportOutcome](telephonyv1.ImportOutcome_value, outcomePrefix, string(o))
}
