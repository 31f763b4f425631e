package main

import (
	"context"
	"fmt"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	memoryPINs = 1_000_000
	// memoryCalls is how many calls each telephony service answers before it is
	// left at rest: three questions each, the last with a PIN that no room has.
	memoryCalls = 4000
	// memoryGrowth is how much more it may take with PINs than without.
	memoryGrowth = 1.1
)

// memory measures what PINs in the database cost the telephony service's memory.
func memory(ctx context.Context, b *bench) error {
	split, err := b.Split(ctx)
	if err != nil {
		return err
	}
	suite := &telephony{Split: split}
	var used [2]usage
	for i, pins := range []int{0, memoryPINs} {
		t, err := suite.second(ctx, b, nil)
		if err != nil {
			return err
		}
		if err := lab.Seed(ctx, t.db, t.trunk, pinLength, pins); err != nil {
			return err
		}
		if err := lab.Rest(ctx, t.db); err != nil {
			return err
		}
		if used[i], err = t.rested(ctx); err != nil {
			return err
		}
	}
	b.Linef("9. Memory of the telephony service, %v after %d calls with a PIN that no room has", idleTime, memoryCalls)
	for i, pins := range []int{0, memoryPINs} {
		b.Linef("   with %7d PINs: %s resident, of which %s its own (RssAnon)", pins, report.MiB(used[i].resident), report.MiB(used[i].anonymous))
	}
	grown := float64(used[1].resident) / float64(used[0].resident)
	b.Goal(fmt.Sprintf("with %d PINs at most 10%% more than with none", memoryPINs), report.Times(grown), grown <= memoryGrowth)
	return nil
}

// rested lets the service answer calls and returns its memory some time later.
func (t *telephony) rested(ctx context.Context) (usage, error) {
	bus, err := openBridge(ctx, t.Redis)
	if err != nil {
		return usage{}, err
	}
	defer bus.close()
	for i := range memoryCalls {
		pin, err := randomPIN()
		if err != nil {
			return usage{}, err
		}
		t.calls.Add(1)
		c := phoneCall{id: fmt.Sprintf("memory-%d", i), from: fmt.Sprintf("+33615%06d", i), to: number, pin: pin}
		if got, err := bus.call(ctx, c); err != nil || got != refused {
			return usage{}, fmt.Errorf("a PIN that no room has: outcome %d, %w", got, err)
		}
		if i%sliceCalls == 0 {
			if err := t.settle(ctx); err != nil {
				return usage{}, err
			}
		}
	}
	if err := t.settle(ctx); err != nil {
		return usage{}, err
	}
	if err := pause(ctx, idleTime); err != nil {
		return usage{}, err
	}
	return memoryOf(t.PID(identity.CallerTelephony))
}
