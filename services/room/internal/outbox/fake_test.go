package outbox_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/rooms"
	"github.com/parleymeet/parley/services/room/internal/store/sqlite"
)

// telephony is a telephony that a test breaks and blocks.
type telephony struct {
	mu sync.Mutex
	// pins are the rooms that have one.
	pins map[string]bool
	// said are the calls in the order in which they ended well, "action room".
	said []string
	// calls counts all calls, by room.
	calls map[string]int
	// answer decides how a call ends; nil for well.
	answer func(action outbox.Action, roomID string) error
	// block, when set, is waited for in every allocation, whatever the caller's limit.
	block chan struct{}
}

func newTelephony() *telephony {
	return &telephony{pins: map[string]bool{}, calls: map[string]int{}}
}

func (f *telephony) call(action outbox.Action, roomID string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[roomID]++
	if f.answer != nil {
		if err := f.answer(action, roomID); err != nil {
			return err
		}
	}
	f.said = append(f.said, string(action)+" "+roomID)
	f.pins[roomID] = action == outbox.Allocate
	return nil
}

func (f *telephony) Allocate(_ context.Context, roomID, _ string) (*telephonyv1.DialIn, error) {
	f.mu.Lock()
	block := f.block
	f.mu.Unlock()
	if block != nil {
		<-block
	}
	return &telephonyv1.DialIn{RoomId: roomID, Pin: "0123456789"}, f.call(outbox.Allocate, roomID)
}

func (f *telephony) Release(_ context.Context, roomID string) error {
	return f.call(outbox.Release, roomID)
}

func (f *telephony) setAnswer(answer func(outbox.Action, string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func (f *telephony) has(roomID string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pins[roomID]
}

func (f *telephony) count() (pins, calls int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, has := range f.pins {
		if has {
			pins++
		}
	}
	for _, n := range f.calls {
		calls += n
	}
	return pins, calls
}

func (f *telephony) order() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.said...)
}

// bench is an outbox on a database of its own.
type bench struct {
	*outbox.Outbox
	store     *sqlite.Store
	telephony *telephony
	registry  *prometheus.Registry
}

func newBench(t *testing.T, c clock.Clock) *bench {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "room.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := &bench{store: store, telephony: newTelephony(), registry: prometheus.NewRegistry()}
	if b.Outbox, err = outbox.New(store, b.telephony, c, log, b.registry); err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs the worker until the test ends.
func (b *bench) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// create stores a room as CreateRoom does, up to the commit.
func (b *bench) create(t *testing.T, due time.Time) (string, outbox.Lease, outbox.Task) {
	t.Helper()
	id := uuid.NewString()
	room := rooms.Room{ID: id, Name: id, Slug: "room-" + id, AccessLevel: rooms.Public, CreatedAt: due, UpdatedAt: due}
	owner := rooms.Access{ID: uuid.NewString(), RoomID: id, UserID: uuid.NewString(), Role: rooms.Owner, CreatedAt: due}
	lease := b.Lease()
	if due.IsZero() {
		due = lease.Until
	}
	task := lease.Task(id, outbox.Allocate)
	if err := b.store.Create(t.Context(), rooms.Creation{Room: room, Owner: owner, Task: task, Due: due}); err != nil {
		t.Fatal(err)
	}
	return id, lease, task
}

// remove deletes a room as DeleteRoom does.
func (b *bench) remove(t *testing.T, id string, now time.Time) {
	t.Helper()
	if err := b.store.Delete(t.Context(), id, b.Lease().Task(id, outbox.Release), now); err != nil {
		t.Fatal(err)
	}
	b.Wake()
}

func (b *bench) pending(t *testing.T, action outbox.Action) int {
	t.Helper()
	n, err := b.store.Pending(t.Context(), action)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// gauge returns the number of waiting rooms that operators see.
func (b *bench) gauge(t *testing.T) float64 {
	t.Helper()
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "parley_room_pin_pending" {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatal("no gauge")
	return 0
}
