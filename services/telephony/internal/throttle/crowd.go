package throttle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/clock"
)

const crowdInterval = 15 * time.Second

// CrowdStore knows who came into rooms. Errors not named here are faults.
type CrowdStore interface {
	// Crowds returns the rooms into which at least so many different callers
	// were let since a time.
	Crowds(ctx context.Context, from time.Time, callers int) ([]string, error)
	// ForceLobby makes callers of a room wait in its lobby until a time, or
	// longer than they had to, and reports whether they had not to at now: to one
	// of many who ask at once.
	ForceLobby(ctx context.Context, roomID string, now, until time.Time) (began bool, err error)
	// ForcedLobbies counts the rooms whose callers have to wait at now.
	ForcedLobbies(ctx context.Context, now time.Time) (int, error)
}

// Crowd closes rooms whose PIN too many callers have: it has become public, and
// somebody inside should look at who comes. Replicas may run one each.
type Crowd struct {
	store  CrowdStore
	limit  Limit // of callers, not of wrong PINs
	clock  clock.Clock
	log    *slog.Logger
	forced prometheus.Gauge
}

// NewCrowd returns a crowd on the store. The limit says how many callers,
// within which time, make a room's lobby be forced for how long.
func NewCrowd(store CrowdStore, limit Limit, c clock.Clock, log *slog.Logger, r prometheus.Registerer) (*Crowd, error) {
	forced, err := newForced(r)
	if err != nil {
		return nil, fmt.Errorf("crowd metrics: %w", err)
	}
	return &Crowd{store: store, limit: limit, clock: c, log: log, forced: forced}, nil
}

// Run looks at the rooms until ctx ends.
func (c *Crowd) Run(ctx context.Context) {
	repeat(ctx, crowdInterval, func() {
		if err := c.Check(ctx); err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "callers of rooms could not be counted, trying again later", "error", err)
		}
	})
}

// Check forces the lobby of every room with too many callers.
func (c *Crowd) Check(ctx context.Context) error {
	now := c.clock.Now()
	var rooms []string
	if c.limit.Wrong > 0 {
		var err error
		if rooms, err = c.store.Crowds(ctx, now.Add(-c.limit.Window), c.limit.Wrong); err != nil {
			return err
		}
	}
	var faults []error
	for _, room := range rooms {
		began, err := c.store.ForceLobby(ctx, room, now, c.limit.end(now))
		faults = append(faults, err)
		if began {
			c.log.WarnContext(ctx, "too many callers have the room's PIN: they wait in its lobby now",
				"room", room, "limit", c.limit.String())
		}
	}
	n, err := c.store.ForcedLobbies(ctx, now)
	if err == nil {
		c.forced.Set(float64(n))
	}
	return errors.Join(append(faults, err)...)
}
