package pins_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

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
