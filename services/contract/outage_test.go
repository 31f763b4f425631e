package contract

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/livekit/protocol/rpc"

	"github.com/parleymeet/parley/pkg/testkit"
)

// pins returns the PIN of each room, "" for none.
func (b *browser) pins(t *testing.T, rooms []string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range rooms {
		room := b.must(t, http.StatusOK, http.MethodGet, roomsPath+name+"/", nil).json
		pin, _ := room["pin_code"].(string)
		found[name] = pin
	}
	return found
}

// waitForPins waits until every room has a PIN and no two share one.
func (b *browser) waitForPins(t *testing.T, within time.Duration, rooms []string) map[string]string {
	t.Helper()
	var pins map[string]string
	testkit.Eventually(t, within, func() error {
		pins = b.pins(t, rooms)
		owner := map[string]string{}
		for name, pin := range pins {
			if pin == "" {
				return fmt.Errorf("%s has no PIN", name)
			}
			if other, taken := owner[pin]; taken {
				t.Fatalf("%s and %s share a PIN", name, other)
			}
			owner[pin] = name
		}
		return nil
	})
	return pins
}

// TestTelephonyAway shows that rooms are created while telephony is away, and
// that each gets one PIN when it is back; killing room in between loses nothing.
func TestTelephonyAway(t *testing.T) {
	t.Parallel()
	d := startSplit(t, splitOptions{})
	d.login(t, "operator@example.org").createTrunk(t, "Carrier", "+33199000123", 10)
	ada := d.login(t, "ada.lovelace@example.org")
	before := ada.createRoom(t, "before")

	d.processes["telephony"].kill()
	var rooms []string
	for i := range 20 {
		name := fmt.Sprintf("away-%d", i)
		room := ada.createRoom(t, name)
		if pin, present := room["pin_code"]; pin != nil || !present {
			t.Fatalf("a room without telephony: pin_code %v, present %v", pin, present)
		}
		rooms = append(rooms, name)
	}
	ada.must(t, http.StatusOK, http.MethodGet, roomsPath+"before/", nil)
	ada.must(t, http.StatusNoContent, http.MethodDelete, roomsPath+"away-0/", nil)
	ada.must(t, http.StatusNoContent, http.MethodDelete, roomsPath+"before/", nil)
	rooms = rooms[1:]

	// Room dies with the PINs still owed.
	d.processes["room"].kill()
	d.processes["room"].start()
	d.waitServing(t, "room")

	d.processes["telephony"].start()
	d.waitReady(t, "telephony")
	back := time.Now()
	ada.waitForPins(t, 5*time.Second, rooms)
	t.Logf("19 PINs arrived %v after telephony was ready", time.Since(back).Round(10*time.Millisecond))

	bus := d.sipBus(t)
	testkit.Eventually(t, 5*time.Second, func() error {
		if got := dial(t, bus, call("+33612345678", "+33199000123"), before["pin_code"].(string)); got.GetResult() != rpc.SIPDispatchResult_REJECT {
			return fmt.Errorf("the PIN of a room deleted meanwhile: %v", got.GetResult())
		}
		return nil
	})
}

// TestRoomKilledWhileCreating kills room again and again under creators: every
// room that exists afterwards has exactly one PIN.
func TestRoomKilledWhileCreating(t *testing.T) {
	t.Parallel()
	d := startSplit(t, splitOptions{})
	d.login(t, "operator@example.org").createTrunk(t, "Carrier", "+33199000123", 10)
	ada := d.login(t, "ada.lovelace@example.org")

	stop := make(chan struct{})
	var group sync.WaitGroup
	var created atomic.Int64
	for worker := range 8 {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				got := ada.do(t, http.MethodPost, roomsPath, map[string]any{"name": fmt.Sprintf("killed-%d-%d", worker, i)})
				if got.status == http.StatusCreated {
					created.Add(1)
				}
				if got.status != http.StatusCreated && got.status != http.StatusServiceUnavailable && got.status != http.StatusGatewayTimeout {
					t.Errorf("create: %d %s", got.status, got.raw)
				}
			}
		})
	}
	for range 4 {
		enough := created.Load() + 10 // so that each kill comes in the middle of creations
		testkit.Eventually(t, 15*time.Second, func() error {
			if n := created.Load(); n < enough {
				return fmt.Errorf("%d rooms created, want %d", n, enough)
			}
			return nil
		})
		d.processes["room"].kill()
		d.processes["room"].start()
		d.waitReady(t, "room")
	}
	close(stop)
	group.Wait()

	// The gateway reaches room again within the two seconds of its reconnection.
	testkit.Eventually(t, 5*time.Second, func() error {
		if got := ada.do(t, http.MethodGet, roomsPath, nil); got.status != http.StatusOK {
			return fmt.Errorf("list of rooms: %d", got.status)
		}
		return nil
	})
	var rooms []string
	for page := 1; ; page++ {
		got := ada.must(t, http.StatusOK, http.MethodGet, fmt.Sprintf("%s?page_size=100&page=%d", roomsPath, page), nil).json
		for _, room := range got["results"].([]any) {
			rooms = append(rooms, room.(map[string]any)["slug"].(string))
		}
		if got["next"] == nil {
			break
		}
	}
	if len(rooms) < 20 {
		t.Fatalf("only %d rooms were created", len(rooms))
	}
	ada.waitForPins(t, 10*time.Second, rooms)
	t.Logf("%d rooms, each with one PIN", len(rooms))
}
