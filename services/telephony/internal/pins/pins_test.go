package pins_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/store/sqlite"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// zeros is a generator that always draws 0000.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type bench struct {
	*pins.Allocator
	store     *sqlite.Store
	clock     *clock.Fake
	directory *trunks.Directory
	registry  *prometheus.Registry
	log       *bytes.Buffer
	sweeper   *pins.Sweeper
	drainer   *pins.Drainer
}

func newBench(t *testing.T, random io.Reader) *bench {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	must(t, store.Migrate(t.Context()))
	b := &bench{store: store, clock: clock.NewFake(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)),
		registry: prometheus.NewRegistry(), log: &bytes.Buffer{}}
	metrics, err := pins.NewMetrics(b.registry)
	must(t, err)
	log := slog.New(slog.NewTextHandler(b.log, nil))
	rules := pins.Rules{MaxDraws: 3, Quarantine: 365 * 24 * time.Hour, Grace: 24 * time.Hour, Rotations: 2}
	b.directory = trunks.NewDirectory(store, b.clock)
	b.Allocator = pins.NewAllocator(store, rules, b.clock, random, log, metrics)
	b.sweeper = pins.NewSweeper(store, rules, b.clock, log)
	b.drainer = pins.NewDrainer(store, b.Allocator, b.directory, b.clock, log)
	must(t, b.registry.Register(b.FillCollector()))
	return b
}

func (b *bench) trunk(t *testing.T, id, number, country string) {
	t.Helper()
	must(t, b.store.CreateTrunk(t.Context(), &trunks.Trunk{
		ID: id, Name: id, State: trunks.Active, PINLength: 4, Arming: trunks.ArmingAlways, Guard: trunks.GuardAuto,
		Numbers: []trunks.Number{{E164: number, Country: country}}, Created: b.clock.Now(), Updated: b.clock.Now(),
	}))
	b.clock.Advance(time.Second) // the board is read anew, and trunks have an order
}

func (b *bench) allocate(t *testing.T, country string) pins.PIN {
	t.Helper()
	pin, err := b.Allocate(t.Context(), uuid.NewString(), country)
	must(t, err)
	return pin
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestGapsAreFoundAfterCollisions(t *testing.T) {
	t.Parallel()
	b := newBench(t, zeros{})
	b.trunk(t, "ST_a", "+33123456789", "FR")
	// Draws are always 0000, and so is the point from which gaps are searched.
	for i, want := range []string{"0000", "0001", "0002"} {
		if got := b.allocate(t, "").Digits; got != want {
			t.Errorf("PIN %d is %q, want %q", i, got, want)
		}
	}
	err := testutil.GatherAndCompare(b.registry, strings.NewReader(`
# HELP parley_telephony_pin_collisions_total Drawn PINs that turned out to be taken.
# TYPE parley_telephony_pin_collisions_total counter
parley_telephony_pin_collisions_total 6
# HELP parley_telephony_pin_draws_total Random draws of PINs.
# TYPE parley_telephony_pin_draws_total counter
parley_telephony_pin_draws_total 7
# HELP parley_telephony_pin_gap_searches_total Searches for a free PIN after all draws collided.
# TYPE parley_telephony_pin_gap_searches_total counter
parley_telephony_pin_gap_searches_total 2
`), "parley_telephony_pin_collisions_total", "parley_telephony_pin_draws_total", "parley_telephony_pin_gap_searches_total")
	must(t, err)
	if log := b.log.String(); strings.Contains(log, "0000") || !strings.Contains(log, "drawn PIN is taken") {
		t.Errorf("log: %s", log)
	}
}

// nearlyFull is a trunk of 10,000 PINs of which all but one are taken.
type nearlyFull struct {
	pins.Store
	free  string
	given []pins.PIN
}

func (n *nearlyFull) Fills(context.Context) ([]pins.Fill, error) {
	return []pins.Fill{{TrunkID: "ST_a", State: trunks.Active, Length: 4, Held: 9999, Numbers: 1}}, nil
}

func (n *nearlyFull) InsertPIN(_ context.Context, d pins.Draw) (pins.Result, error) {
	i := slices.Index(d.Candidates(), n.free)
	if i < 0 {
		return pins.Result{Outcome: pins.Collided, Taken: len(d.Candidates())}, nil
	}
	n.given = []pins.PIN{{Digits: n.free, RoomID: d.RoomID}}
	n.free = ""
	return pins.Result{Outcome: pins.Inserted, Taken: i, PIN: n.given[0]}, nil
}

func (n *nearlyFull) CurrentPINs(_ context.Context, rooms []string) ([]pins.PIN, error) {
	if len(n.given) > 0 && rooms[0] == n.given[0].RoomID {
		return n.given, nil
	}
	return nil, nil
}

func (n *nearlyFull) NoteCountry(context.Context, string, string) error { return nil }

// TestTheLastPINIsFound searches from a random point, so before and behind the
// gap, and over several windows.
func TestTheLastPINIsFound(t *testing.T) {
	t.Parallel()
	for _, free := range []string{"0000", "0001", "4096", "7319", "9999"} {
		metrics, err := pins.NewMetrics(prometheus.NewRegistry())
		must(t, err)
		log := &bytes.Buffer{}
		a := pins.NewAllocator(&nearlyFull{free: free}, pins.Rules{MaxDraws: 1}, clock.System{}, rand.Reader,
			slog.New(slog.NewTextHandler(log, nil)), metrics)
		room := uuid.NewString()
		pin, err := a.Allocate(t.Context(), room, "")
		must(t, err)
		if pin.Digits != free {
			t.Errorf("PIN %q, want the last one, %q", pin.Digits, free)
		}
		// Asking again, as after a lost answer, needs no PIN and is no alarm.
		again, err := a.Allocate(t.Context(), room, "")
		if err != nil || again.Digits != free || log.Len() > 0 && strings.Contains(log.String(), "no trunk") {
			t.Errorf("again: %q, %v, log %s", again.Digits, err, log)
		}
		_, err = a.Allocate(t.Context(), uuid.NewString(), "")
		if !apierr.Has(err, apierr.PinsExhausted) || !strings.Contains(log.String(), "no trunk has a PIN left") {
			t.Errorf("error %v, log %s", err, log)
		}
	}
}

// TestNoTrunk: a suite without trunks is one for browsers, which is no alarm; one
// whose trunk is full is an alarm, but not each time that a room asks again.
func TestNoTrunk(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	ask := func(level string, counted int) {
		t.Helper()
		b.log.Reset()
		for range 5 {
			if _, err := b.Allocate(t.Context(), uuid.NewString(), ""); !apierr.Has(err, apierr.PinsExhausted) {
				t.Errorf("error %v", err)
			}
		}
		if strings.Count(b.log.String(), "\n") != 1 || !strings.Contains(b.log.String(), "level="+level) {
			t.Errorf("log, want one line at %s:\n%s", level, b.log)
		}
		want := fmt.Sprintf("# HELP %[1]s Allocations that failed because no trunk had a PIN left.\n# TYPE %[1]s counter\n%[1]s %[2]d\n",
			"parley_telephony_pins_exhausted_total", counted)
		if err := testutil.GatherAndCompare(b.registry, strings.NewReader(want), "parley_telephony_pins_exhausted_total"); err != nil {
			t.Error(err)
		}
	}
	ask("INFO", 0)
	must(t, b.store.CreateTrunk(t.Context(), &trunks.Trunk{
		ID: "ST_a", Name: "a", State: trunks.Disabled, PINLength: 4, Arming: trunks.ArmingAlways, Guard: trunks.GuardAuto,
		Created: b.clock.Now(), Updated: b.clock.Now(),
	}))
	b.clock.Advance(time.Second)
	ask("ERROR", 5)
}

func TestCountryIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_fr", "+33123456789", "FR")
	b.trunk(t, "ST_de", "+493012345678", "DE")
	for range 5 {
		if pin := b.allocate(t, "DE"); pin.TrunkID != "ST_de" {
			t.Fatalf("a room that wants DE is on %s", pin.TrunkID)
		}
	}
	if pin := b.allocate(t, ""); pin.TrunkID != "ST_fr" {
		t.Errorf("the emptier trunk is ST_fr, not %s", pin.TrunkID)
	}
	if pin := b.allocate(t, "IT"); pin.TrunkID != "ST_fr" {
		t.Errorf("a country without trunk: %s, not the emptier one", pin.TrunkID)
	}
	german := b.allocate(t, "DE")
	pin, until, err := b.Rotate(t.Context(), german.RoomID, pins.Rotation{})
	must(t, err)
	if pin.TrunkID != "ST_de" || pin.Digits == german.Digits || !until.Equal(b.clock.Now().Add(24*time.Hour)) {
		t.Errorf("rotated from %s to %s until %v", german.TrunkID, pin.TrunkID, until)
	}
}

func TestLifeOfAPIN(t *testing.T) {
	t.Parallel()
	b := newBench(t, zeros{})
	b.trunk(t, "ST_a", "+33123456789", "FR")
	old := b.allocate(t, "")
	_, _, err := b.Rotate(t.Context(), old.RoomID, pins.Rotation{})
	must(t, err)
	for _, step := range []struct {
		after time.Duration
		state pins.State
	}{{23 * time.Hour, pins.Retiring}, {time.Hour, pins.Quarantined}, {364 * 24 * time.Hour, pins.Quarantined}, {24 * time.Hour, ""}} {
		b.clock.Advance(step.after)
		must(t, b.sweeper.Sweep(t.Context()))
		l, err := b.store.LookupPIN(t.Context(), "ST_a", old.Digits)
		must(t, err)
		if l.PINState != step.state {
			t.Fatalf("after %v more the PIN is %q, want %q", step.after, l.PINState, step.state)
		}
	}
	if pin := b.allocate(t, ""); pin.Digits != old.Digits {
		t.Errorf("the digits are not drawn again: %q", pin.Digits)
	}
}

func TestWorkersStopWithTheirContext(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	go func() { b.sweeper.Run(ctx); ended <- struct{}{} }()
	go func() { b.drainer.Run(ctx); ended <- struct{}{} }()
	b.drainer.Wake()
	cancel()
	for range 2 {
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			t.Fatal("a worker goes on")
		}
	}
}

func TestFailingRandomness(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	b := newBench(t, brokenReader{broken})
	b.trunk(t, "ST_a", "+33123456789", "FR")
	if _, err := b.Allocate(t.Context(), uuid.NewString(), ""); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestGroup(t *testing.T) {
	t.Parallel()
	for digits, want := range map[string]string{
		"1234": "1234", "12345": "123 45", "123456": "123 456", "1234567": "123 4567", "12345678": "123 456 78",
		"0123456789": "012 345 6789", "1234567890123456": "123 456 789 012 3456",
	} {
		if got := pins.Group(digits); got != want {
			t.Errorf("%s: %q, want %q", digits, got, want)
		}
	}
}
