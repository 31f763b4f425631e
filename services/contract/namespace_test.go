package contract

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestNamespaceFillsCompletely has 64 creators fill a trunk of four digits,
// through two replicas each of room and telephony, to its last PIN.
func TestNamespaceFillsCompletely(t *testing.T) {
	t.Parallel()
	const capacity, creators = 10_000, 64
	d := startSplit(t, splitOptions{replicas: 2, more: []string{"LOG_LEVEL", "error"}})
	operator, ada := d.login(t, "operator@example.org"), d.login(t, "ada.lovelace@example.org")
	small := operator.createTrunk(t, "Small", "+33199000123", 4)["id"].(string)

	var next atomic.Int64
	var mu sync.Mutex
	owner := map[string]string{} // PIN -> room
	var late []string            // rooms whose PIN came after the answer, as on a busy machine
	var group sync.WaitGroup
	for range creators {
		group.Go(func() {
			for n := next.Add(1); n <= capacity && !t.Failed(); n = next.Add(1) {
				got := ada.do(t, http.MethodPost, roomsPath, map[string]any{"name": fmt.Sprintf("fill-%d", n)})
				if got.status != http.StatusCreated {
					t.Errorf("room %d: %d %s", n, got.status, got.raw)
					return
				}
				room := got.json["slug"].(string)
				pin, _ := got.json["pin_code"].(string)
				if pin == "" {
					mu.Lock()
					late = append(late, room)
					mu.Unlock()
					continue
				}
				mu.Lock()
				other, taken := owner[pin]
				owner[pin] = room
				mu.Unlock()
				if len(pin) != 4 || taken {
					t.Errorf("room %d: PIN of %d digits, shared with %q", n, len(pin), other)
				}
			}
		})
	}
	group.Wait()
	for room, pin := range ada.waitForPins(t, time.Minute, late) {
		if other, taken := owner[pin]; len(pin) != 4 || taken {
			t.Errorf("%s: PIN of %d digits, shared with %q", room, len(pin), other)
		}
		owner[pin] = room
	}
	t.Logf("%d of %d PINs came after the answer", len(late), capacity)
	if t.Failed() {
		return
	}
	if held := operator.must(t, http.StatusOK, http.MethodGet, trunksPath+small+"/", nil).json; len(owner) != capacity {
		t.Fatalf("%d PINs, trunk %v", len(owner), held)
	}

	// Nothing is left: the room is created, its PIN null, and the reason counted.
	without := ada.createRoom(t, "one-too-many")
	if without["pin_code"] != nil {
		t.Fatalf("a PIN out of nothing: %v", without["pin_code"])
	}
	if exhausted := d.metric(t, "parley_telephony_pins_exhausted_total", "telephony", "telephony-2"); exhausted < 1 {
		t.Errorf("pins_exhausted_total is %v", exhausted)
	}
	logs := d.processes["telephony"].logs.String() + d.processes["telephony-2"].logs.String()
	if !strings.Contains(logs, "no trunk has a PIN left") {
		t.Errorf("the log does not tell that PINs are used up:\n%s", lastLines(logs, 20))
	}

	// It gets one as soon as there is a trunk again, and so do later rooms.
	large := operator.createTrunk(t, "Large", "+33199000456", 10)["id"].(string)
	pin := ada.waitForPins(t, 5*time.Second, []string{"one-too-many"})["one-too-many"]
	after := ada.createRoom(t, "after")
	if len(pin) != 10 || after["dial_in"].(map[string]any)["trunk_id"] != large {
		t.Errorf("late PIN of %d digits, next room on %v", len(pin), after["dial_in"])
	}
}

// metric sums a counter over its labels and the named processes.
func (d *deployment) metric(t *testing.T, name string, processes ...string) (sum float64) {
	t.Helper()
	for _, process := range processes {
		for _, m := range d.metrics(t, process)[name].GetMetric() {
			sum += m.GetCounter().GetValue()
		}
	}
	return sum
}

// metrics returns what a process shows its operators.
func (d *deployment) metrics(t *testing.T, process string) map[string]*dto.MetricFamily {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.admin[process]+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}
