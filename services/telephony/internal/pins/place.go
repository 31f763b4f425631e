package pins

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"

	"github.com/parleymeet/parley/pkg/apierr"
)

// crowdedFill is from which fill on a drawn PIN is so often taken that trying
// many PINs at once, which takes a dearer statement, costs less than trying one
// and then many.
const crowdedFill = 0.25

// writeFunc tries to write a drawn PIN.
type writeFunc func(context.Context, Draw) (Result, error)

// place finds a trunk and a free PIN on it. Its result is never Collided or
// TrunkClosed: those lead to the next trunk. Errors: PINS_EXHAUSTED.
func (a *Allocator) place(ctx context.Context, w wish, roomID string, write writeFunc) (Result, error) {
	var tried []string
	for {
		fill, found, err := a.board.reserve(ctx, w, tried)
		if err != nil {
			return Result{}, err
		}
		if !found {
			return Result{}, apierr.New(apierr.PinsExhausted, "")
		}
		result, err := a.placeOn(ctx, fill, roomID, write)
		if err != nil || result.Outcome != Inserted {
			a.board.giveBack(fill.TrunkID)
		}
		if err != nil {
			return Result{}, err
		}
		switch result.Outcome {
		case Collided, TrunkClosed:
			tried = append(tried, fill.TrunkID)
			a.board.distrust()
		default:
			return result, nil
		}
	}
}

// exhausted is the end of an allocation for which no trunk has a PIN. It is told
// loudly, if not each time that room asks again: phones cannot join the room. A
// suite without any trunk is one for browsers, until it gets one.
func (a *Allocator) exhausted(ctx context.Context, roomID, country string) {
	if len(a.board.snapshot()) == 0 {
		a.noTrunk.Do(func() { a.log.InfoContext(ctx, "there is no trunk: rooms get their PINs once there is one") })
		return
	}
	a.metrics.exhausted.Inc()
	a.noPIN.Do(func() {
		a.log.ErrorContext(ctx, "no trunk has a PIN left: add a trunk, or give a trunk longer PINs", "room", roomID, "country", country)
	})
}

// placeOn tries draws, then the PINs from a random point on, until one is
// written, the trunk is closed, or no PIN is left on it (Collided).
func (a *Allocator) placeOn(ctx context.Context, f Fill, roomID string, write writeFunc) (Result, error) {
	drawn, err := a.draw(f.Length, a.rules.MaxDraws+1)
	if err != nil {
		return Result{}, err
	}
	draws, rest := padded(drawn[1:], f.Length), newWalk(f.Length, drawn[0])
	for one := f.Ratio() < crowdedFill; ; one = false {
		var candidates []string
		if one {
			candidates = draws[:1]
		} else {
			candidates = slices.Concat(draws, rest.ahead())
		}
		if len(candidates) == 0 {
			return Result{Outcome: Collided}, nil
		}
		result, err := write(ctx, Draw{
			TrunkID: f.TrunkID, Digits: candidates[0], RoomID: roomID, Spare: candidates[1:], Now: a.clock.Now(),
		})
		if err != nil {
			return Result{}, err
		}
		collided := a.count(ctx, f.TrunkID, roomID, result, len(draws))
		if result.Outcome != Collided {
			return result, nil
		}
		draws = draws[collided:]
		rest.pass(result.Taken - collided)
	}
}

// count tells operators how an attempt went that had so many draws, and returns
// how many of them collided.
func (a *Allocator) count(ctx context.Context, trunkID, roomID string, result Result, draws int) (collided int) {
	collided = min(result.Taken, draws)
	tried := collided
	if result.Outcome != Collided && collided < draws {
		tried++
	}
	a.metrics.draws.Add(float64(tried))
	for range collided {
		a.metrics.collisions.Inc()
		a.log.InfoContext(ctx, "drawn PIN is taken", "trunk", trunkID, "room", roomID)
	}
	if draws > 0 && collided == draws {
		a.metrics.gapSearches.Inc()
	}
	return collided
}

// draw returns so many random numbers, uniform over the PINs of the length.
func (a *Allocator) draw(length, count int) ([]int64, error) {
	space := big.NewInt(capacity(length))
	drawn := make([]int64, count)
	for i := range drawn {
		n, err := rand.Int(a.random, space)
		if err != nil {
			return nil, fmt.Errorf("draw a PIN: %w", err)
		}
		drawn[i] = n.Int64()
	}
	return drawn, nil
}

// padded returns numbers as PINs of the length.
func padded(numbers []int64, length int) []string {
	digits := make([]string, len(numbers))
	for i, n := range numbers {
		digits[i] = fmt.Sprintf("%0*d", length, n)
	}
	return digits
}
