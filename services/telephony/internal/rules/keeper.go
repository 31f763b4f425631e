package rules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/internal/livekit"
)

const (
	// compareEvery is how often is compared though nothing is known to have
	// changed: what other replicas change, and PINs whose time is over.
	compareEvery = 10 * time.Second
	// pause is between two comparisons, so that many changes are one.
	pause = 200 * time.Millisecond
	// firstRetry and lastRetry bound how soon is tried again after a failure; the
	// time doubles.
	firstRetry, lastRetry = time.Second, 30 * time.Second
	// listPause is between two lists of LiveKit's rules that conflicts ask for.
	listPause = 10 * time.Second
	// claim is how long making one rule may take at most, and storing that it was.
	claim = 30 * time.Second
	// afterwards bounds what is stored when the work itself was given up.
	afterwards = 5 * time.Second
	// hands make so many rules side by side.
	hands = 8
	// giveUp is after how many failures in a row the rest is left for later.
	giveUp = 4 * hands
)

// Door says whether a room admits callers at once. Implemented by
// roomv1.AdmissionServiceClient.
type Door interface {
	GetAdmission(ctx context.Context, in *roomv1.GetAdmissionRequest, opts ...grpc.CallOption) (*roomv1.GetAdmissionResponse, error)
}

// Server is LiveKit. Implemented by livekit.Rules; see there for errors.
type Server interface {
	Create(ctx context.Context, rule livekit.Rule) (string, error)
	Delete(ctx context.Context, id string) error
	List(ctx context.Context, prefix string) ([]livekit.Rule, error)
}

// Parts are what a keeper is built of.
type Parts struct {
	Store  Store
	Server Server
	Door   Door
	// Prefix begins the names of this suite's rules, and of nobody else's.
	Prefix string
	// Interval is how often LiveKit's rules are listed and rooms asked again.
	Interval time.Duration
	Clock    clock.Clock
	Logger   *slog.Logger
	Registry prometheus.Registerer
}

// Keeper keeps LiveKit's rules as they should be. Replicas may keep them at once.
type Keeper struct {
	Parts
	metrics *metrics
	wake    chan struct{} // of capacity 1: a wake-up is kept, not counted

	listed    time.Time   // when LiveKit's rules were listed last; zero: never
	conflicts atomic.Bool // LiveKit has rules that nobody noted
	changed   atomic.Bool // the comparison now running has made or removed a rule

	mu     sync.Mutex
	closed map[string]bool // rooms that were found to admit nobody at once since then
}

// NewKeeper returns a keeper.
func NewKeeper(parts Parts) (*Keeper, error) {
	m, err := newMetrics(parts.Registry)
	if err != nil {
		return nil, err
	}
	return &Keeper{Parts: parts, metrics: m, wake: make(chan struct{}, 1), closed: map[string]bool{}}, nil
}

// Wake says that PINs, rooms or trunks have changed.
func (k *Keeper) Wake() {
	select {
	case k.wake <- struct{}{}:
	default: // it is about to look
	}
}

// Run keeps the rules until ctx ends. Rules stay in LiveKit then: calls go on
// being let in, and the next start compares.
func (k *Keeper) Run(ctx context.Context) {
	retry := firstRetry
	for {
		next := min(compareEvery, k.Interval)
		err := k.Keep(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			k.Logger.WarnContext(ctx, "LiveKit's dispatch rules are not as they should be, trying again", "error", err, "in", retry)
			next, retry = retry, min(2*retry, lastRetry)
		default:
			retry = firstRetry
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		case <-k.wake:
		}
	}
}

// Keep compares once, after a look at what LiveKit really has when it is time
// for one. A rule that fails holds up no other; what failed is for the next time.
func (k *Keeper) Keep(ctx context.Context) error {
	now := k.Clock.Now()
	var fault error
	if age := now.Sub(k.listed); k.listed.IsZero() || age >= k.Interval || age < 0 || (k.conflicts.Load() && age >= listPause) {
		k.conflicts.Store(false)
		if fault = k.reconcile(ctx); fault != nil {
			k.conflicts.Store(true) // there may be
		}
		k.listed = now
	}
	wanted, err := k.wanted(ctx)
	if err != nil {
		return errors.Join(fault, err)
	}
	present, err := k.Store.Rules(ctx)
	if err != nil {
		return errors.Join(fault, err)
	}
	k.metrics.measure(wanted, present)
	missing, surplus := compare(wanted, present, k.Clock.Now())
	err = errors.Join(fault, each(ctx, surplus, k.remove), each(ctx, missing, k.make))
	if k.changed.Swap(false) {
		k.Wake() // to see what changed meanwhile, and to measure
	}
	return err
}

// wanted returns the rules of rooms that are not known to admit nobody at once.
func (k *Keeper) wanted(ctx context.Context) ([]Rule, error) {
	all, err := k.Store.WantedRules(ctx, k.Clock.Now())
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.DeleteFunc(all, func(r Rule) bool { return k.closed[r.RoomID] }), nil
}

// each does one thing for every rule, several side by side, whichever fail. Only
// when so many fail in a row that LiveKit seems to be away it gives up the others;
// the order is random, so that none is always among them. It returns the first
// failure, with how many were not done.
func each(ctx context.Context, rules []Rule, do func(context.Context, Rule) error) error {
	var (
		group         errgroup.Group
		failed, inRow atomic.Int64
	)
	group.SetLimit(hands)
	for _, i := range rand.Perm(len(rules)) { // #nosec G404 -- protects nothing
		group.Go(func() error {
			if inRow.Load() >= giveUp {
				failed.Add(1)
				return nil
			}
			err := ctx.Err()
			if err == nil {
				err = do(ctx, rules[i])
			}
			if err != nil {
				failed.Add(1)
				inRow.Add(1)
				return err
			}
			inRow.Store(0)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("%d of %d not done: %w", failed.Load(), len(rules), err)
	}
	return nil
}

// remove takes a rule from LiveKit and forgets it. A claim that nobody has made
// good may have left a rule behind, which a list finds.
func (k *Keeper) remove(ctx context.Context, r Rule) error {
	if r.ID == "" {
		k.conflicts.Store(true)
	} else if err := k.Server.Delete(ctx, r.ID); err != nil {
		k.metrics.failed(deleting)
		return err
	}
	k.changed.Store(true)
	return k.Store.DropRule(ctx, r)
}
