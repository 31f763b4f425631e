package pins

import (
	"context"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
)

// Presence knows which rooms LiveKit has, as it is told. Safe for concurrent use.
type Presence struct {
	store Store
	clock clock.Clock
}

// NewPresence returns a presence on the store.
func NewPresence(store Store, c clock.Clock) *Presence { return &Presence{store: store, clock: c} }

// Set notes that LiveKit opened or closed the room at a time, or now when it is
// zero. Older events than the last one known change nothing.
func (p *Presence) Set(ctx context.Context, roomID string, live bool, at time.Time) error {
	if at.IsZero() {
		at = p.clock.Now()
	}
	return p.store.SetRoomLive(ctx, roomID, live, at)
}
