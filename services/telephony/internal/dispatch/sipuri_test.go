package dispatch

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

// TestRefusalsTellWhatWasSent: a carrier that sends numbers in another form, or calls
// from another network, is found out by the log. No PIN is.
func TestRefusalsTellWhatWasSent(t *testing.T) {
	t.Parallel()
	national := Question{CallID: "SCL_1", Called: []string{"0199999999", "0199999999", ""}, Caller: caller, Source: "203.0.113.9"}
	mixed, elsewhere := national, ask("+33100000003", "") // on ST_guarded
	mixed.Called, elsewhere.Source = []string{"0199999999", "pilot"}, "198.51.100.1"
	for name, c := range map[string]struct {
		q    Question
		uris bool
		want string
	}{
		"a national number":  {national, false, `called=[0199999999] source=203.0.113.9`},
		"and a name":         {mixed, false, `called="[0199999999 pilot]" source=203.0.113.9`},
		"what may be a PIN":  {mixed, true, `called=[pilot] source=`},
		"from another place": {elsewhere, false, `reason=source_not_allowed trunk=ST_guarded call=SCL_1 source=198.51.100.1`},
	} {
		log := &bytes.Buffer{}
		w := newWorld()
		r := w.resolver(t, log)
		if r.cfg.SIPURIs = c.uris; c.uris {
			w.list = w.list[:1] // of which none has a network
		}
		r.Authenticate(t.Context(), c.q)
		if !strings.Contains(log.String(), c.want) {
			t.Errorf("%s: log %s, want %s", name, log, c.want)
		}
	}
}

// TestNationalNumbers: a trunk takes calls to its number as it is dialled in its
// country, and no such number is a PIN.
func TestNationalNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0100000001": "ST_a", "01 00 00 00 01": "ST_a", "100000003": "ST_guarded", "+0100000001": "", "0100000009": "",
	} {
		for _, uris := range []bool{false, true} {
			r := newWorld().resolver(t, &bytes.Buffer{})
			r.cfg.SIPURIs = uris
			d, _ := r.Dispatch(t.Context(), Question{CallID: "SCL_1", Called: []string{"pilot", text}, Caller: caller, Source: "203.0.113.9"})
			switch {
			case want == "" && d.Result == Reject:
			case d.Result != RequestPIN || d.TrunkID != want || !strings.HasPrefix(d.Called, "+3310000000"):
				t.Errorf("%s (URIs %v): %+v, want the prompt of %s", text, uris, d, want)
			}
		}
	}
}

// TestSIPURIs dials PINs of ST_guarded, the one trunk with a network, as users
// of SIP URIs.
func TestSIPURIs(t *testing.T) {
	t.Parallel()
	dial := func(change func(*Question)) Question {
		q := Question{CallID: "SCL_1", Called: []string{"0001", "0001"}, Caller: caller, Source: "203.0.113.9"}
		if change != nil {
			change(&q)
		}
		return q
	}
	for name, c := range map[string]struct {
		q      Question
		off    bool
		twin   bool
		result Result
		reason Reason
	}{
		"the room's PIN":       {q: dial(nil), result: Accept},
		"after authentication": {q: dial(func(q *Question) { q.TrunkID = "ST_guarded" }), result: Accept},
		"in the request line":  {q: dial(func(q *Question) { q.Called[0] = "pilot" }), result: Accept},
		"not offered":          {q: dial(nil), off: true, result: Reject, reason: NumberUnknown},
		"unknown PIN":          {q: dial(func(q *Question) { q.Called = []string{"123456789"} }), result: Reject, reason: TrunkUnknown},
		"no digits":            {q: dial(func(q *Question) { q.Called = []string{"00o1", "12*4"} }), result: Reject, reason: NumberUnknown},
		"too long":             {q: dial(func(q *Question) { q.Called = []string{strings.Repeat("1", 17)} }), result: Reject, reason: NumberUnknown},
		"from elsewhere":       {q: dial(func(q *Question) { q.Source = "198.51.100.1" }), result: Reject, reason: NumberUnknown},
		"from nowhere":         {q: dial(func(q *Question) { q.Source, q.AnySource = "", true }), result: Reject, reason: NumberUnknown},
		"from two trunks":      {q: dial(nil), twin: true, result: Reject, reason: NumberUnknown},
		"of another trunk":     {q: dial(func(q *Question) { q.TrunkID = "ST_a" }), result: RequestPIN},
		"with a number":        {q: dial(func(q *Question) { q.Called[1] = "+33100000001" }), result: RequestPIN},
	} {
		w := newWorld()
		if c.twin {
			w.list[0].Allowed = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
		}
		log := &bytes.Buffer{}
		r := w.resolver(t, log)
		r.cfg.SIPURIs = !c.off
		d, entry := r.Dispatch(t.Context(), c.q)
		if d.Result != c.result || d.Reason != c.reason || (d.Result == Accept && (d.RoomID != room || d.TrunkID != "ST_guarded" || entry.Identity == "")) {
			t.Errorf("%s: %+v", name, d)
		}
		for _, e := range w.events {
			if d.TrunkID == "ST_guarded" && e.Called != "" {
				t.Errorf("%s: a PIN on record: %+v", name, e)
			}
		}
		if c.result == Accept {
			if d, trunk := r.Authenticate(t.Context(), c.q); d.Result != Ring || trunk.ID != "ST_guarded" {
				t.Errorf("%s, before it rings: %+v", name, d)
			}
		}
		if strings.Contains(log.String(), "123456789") {
			t.Errorf("%s: log %s", name, log)
		}
	}
}
