package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"time"
)

// siege is a trunk on which PINs are guessed.
type siege struct {
	*telephony
	bus  *bridge
	pins map[string]bool // that the trunk holds
}

// haul is what a guesser got.
type haul struct {
	name                            string
	asked, notRung, tested, entered int
	// open is how many PINs were tested before the trunk was guarded, and guarded
	// after how long it was; 0 for never.
	open          int
	guarded, took time.Duration
}

// run lets one guesser loose.
func (s *siege) run(ctx context.Context, g guesser) (*haul, error) {
	if err := s.calm(ctx); err != nil {
		return nil, err
	}
	h := &haul{name: g.name, open: -1}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var watch sync.WaitGroup
	began := time.Now()
	watch.Go(func() { s.watchGuard(watching, h, began) })
	right, err := s.guess(ctx, g, h)
	if err != nil {
		return nil, err
	}
	h.took = time.Since(began)
	stop()
	watch.Wait()
	return h, s.judge(ctx, h, right)
}

// calm brings the trunk to what it was before anybody guessed.
func (s *siege) calm(ctx context.Context) error {
	for _, statement := range []string{
		`DELETE FROM parley_telephony.wrong_pins WHERE trunk_id = $1`, `DELETE FROM parley_telephony.throttles WHERE trunk_id = $1`,
		`UPDATE parley_telephony.trunks SET guarded_until = NULL WHERE id = $1`,
	} {
		if _, err := s.db.Exec(ctx, statement, s.trunk); err != nil {
			return err
		}
	}
	return pause(ctx, trunkCopy)
}

// guess tries random PINs, and returns the calls of those that are some room's.
func (s *siege) guess(ctx context.Context, g guesser, h *haul) (right []string, err error) {
	var (
		group         sync.WaitGroup
		mu            sync.Mutex // guards right, err
		next, notRang atomic.Int64
		ctxGuess, end = context.WithCancel(ctx)
	)
	defer end()
	one := func(i int) error {
		pin, err := randomPIN()
		if err != nil {
			return err
		}
		c := phoneCall{id: fmt.Sprintf("%s-%d", g.id, i), from: g.from(i), to: number, pin: pin}
		got, err := s.bus.call(ctxGuess, c)
		switch {
		case err != nil:
			return err
		case got == notRung:
			notRang.Add(1)
		case s.pins[pin]:
			mu.Lock()
			defer mu.Unlock()
			right = append(right, c.id)
		}
		return nil
	}
	for range rateClients {
		group.Go(func() {
			for i := next.Add(1); i <= guessesEach; i = next.Add(1) {
				if fault := one(int(i)); fault != nil {
					mu.Lock()
					defer mu.Unlock()
					err = fault
					end()
					return
				}
			}
		})
	}
	group.Wait()
	h.asked, h.notRung = guessesEach, int(notRang.Load())
	return right, err
}

func randomPIN() (string, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(pinLength), nil))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", pinLength, n), nil
}

// watchGuard notes when the trunk becomes guarded, and what had been tested by then.
func (s *siege) watchGuard(ctx context.Context, h *haul, began time.Time) {
	tick := time.NewTicker(guardInterval)
	defer tick.Stop()
	for {
		var guarded bool
		var tested int
		err := s.db.QueryRow(ctx, `SELECT coalesce(guarded_until > now(), false),
				(SELECT count(*) FROM parley_telephony.wrong_pins WHERE trunk_id = $1 AND tested)
			FROM parley_telephony.trunks WHERE id = $1`, s.trunk).Scan(&guarded, &tested)
		if err == nil && guarded {
			h.guarded, h.open = time.Since(began), tested
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// judge counts by storage what was tested. A guess that was right and left no
// wrong PIN behind opened its room's door; the rooms of most PINs here do not
// exist, so that the bridge heard a refusal all the same.
func (s *siege) judge(ctx context.Context, h *haul, right []string) error {
	var refusedRight int
	err := s.db.QueryRow(ctx, `SELECT count(*) FILTER (WHERE tested), count(*) FILTER (WHERE call_id = ANY($2))
		FROM parley_telephony.wrong_pins WHERE trunk_id = $1`, s.trunk, right).Scan(&h.tested, &refusedRight)
	h.entered = len(right) - refusedRight
	h.tested += h.entered
	if h.open < 0 {
		h.open = h.tested
	}
	return err
}
