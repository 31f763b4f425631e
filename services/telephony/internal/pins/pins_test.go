package pins_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
	if _, err := b.Allocate(t.Context(), uuid.NewString(), "IT"); !apierr.Has(err, apierr.PinsExhausted) {
		t.Errorf("a country without trunk: %v", err)
	}
	german := b.allocate(t, "DE")
	pin, until, err := b.Rotate(t.Context(), german.RoomID, pins.Rotation{})
	must(t, err)
	if pin.TrunkID != "ST_de" || pin.Digits == german.Digits || !until.Equal(b.clock.Now().Add(24*time.Hour)) {
		t.Errorf("rotated from %s to %s until %v", german.TrunkID, pin.TrunkID, until)
	}
}

func TestRotateWithoutPIN(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_a", "+33123456789", "FR")
	pin, until, err := b.Rotate(t.Context(), uuid.NewString(), pins.Rotation{})
	must(t, err)
	if pin.Digits == "" || !until.IsZero() {
		t.Errorf("PIN of %d digits, old one until %v", len(pin.Digits), until)
	}
}

// TestRevocation: of all PINs that a room had, the new one alone opens it.
func TestRevocation(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_a", "+33123456789", "FR")
	first := b.allocate(t, "")
	second, _, err := b.Rotate(t.Context(), first.RoomID, pins.Rotation{})
	must(t, err)
	third, until, err := b.Rotate(t.Context(), first.RoomID, pins.Rotation{Revoke: true})
	must(t, err)
	if !until.IsZero() {
		t.Errorf("the old PIN is accepted until %v", until)
	}
	for digits, want := range map[string]pins.State{first.Digits: pins.Quarantined, second.Digits: pins.Quarantined, third.Digits: pins.Current} {
		l, err := b.store.LookupPIN(t.Context(), "ST_a", digits)
		must(t, err)
		if l.PINState != want || (want == pins.Quarantined && !l.Until.Equal(b.clock.Now().Add(365*24*time.Hour))) {
			t.Errorf("a PIN is %s until %v, want %s", l.PINState, l.Until, want)
		}
	}
	must(t, b.Release(t.Context(), first.RoomID))
	if pin, _, err := b.Rotate(t.Context(), first.RoomID, pins.Rotation{Revoke: true}); err != nil || pin.Digits == "" {
		t.Errorf("a room without PIN: %v", err)
	}
}

func TestRotationsAreLimited(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_a", "+33123456789", "FR")
	room := b.allocate(t, "").RoomID
	rotate := func(r pins.Rotation) *apierr.Error {
		t.Helper()
		_, _, err := b.Rotate(t.Context(), room, r)
		return apierr.From(err)
	}
	for range 2 {
		if err := rotate(pins.Rotation{}); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Hour)
	}
	if err := rotate(pins.Rotation{Revoke: true}); err == nil || err.Reason != apierr.Throttled || err.RetryAfter != 22*time.Hour {
		t.Errorf("one too many: %v", err)
	}
	if err := rotate(pins.Rotation{Unlimited: true}); err != nil {
		t.Errorf("an operator: %v", err)
	}
	other := b.allocate(t, "").RoomID
	if _, _, err := b.Rotate(t.Context(), other, pins.Rotation{}); err != nil {
		t.Errorf("another room: %v", err)
	}
	b.clock.Advance(22 * time.Hour)
	if err := rotate(pins.Rotation{}); err != nil {
		t.Errorf("the next day: %v", err)
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

func TestDrain(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_a", "+33123456789", "FR")
	rooms := make([]string, 300) // more than a batch
	for i := range rooms {
		rooms[i] = b.allocate(t, "").RoomID
	}
	state := func() trunks.State {
		trunk, err := b.store.Trunk(t.Context(), "ST_a")
		must(t, err)
		return trunk.State
	}
	_, err := b.store.UpdateTrunk(t.Context(), "ST_a", func(trunk *trunks.Trunk) error {
		trunk.State = trunks.Draining
		return nil
	})
	must(t, err)
	b.clock.Advance(time.Second)
	if err := b.drainer.Drain(t.Context()); !apierr.Has(err, apierr.PinsExhausted) || state() != trunks.Draining {
		t.Fatalf("drain with nowhere to go: %v, trunk %s", err, state())
	}
	b.trunk(t, "ST_b", "+33123456780", "FR")
	must(t, b.drainer.Drain(t.Context()))
	list, err := b.store.CurrentPINs(t.Context(), rooms)
	must(t, err)
	for _, pin := range list {
		if pin.TrunkID != "ST_b" {
			t.Fatalf("a room stayed on %s", pin.TrunkID)
		}
	}
	if len(list) != len(rooms) || state() != trunks.Draining {
		t.Fatalf("%d rooms of %d have a PIN, trunk %s while old PINs are accepted", len(list), len(rooms), state())
	}
	b.clock.Advance(24 * time.Hour)
	must(t, b.sweeper.Sweep(t.Context()))
	must(t, b.drainer.Drain(t.Context()))
	if state() != trunks.Disabled {
		t.Errorf("trunk is %s at the end of its drain", state())
	}
}

// stopping is a store in which a trunk is made active as soon as the first of its
// rooms has been moved.
type stopping struct {
	pins.Store
	moved func()
	once  sync.Once
}

func (s *stopping) ReplacePIN(ctx context.Context, d pins.Draw, old pins.Retire) (pins.Result, error) {
	defer s.once.Do(s.moved)
	return s.Store.ReplacePIN(ctx, d, old)
}

// TestADrainIsStopped: an operator who makes the trunk active keeps the rooms
// that are not moved yet.
func TestADrainIsStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t, rand.Reader)
	b.trunk(t, "ST_a", "+33123456789", "FR")
	for range 300 {
		b.allocate(t, "")
	}
	b.trunk(t, "ST_b", "+33123456780", "FR")
	become := func(state trunks.State) {
		_, err := b.store.UpdateTrunk(t.Context(), "ST_a", func(trunk *trunks.Trunk) error {
			trunk.State = state
			return nil
		})
		must(t, err)
	}
	become(trunks.Draining)
	metrics, err := pins.NewMetrics(prometheus.NewRegistry())
	must(t, err)
	store := &stopping{Store: b.store, moved: func() { become(trunks.Active) }}
	log := slog.New(slog.DiscardHandler)
	a := pins.NewAllocator(store, pins.Rules{MaxDraws: 3}, b.clock, rand.Reader, log, metrics)
	must(t, pins.NewDrainer(store, a, b.directory, b.clock, log).Drain(t.Context()))
	left, err := b.store.ArmedPINs(t.Context(), "ST_b")
	must(t, err)
	trunk, err := b.store.Trunk(t.Context(), "ST_a")
	must(t, err)
	if left.Total() != 1 || trunk.State != trunks.Active {
		t.Errorf("%d rooms were moved, the trunk is %s", left.Total(), trunk.State)
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
