package telephony

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

// steps writes an explanation in one line.
func steps(e *telephonyv1.ExplainCallResponse) string {
	reason := func(r telephonyv1.RefusalReason) string {
		if r == 0 {
			return ""
		}
		return "!" + strings.ToLower(strings.TrimPrefix(r.String(), "REFUSAL_REASON_"))
	}
	var line []string
	for _, s := range e.GetSteps() {
		line = append(line, s.GetName()+reason(s.GetReason())+":"+s.GetDetail())
	}
	result := strings.ToLower(strings.TrimPrefix(e.GetResult().String(), "DISPATCH_RESULT_"))
	return strings.Join(append(line, result+reason(e.GetReason())), " ")
}

func TestExplainAndForgive(t *testing.T) {
	t.Parallel()
	server := start(t, testConfig(t))
	trunk := createTrunk(t, server, &telephonyv1.Trunk{
		Name: "Carrier", Numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789"}}, AllowedAddresses: []string{"192.0.2.1"},
	}).GetId()
	room := uuid.NewString()
	allocated, err := telephonyv1.NewPinServiceClient(server.Local(identity.CallerRoom)).
		AllocatePin(t.Context(), &telephonyv1.AllocatePinRequest{RoomId: room})
	must(t, err)
	shown, err := telephonyv1.NewTrunkServiceClient(server.Local(identity.CallerOperator)).
		GetTrunk(t.Context(), &telephonyv1.GetTrunkRequest{TrunkId: trunk})
	if err != nil || shown.GetTrunk().GetDensity() != 1e-10 || shown.GetTrunk().GetSuggestedPinLength() != 7 || shown.GetTrunk().GetGuarded() {
		t.Errorf("one PIN of ten digits: %v %v", shown, err)
	}
	good := allocated.GetDialIn().GetPin()
	wrong := string('0'+(good[0]-'0'+1)%10) + good[1:]
	bridge := telephonyv1.NewDispatchServiceClient(server.Local(identity.CallerBridge))
	operator := telephonyv1.NewDispatchServiceClient(server.Local(identity.CallerOperator))
	explain := func(what string, req *telephonyv1.ExplainCallRequest, want string) {
		t.Helper()
		for range 10 { // far above every limit: asking changes nothing
			got, err := operator.ExplainCall(t.Context(), req)
			must(t, err)
			if steps(got) != want {
				t.Fatalf("%s:\n got %s\nwant %s", what, steps(got), want)
			}
		}
	}
	const number, caller = "+33123456789", "+33612345678"
	whole := &telephonyv1.ExplainCallRequest{Number: number, Caller: caller, SourceIp: "192.0.2.1", Pin: good}
	through := fmt.Sprintf("number:%s source:192.0.2.1 trunk:active throttle: pin:current room:%s accept", trunk, room)
	explain("all is well", whole, through)
	explain("no PIN yet", &telephonyv1.ExplainCallRequest{TrunkId: trunk}, fmt.Sprintf("number:%s trunk:active throttle: request_pin", trunk))
	explain("no such number", &telephonyv1.ExplainCallRequest{Number: "+33199999999", Pin: good}, "number!number_unknown: reject!number_unknown")
	explain("all that is wrong", &telephonyv1.ExplainCallRequest{Number: number, SourceIp: "198.51.100.1", Pin: wrong},
		fmt.Sprintf("number:%s source!source_not_allowed:198.51.100.1 trunk:active throttle: pin!pin_unknown: reject!source_not_allowed", trunk))
	explain("malformed", &telephonyv1.ExplainCallRequest{Number: number, Pin: "12"},
		fmt.Sprintf("number:%s trunk:active throttle: pin!pin_malformed: reject!pin_malformed", trunk))

	resolve := func(pin string) telephonyv1.DispatchResult {
		t.Helper()
		answer, err := bridge.ResolvePin(t.Context(), &telephonyv1.ResolvePinRequest{Number: number, Caller: caller, Pin: pin})
		must(t, err)
		return answer.GetResult()
	}
	for range 5 {
		resolve(wrong)
	}
	if resolve(good) != telephonyv1.DispatchResult_DISPATCH_RESULT_REJECT {
		t.Error("not refused after five wrong PINs")
	}
	explain("refused, with a PIN that would be right", whole, fmt.Sprintf(
		"number:%s source:192.0.2.1 trunk:active throttle!throttled:caller_on_trunk pin:current room:%s reject!throttled", trunk, room))

	calls := telephonyv1.NewCallServiceClient(server.Local(identity.CallerOperator))
	for _, from := range []string{"0612345678", "Anonymous", "+"} {
		_, err := calls.ForgiveCaller(t.Context(), &telephonyv1.ForgiveCallerRequest{Caller: from})
		wantFields(t, err, "caller")
	}
	for _, c := range []struct {
		from string
		want int32
	}{{"anonymous", 0}, {"+33 6 12 34 56 78", 2}, {caller, 0}} {
		got, err := calls.ForgiveCaller(t.Context(), &telephonyv1.ForgiveCallerRequest{Caller: c.from})
		if err != nil || got.GetAccounts() != c.want {
			t.Errorf("forgive %s: %v %v, want %d accounts", c.from, got, err, c.want)
		}
	}
	explain("forgiven", whole, through)
	if resolve(good) != telephonyv1.DispatchResult_DISPATCH_RESULT_ACCEPT {
		t.Error("not let in after he was forgiven")
	}
}

func TestExplainIsForOperators(t *testing.T) {
	t.Parallel()
	server := start(t, testConfig(t))
	_, err := telephonyv1.NewDispatchServiceClient(server.Local(identity.CallerBridge)).
		ExplainCall(t.Context(), &telephonyv1.ExplainCallRequest{Number: "+33123456789"})
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("a bridge: %v", err)
	}
	_, err = telephonyv1.NewDispatchServiceClient(server.Local(identity.CallerOperator)).
		ExplainCall(t.Context(), &telephonyv1.ExplainCallRequest{})
	if !apierr.Has(err, apierr.InvalidFields) {
		t.Errorf("without number: %v", err)
	}
}
