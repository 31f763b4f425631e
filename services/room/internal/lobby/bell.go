package lobby

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
)

const (
	// ringEvery is how often a meeting is told that somebody waits. It is told
	// again for who joined it in the meantime and would not know.
	ringEvery = 3 * time.Second
	// ringTimeout bounds telling one meeting.
	ringTimeout = time.Second
	// ringers tell meetings side by side; maxRings may wait for them.
	ringers, maxRings = 4, 256
)

// waitingNotice is what the pages in a meeting look for.
var waitingNotice = []byte(`{"type":"participantWaiting"}`)

// Meetings are the rooms that people are in at the moment.
type Meetings interface {
	// SendData sends bytes to all in the room. Where nobody is, nobody gets them,
	// and that is no error.
	SendData(ctx context.Context, roomID string, data []byte) error
}

// Bell tells meetings that somebody waits, outside of what finds out. A ring that
// is lost costs little: the next question rings again.
type Bell struct {
	meetings Meetings
	clock    clock.Clock
	log      *slog.Logger
	queue    chan string

	mu     sync.Mutex
	rung   map[string]time.Time // by room, within the last ringEvery
	pruned time.Time
}

// NewBell returns a bell that rings once it runs. meetings may be nil: then nobody
// is told.
func NewBell(meetings Meetings, c clock.Clock, log *slog.Logger) *Bell {
	return &Bell{
		meetings: meetings, clock: c, log: log, queue: make(chan string, maxRings),
		rung: map[string]time.Time{}, pruned: c.Now(),
	}
}

// Ring tells the meeting soon, unless that was done a moment ago. It does not block.
func (b *Bell) Ring(roomID string) {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.pruned) >= ringEvery {
		b.pruned = now
		for room, at := range b.rung {
			if now.Sub(at) >= ringEvery {
				delete(b.rung, room)
			}
		}
	}
	if at, ok := b.rung[roomID]; ok && now.Sub(at) < ringEvery {
		return
	}
	select {
	case b.queue <- roomID:
		b.rung[roomID] = now
	default: // too many rooms at once; this one is told by its next question
	}
}

// Run tells meetings until ctx ends.
func (b *Bell) Run(ctx context.Context) {
	var group sync.WaitGroup
	for range ringers {
		group.Go(func() { b.answer(ctx) })
	}
	group.Wait()
}

func (b *Bell) answer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case roomID := <-b.queue:
			b.tell(ctx, roomID)
		}
	}
}

func (b *Bell) tell(ctx context.Context, roomID string) {
	if b.meetings == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, ringTimeout)
	defer cancel()
	if err := b.meetings.SendData(ctx, roomID, waitingNotice); err != nil {
		b.log.WarnContext(ctx, "a meeting is not told that somebody waits", "room_id", roomID, "error", err)
	}
}
