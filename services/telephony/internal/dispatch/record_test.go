package dispatch

import (
	"bytes"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// TestOtherBridgesCalls end here as soon as they are handed over: nobody will say
// how they go on, and no line of the trunk is theirs.
func TestOtherBridgesCalls(t *testing.T) {
	t.Parallel()
	for pin, want := range map[string]*calls.Event{
		"":     nil,
		"0001": {State: calls.HandedOver, RoomID: room, Ended: now},
		"9999": {State: calls.Failed, Refusal: string(PINUnknown), Ended: now},
	} {
		w := newWorld()
		w.resolver(t, &bytes.Buffer{}).Resolve(t.Context(), ask("+33100000001", pin))
		if want == nil {
			if len(w.events) != 0 {
				t.Errorf("before the PIN: recorded %+v", w.events)
			}
			continue
		}
		if len(w.events) != 1 {
			t.Fatalf("%s: recorded %+v", pin, w.events)
		}
		if e := w.events[0]; e.State != want.State || e.RoomID != want.RoomID || e.Refusal != want.Refusal || !e.Ended.Equal(want.Ended) {
			t.Errorf("%s: recorded %+v, want %+v", pin, e, *want)
		}
	}
}

// TestAnswersAreCountedByStage: one call is one answer at each stage.
func TestAnswersAreCountedByStage(t *testing.T) {
	t.Parallel()
	r := newWorld().resolver(t, &bytes.Buffer{})
	r.Authenticate(t.Context(), ask("+33100000001", ""))
	r.Authenticate(t.Context(), ask("+33100000002", ""))
	r.Dispatch(t.Context(), ask("+33100000001", ""))
	r.Dispatch(t.Context(), ask("+33100000001", "0001"))
	r.Resolve(t.Context(), ask("+33100000001", "9999"))
	r.Resolve(t.Context(), ask("+33199999999", "9999"))
	want := [][]string{
		{"authenticate", "ring", "", "ST_a"}, {"authenticate", "reject", "trunk_disabled", "ST_off"},
		{"prompt", "request_pin", "", "ST_a"}, {"pin", "accept", "", "ST_a"},
		{"pin", "reject", "pin_unknown", "ST_a"}, {"pin", "reject", "number_unknown", ""},
	}
	for _, labels := range want {
		if n := testutil.ToFloat64(r.metrics.total.WithLabelValues(labels...)); n != 1 {
			t.Errorf("%v: %v answers, want 1", labels, n)
		}
	}
	if n := testutil.CollectAndCount(r.metrics.total); n != len(want) {
		t.Errorf("%d kinds of answers, want %d", n, len(want))
	}
}
