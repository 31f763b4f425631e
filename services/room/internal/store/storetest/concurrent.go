package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

const many = 32

// together runs f many times at once.
func together(f func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range many {
		wg.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	wg.Wait()
}

func sameSlugByMany(t *testing.T, s Store) {
	var won, taken atomic.Int32
	together(func(int) {
		m := newRoom("the room", uuid.NewString())
		switch err := s.Create(t.Context(), m.due(start)); {
		case err == nil:
			won.Add(1)
		case apierr.Has(err, apierr.InvalidFields):
			taken.Add(1)
		default:
			t.Errorf("create: %v", err)
		}
	})
	if won.Load() != 1 || taken.Load() != many-1 {
		t.Fatalf("%d won, %d were told that the slug is taken", won.Load(), taken.Load())
	}
	if n := pending(t, s, outbox.Allocate); n != 1 {
		t.Errorf("%d tasks", n)
	}
}

func claimsByMany(t *testing.T, s Store) {
	const tasks = 200
	for i := range tasks {
		create(t, s, fmt.Sprint("room ", i), uuid.NewString())
	}
	now := start.Add(lease)
	var claimed sync.Map
	var count atomic.Int32
	together(func(int) {
		for {
			some, err := s.Claim(t.Context(), outbox.Allocate, now, now.Add(lease), 7)
			if err != nil {
				t.Errorf("claim: %v", err)
				return
			}
			if len(some) == 0 {
				return
			}
			for _, task := range some {
				count.Add(1)
				if _, twice := claimed.LoadOrStore(task.RoomID, true); twice {
					t.Errorf("room %s was claimed twice", task.RoomID)
				}
			}
			if err := s.Settle(t.Context(), some, nil); err != nil {
				t.Errorf("settle: %v", err)
			}
		}
	})
	// A claim may come back empty because others were faster, so a rest is fine;
	// what is lost or doubled is not.
	rest := len(claimAll(t, s, outbox.Allocate, now))
	if int(count.Load())+rest != tasks {
		t.Fatalf("%d claimed and %d left of %d", count.Load(), rest, tasks)
	}
}

// updateAndDelete: whoever comes after the deletion is told so, and exactly one
// deletes.
func updateAndDelete(t *testing.T, s Store) {
	m := create(t, s, "room", uuid.NewString())
	release := outbox.Task{RoomID: m.room.ID, Action: outbox.Release, Version: 1}
	var deleted atomic.Int32
	together(func(i int) {
		var err error
		switch i % 3 {
		case 0:
			if err = s.Delete(t.Context(), m.room.ID, release, start); err == nil {
				deleted.Add(1)
			}
		case 1:
			level := rooms.Public
			_, err = s.Update(t.Context(), m.room.ID, rooms.Change{AccessLevel: &level}, start)
		default:
			_, err = s.Hold(t.Context(), m.task, start)
		}
		if err != nil && !apierr.Has(err, apierr.RoomNotFound) {
			t.Errorf("%v", err)
		}
	})
	if deleted.Load() != 1 {
		t.Fatalf("deleted %d times", deleted.Load())
	}
	if a, r := pending(t, s, outbox.Allocate), pending(t, s, outbox.Release); a != 0 || r != 1 {
		t.Fatalf("%d allocations, %d releases", a, r)
	}
}
