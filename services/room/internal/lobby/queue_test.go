package lobby

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// crowd is a room in which so many wait, by browser, and a phone.
type crowd struct {
	Store
	Rooms
	size int
}

// line is a phone that waits.
type line struct{ Phones }

var crowdBegan = time.Unix(1768478400, 0).UTC()

func (c *crowd) person(i int) Entry {
	return Entry{ParticipantID: fmt.Sprintf("%05d", i), CreatedAt: crowdBegan.Add(time.Duration(i) * time.Second)}
}

func (c *crowd) Moderated(context.Context, rooms.Caller, string) (rooms.Held, error) {
	return rooms.Held{Room: rooms.Room{AccessLevel: rooms.Restricted}}, nil
}

func (line) Waiting(context.Context, string) ([]Entry, error) {
	return []Entry{{ParticipantID: "phone", CreatedAt: crowdBegan.Add(time.Millisecond)}}, nil
}

func (c *crowd) Queue(_ context.Context, _ string, _ time.Time, limit int) (list []Entry, err error) {
	for i := range min(c.size, limit) {
		list = append(list, c.person(i))
	}
	return list, nil
}

func (c *crowd) Latest(_ context.Context, _ string, _ time.Time, limit int) (list []Entry, err error) {
	for i := range min(c.size, limit) {
		list = append(list, c.person(c.size-1-i))
	}
	return list, nil
}

// TestQueueOfACrowd: who comes last is shown, however many wait.
func TestQueueOfACrowd(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{0: 1, 999: 1000, 1000: 1001, 1001: 1001, 5000: 1001} {
		c := &crowd{size: size}
		s := New(Settings{}, Parts{Store: c, Rooms: c, Phones: line{}, Clock: clock.NewFake(crowdBegan)})
		list, err := s.Queue(t.Context(), rooms.Caller{}, "room")
		if err != nil || len(list) != want || !slices.IsSortedFunc(list, func(a, b Entry) int { return a.CreatedAt.Compare(b.CreatedAt) }) {
			t.Errorf("of %d: %d in order, want %d; %v", size, len(list), want, err)
			continue
		}
		if size > 0 && (list[0] != c.person(0) || list[len(list)-1] != c.person(size-1)) {
			t.Errorf("of %d: from %v to %v", size, list[0], list[len(list)-1])
		}
	}
}
