package telephony

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/internal/livekit"
)

// gate is LiveKit's API, which can be away.
type gate struct {
	*httptest.Server
	away atomic.Bool
}

func newGate(t *testing.T, target string) *gate {
	t.Helper()
	to, err := url.Parse(target)
	must(t, err)
	proxy, g := httputil.NewSingleHostReverseProxy(to), &gate{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.away.Load() {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// ruleWorld is telephony in rules mode with a real LiveKit.
type ruleWorld struct {
	rules *livekit.Rules // past the gate
	gate  *gate
	pins  telephonyv1.PinServiceClient
	trunk *telephonyv1.Trunk
	at    time.Time // of the last event
}

func newRuleWorld(t *testing.T) *ruleWorld {
	t.Helper()
	redisURL, err := url.Parse(testkit.Redis(t))
	must(t, err)
	server := testkit.LiveKit(t, testkit.LiveKitOptions{RedisAddr: redisURL.Host})
	w := &ruleWorld{gate: newGate(t, server.APIURL), rules: livekit.NewRules(server.APIURL, server.APIKey, server.APISecret), at: time.Now()}
	cfg := testConfig(t)
	cfg.DispatchMode, cfg.LiveKitRulesInterval = modeRules, time.Second
	cfg.LiveKitAPIURL, cfg.LiveKitAPIKey, cfg.LiveKitAPISecret = w.gate.URL, server.APIKey, config.Secret(server.APISecret)
	telephony := start(t, cfg)
	trunkService := telephonyv1.NewTrunkServiceClient(telephony.Local(identity.CallerOperator))
	created, err := trunkService.CreateTrunk(t.Context(), &telephonyv1.CreateTrunkRequest{Trunk: &telephonyv1.Trunk{
		Name: "Carrier", Numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789"}}, AllowedAddresses: []string{"192.0.2.0/24"},
	}})
	if err != nil || len(created.GetWarnings()) != 1 || !strings.Contains(created.GetWarnings()[0], "LiveKit trunk") {
		t.Fatalf("warnings %v, %v", created.GetWarnings(), err)
	}
	updated, err := trunkService.UpdateTrunk(t.Context(), &telephonyv1.UpdateTrunkRequest{
		Trunk:      &telephonyv1.Trunk{Id: created.GetTrunk().GetId(), LivekitTrunkId: "ST_abcdEFGH1234"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"livekit_trunk_id"}},
	})
	must(t, err)
	w.trunk = updated.GetTrunk()
	w.pins = telephonyv1.NewPinServiceClient(telephony.Local(identity.CallerRoom))
	return w
}

// room returns a room and its PIN.
func (w *ruleWorld) room(t *testing.T) (id, pin string) {
	t.Helper()
	id = uuid.NewString()
	allocated, err := w.pins.AllocatePin(t.Context(), &telephonyv1.AllocatePinRequest{RoomId: id})
	must(t, err)
	return id, allocated.GetDialIn().GetPin()
}

func (w *ruleWorld) live(t *testing.T, room string, live bool) {
	t.Helper()
	w.at = w.at.Add(time.Millisecond)
	_, err := w.pins.SetRoomLive(t.Context(), &telephonyv1.SetRoomLiveRequest{RoomId: room, Live: live, EventTime: timestamppb.New(w.at)})
	must(t, err)
}

// list returns all of LiveKit's rules.
func (w *ruleWorld) list(t *testing.T) []livekit.Rule {
	t.Helper()
	found, err := w.rules.List(t.Context(), "")
	must(t, err)
	return found
}

// until waits until LiveKit has rules for exactly these PINs.
func (w *ruleWorld) until(t *testing.T, within time.Duration, want ...string) {
	t.Helper()
	slices.Sort(want)
	testkit.Eventually(t, within, func() error {
		found := w.list(t)
		got := make([]string, len(found))
		for i, r := range found {
			got[i] = r.PIN
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Errorf("rules for %v, want %v", got, want)
		}
		return nil
	})
}

// soon is how long a change may take to reach LiveKit, on a machine that is busy.
const soon = 5 * time.Second

// TestRulesMode keeps rules in a real LiveKit, of which one belongs to somebody else.
func TestRulesMode(t *testing.T) {
	t.Parallel()
	w := newRuleWorld(t)
	give := func(name, pin string) string {
		t.Helper()
		id, err := w.rules.Create(t.Context(), livekit.Rule{Name: name, Trunk: w.trunk.GetLivekitTrunkId(), PIN: pin, Room: "x"})
		must(t, err)
		return id
	}
	foreign := give("somebody else's", "42")
	room, pin := w.room(t)
	w.live(t, room, true)
	w.until(t, soon, "42", pin)
	for _, r := range w.list(t) {
		if r.ID == foreign {
			continue
		}
		if r.Room != room || strings.Contains(r.Name, pin) || !strings.HasPrefix(r.Name, "parley-") || r.Trunk != w.trunk.GetLivekitTrunkId() {
			t.Errorf("rule %+v", r)
		}
		give(strings.Fields(r.Name)[0]+" an orphan", "43")
	}
	w.until(t, soon, "42", pin)

	rotated, err := w.pins.RotatePin(t.Context(), &telephonyv1.RotatePinRequest{RoomId: room})
	must(t, err)
	next := rotated.GetDialIn().GetPin()
	w.until(t, soon, "42", pin, next) // the old one retires
	w.live(t, room, false)
	w.until(t, soon, "42")
	w.live(t, room, true)
	w.until(t, soon, "42", pin, next)
	_, err = w.pins.ReleasePin(t.Context(), &telephonyv1.ReleasePinRequest{RoomId: room})
	must(t, err)
	w.until(t, soon, "42")
}

// TestRulesWithoutLiveKit: what happens while LiveKit is away is done when it is back.
func TestRulesWithoutLiveKit(t *testing.T) {
	t.Parallel()
	w := newRuleWorld(t)
	before, oldPIN := w.room(t)
	during, newPIN := w.room(t)
	w.live(t, before, true)
	w.until(t, soon, oldPIN)
	w.gate.away.Store(true)
	w.live(t, before, false)
	w.live(t, during, true)
	time.Sleep(time.Second) // it tries
	w.until(t, 0, oldPIN)
	w.gate.away.Store(false)
	w.until(t, 10*time.Second, newPIN)
}

func TestRulesModeNeedsLiveKit(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.DispatchMode, cfg.LiveKitRulesInterval = modeRules, 0
	err := cfg.Validate()
	for _, name := range []string{"LIVEKIT_API_URL", "LIVEKIT_RULES_INTERVAL"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not among the faults: %v", name, err)
		}
	}
}
