package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	fillTrunks  = 4
	fillClients = 32
	// fillLength is shorter than the default, so that there are collisions to count.
	fillLength = 9
	// evenly is how far a trunk's fill may be from the others' mean.
	evenly = 0.01
	// deviations is how many standard deviations from what is expected are chance.
	deviations = 3
)

// allocation is a run of allocations.
type allocation struct {
	rooms                 int
	took, first, last     time.Duration // of all, of the first and of the last tenth
	draws, collisions     float64
	held                  []int // by trunk
	expected, uncertainty float64
}

// fill gives PINs to very many rooms over a few trunks.
func fill(ctx context.Context, b *bench) error {
	split, err := b.Split(ctx)
	if err != nil {
		return err
	}
	t := &telephony{Split: split}
	if t.db, err = b.Pool(ctx, split.Database); err != nil {
		return err
	}
	for i := range fillTrunks {
		if _, err := t.addTrunk(ctx, fmt.Sprintf("+3319900012%d", i), fillLength); err != nil {
			return err
		}
	}
	a := &allocation{rooms: b.rooms}
	if err := t.allocateAll(ctx, a); err != nil {
		return err
	}
	if err := t.count(ctx, a); err != nil {
		return err
	}
	a.report(b)
	return nil
}

// allocateAll gives each room its PIN, by many clients at once.
func (t *telephony) allocateAll(ctx context.Context, a *allocation) error {
	conn, err := t.Dial(identity.CallerRoom, identity.CallerTelephony)
	if err != nil {
		return err
	}
	pins := telephonyv1.NewPinServiceClient(conn)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		clients sync.WaitGroup
		next    atomic.Int64
		tenth   = int64(max(1, a.rooms/10))
		began   = time.Now()
		mu      sync.Mutex // guards the two
		first   time.Time
		last    time.Time
	)
	for range fillClients {
		clients.Go(func() {
			for i := next.Add(1); i <= int64(a.rooms) && ctx.Err() == nil; i = next.Add(1) {
				if i == tenth || i == int64(a.rooms)-tenth {
					mu.Lock()
					if i == tenth {
						first = time.Now()
					} else {
						last = time.Now()
					}
					mu.Unlock()
				}
				if _, err := pins.AllocatePin(ctx, &telephonyv1.AllocatePinRequest{RoomId: uuid.NewString()}); err != nil {
					stop(err)
				}
			}
		})
	}
	clients.Wait()
	ended := time.Now()
	a.took, a.first, a.last = ended.Sub(began), first.Sub(began), ended.Sub(last)
	return context.Cause(ctx)
}

// count reads what the service counted and what the database has.
func (t *telephony) count(ctx context.Context, a *allocation) error {
	var err1, err2 error
	a.draws, err1 = t.Counter(ctx, identity.CallerTelephony, "parley_telephony_pin_draws_total")
	a.collisions, err2 = t.Counter(ctx, identity.CallerTelephony, "parley_telephony_pin_collisions_total")
	rows, err := t.db.Query(ctx, `SELECT count(*) FROM parley_telephony.pins GROUP BY trunk_id ORDER BY trunk_id`)
	if err := errors.Join(err, err1, err2); err != nil {
		return err
	}
	if a.held, err = pgx.CollectRows(rows, pgx.RowTo[int]); err != nil {
		return err
	}
	a.expected, a.uncertainty = birthdays(a.held, math.Pow10(fillLength))
	return nil
}

// birthdays returns how many draws are expected to have met a PIN that was taken
// when so many PINs were drawn on each trunk, and the standard deviation.
func birthdays(held []int, space float64) (expected, deviation float64) {
	for _, n := range held {
		expected += float64(n) * float64(n) / (2 * space)
	}
	return expected, math.Sqrt(expected) // rare events are Poisson's
}

func (a *allocation) report(b *bench) {
	b.Linef("10. PINs for %d rooms over %d trunks of %d digits, %d clients, PostgreSQL with fsync", a.rooms, fillTrunks, fillLength, fillClients)
	rate := func(rooms int, took time.Duration) string { return fmt.Sprintf("%.0f", float64(rooms)/took.Seconds()) }
	b.Linef("   took %.0f s: %s a second, %s in the first tenth and %s in the last",
		a.took.Seconds(), rate(a.rooms, a.took), rate(a.rooms/10, a.first), rate(a.rooms/10, a.last))
	mean := float64(a.rooms) / fillTrunks
	worst := 0.0
	rows := make([][]string, len(a.held))
	total := 0
	for i, n := range a.held {
		off := float64(n)/mean - 1
		worst, total = max(worst, math.Abs(off)), total+n
		rows[i] = []string{fmt.Sprintf("trunk %d", i+1), report.Count(n), fmt.Sprintf("%.5f%%", 100*float64(n)/math.Pow10(fillLength)), fmt.Sprintf("%+.3f%%", 100*off)}
	}
	b.Table([]string{"", "PINs", "fill", "off the mean"}, rows...)
	b.Goal("each fill within 1% of the mean", fmt.Sprintf("%.3f%%", 100*worst), worst <= evenly && len(a.held) == fillTrunks)
	b.Goal("each room has one PIN", report.Count(total), total == a.rooms)
	b.Linef("   %.0f draws, %.0f collisions; expected n^2/2N = %.1f with a standard deviation of %.1f", a.draws, a.collisions, a.expected, a.uncertainty)
	off := (a.collisions - a.expected) / a.uncertainty
	b.Goal(fmt.Sprintf("collisions within %d standard deviations", deviations), fmt.Sprintf("%+.2f", off), math.Abs(off) <= deviations)
}
