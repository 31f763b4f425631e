package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/livekit/protocol/rpc"
	"gonum.org/v1/gonum/stat"

	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	// timedCalls is how many calls each kind of refusal gets; timedSettle after how
	// many rounds their records are waited for.
	timedCalls  = 2000
	timedSettle = 200
	// significance is the chance that two series of one distribution are told apart.
	significance = 0.01
)

// refusal is one kind of refused PIN, and how long its answers took.
type refusal struct {
	name, id string
	pin      func(call int) (string, error)
	millis   []float64 // sorted after the run
}

func (r *refusal) caller(call int) string { return fmt.Sprintf("+336%s%06d", r.id, call) }

// timing compares how long refusals take whose reasons nobody may know. Each
// call has a caller of its own, who had one wrong PIN before, or, throttled, too
// many; so they differ in nothing but the reason.
func timing(ctx context.Context, b *bench) error {
	t, err := populate(ctx, b)
	if err != nil {
		return err
	}
	unarmed, quarantined, err := t.disarm(ctx)
	if err != nil {
		return err
	}
	bus, err := openBridge(ctx, t.Redis)
	if err != nil {
		return err
	}
	defer bus.close()
	of := func(pins []string) func(int) (string, error) {
		return func(call int) (string, error) { return pins[call%len(pins)], nil }
	}
	unknown := func(int) (string, error) { return randomPIN() }
	throttled := &refusal{name: "throttled", id: "15", pin: of(unarmed)}
	all := []*refusal{
		{name: "unknown", id: "11", pin: unknown}, {name: "unknown again", id: "12", pin: unknown},
		{name: "quarantined", id: "13", pin: of(quarantined)}, {name: "not armed", id: "14", pin: of(unarmed)}, throttled,
	}
	if err := t.accuse(ctx, bus, throttled); err != nil {
		return err
	}
	if _, err := t.db.Exec(ctx, `UPDATE parley_telephony.throttles SET wrong = 1000`); err != nil {
		return err
	}
	for _, kind := range all[:4] {
		if err := t.accuse(ctx, bus, kind); err != nil {
			return err
		}
	}
	// Accounts that were written as often lie in the table alike: how much an
	// update of one costs tells of its past, which its caller knows.
	if _, err := t.db.Exec(ctx, `VACUUM FULL parley_telephony.throttles`); err != nil {
		return err
	}
	if err := lab.Rest(ctx, t.db); err != nil {
		return err
	}
	if err := t.time(ctx, bus, all); err != nil {
		return err
	}
	reportTiming(b, all)
	return nil
}

// disarm makes the trunk accept PINs of live rooms alone, of which there are
// none, and puts some PINs into quarantine. Guarding, which would come and go
// under so many wrong PINs, is off.
func (t *telephony) disarm(ctx context.Context) (unarmed, quarantined []string, err error) {
	if _, err := t.db.Exec(ctx, `UPDATE parley_telephony.trunks SET arming = 'live', guard = 'off' WHERE id = $1`, t.trunk); err != nil {
		return nil, nil, err
	}
	_, err = t.db.Exec(ctx, `UPDATE parley_telephony.pins SET state = 'quarantined', until = now() + interval '1 year'
		WHERE trunk_id = $1 AND pin IN (SELECT pin FROM parley_telephony.pins WHERE trunk_id = $1 ORDER BY random() LIMIT $2)`, t.trunk, timedCalls)
	if err != nil {
		return nil, nil, err
	}
	for state, pins := range map[string]*[]string{"current": &unarmed, "quarantined": &quarantined} {
		rows, err := t.db.Query(ctx, `SELECT pin FROM parley_telephony.pins WHERE trunk_id = $1 AND state = $2 ORDER BY random() LIMIT $3`,
			t.trunk, state, timedCalls)
		if err != nil {
			return nil, nil, err
		}
		if *pins, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return nil, nil, err
		}
	}
	return unarmed, quarantined, pause(ctx, trunkCopy)
}

// accuse lets every caller of a kind have one wrong PIN.
func (t *telephony) accuse(ctx context.Context, bus *bridge, kind *refusal) error {
	var (
		group  sync.WaitGroup
		next   atomic.Int64
		faults = make([]error, rateClients)
	)
	for worker := range rateClients {
		group.Go(func() {
			for faults[worker] == nil {
				call := int(next.Add(1)) - 1
				if call >= timedCalls {
					return
				}
				var pin string
				if pin, faults[worker] = randomPIN(); faults[worker] == nil {
					_, faults[worker] = t.reject(ctx, bus, kind.caller(call), pin)
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return t.settle(ctx)
}

// time asks about a PIN of each kind in turn, in an order that changes.
func (t *telephony) time(ctx context.Context, bus *bridge, kinds []*refusal) error {
	order := slices.Clone(kinds)
	for call := range timedCalls {
		if call%timedSettle == 0 {
			if err := t.settle(ctx); err != nil {
				return err
			}
		}
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] }) // #nosec G404 -- any order will do
		for _, kind := range order {
			pin, err := kind.pin(call)
			if err != nil {
				return err
			}
			took, err := t.reject(ctx, bus, kind.caller(call), pin)
			if err != nil {
				return fmt.Errorf("%s: %w", kind.name, err)
			}
			kind.millis = append(kind.millis, float64(took)/float64(time.Millisecond))
		}
	}
	for _, kind := range kinds {
		slices.Sort(kind.millis)
	}
	return t.check(ctx)
}

// reject asks about a PIN and returns how long the refusal took.
func (t *telephony) reject(ctx context.Context, bus *bridge, from, pin string) (time.Duration, error) {
	question := t.question(pin)
	question.Call.From.User = from
	t.calls.Add(1)
	began := time.Now()
	answer, err := bus.EvaluateSIPDispatchRules(ctx, question)
	took := time.Since(began)
	if err == nil && answer.GetResult() != rpc.SIPDispatchResult_REJECT {
		err = fmt.Errorf("answered %v", answer.GetResult())
	}
	return took, err
}

// check compares the reasons on record with what was meant.
func (t *telephony) check(ctx context.Context) error {
	if err := t.settle(ctx); err != nil {
		return err
	}
	for reason, want := range map[string]int{
		"pin_unknown": 7 * timedCalls, "pin_quarantined": timedCalls, "pin_not_armed": timedCalls, "throttled": timedCalls,
	} {
		var got int
		err := t.db.QueryRow(ctx, `SELECT count(*) FROM parley_telephony.calls WHERE refusal = $1`, reason).Scan(&got)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%d calls were refused because of %s, want %d", got, reason, want)
		}
	}
	return nil
}

func reportTiming(b *bench, all []*refusal) {
	unknown := all[0]
	critical := criticalDistance(len(unknown.millis), timedCalls)
	b.Linef("8. REJECT over the SIP bus by its reason, in turn, 1 client: distance D of the distribution to that of unknown PINs")
	b.Linef("   (Kolmogorov-Smirnov; above %.4f in %.0f%% of comparisons of a distribution with itself)", critical, 100*significance)
	rows := make([][]string, 0, len(all))
	var worst float64
	for i, kind := range all {
		d := stat.KolmogorovSmirnov(unknown.millis, nil, kind.millis, nil)
		worst = max(worst, d)
		quantile := func(q float64) string {
			return fmt.Sprintf("%.2f ms", stat.Quantile(q, stat.Empirical, kind.millis, nil))
		}
		row := []string{kind.name, report.Count(len(kind.millis)), quantile(0.10), quantile(0.50), quantile(0.90), quantile(0.99)}
		if i > 0 {
			row = append(row, fmt.Sprintf("%.4f", d))
		}
		rows = append(rows, row)
	}
	b.Table([]string{"", "requests", "p10", "p50", "p90", "p99", "D"}, rows...)
	b.Goal("no D above it", fmt.Sprintf("%.4f", worst), worst <= critical)
}

// criticalDistance is the D that two series of the same distribution, of n and m
// values, exceed with the chance of significance.
func criticalDistance(n, m int) float64 {
	return math.Sqrt(-math.Log(significance/2)/2) * math.Sqrt(float64(n+m)/float64(n*m))
}
