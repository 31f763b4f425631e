package pins

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"strconv"

	"github.com/parleymeet/parley/pkg/apierr"
)

// The queries of a gap search read more and more PINs: few at first, which
// suffices for a namespace that is merely crowded, then so many that a full one
// of a million is passed in some hundreds of queries.
const (
	smallestWindow = 128
	largestWindow  = 4096
)

// maxGaps is how many free PINs one search returns: about as many as there may
// be creators who search at once.
const maxGaps = 64

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
// loudly: phones cannot join the room.
func (a *Allocator) exhausted(ctx context.Context, roomID, country string) {
	a.metrics.exhausted.Inc()
	a.log.ErrorContext(ctx, "no trunk has a PIN left: add a trunk, or give a trunk longer PINs",
		"room", roomID, "country", country)
}

// placeOn tries draws, then gaps, until one is written, the trunk is closed, or
// no PIN is left on it (Collided).
func (a *Allocator) placeOn(ctx context.Context, f Fill, roomID string, write writeFunc) (Result, error) {
	attempt := func(digits string) (Result, error) {
		result, err := write(ctx, Draw{TrunkID: f.TrunkID, Digits: digits, RoomID: roomID, Now: a.clock.Now()})
		if err == nil && result.Outcome == Collided {
			a.metrics.collisions.Inc()
			a.log.InfoContext(ctx, "drawn PIN is taken", "trunk", f.TrunkID, "room", roomID)
		}
		return result, err
	}
	for range a.rules.MaxDraws {
		digits, err := a.draw(f.Length)
		if err != nil {
			return Result{}, err
		}
		a.metrics.draws.Inc()
		if result, err := attempt(digits); err != nil || result.Outcome != Collided {
			return result, err
		}
	}
	for window := smallestWindow; ; {
		free, err := a.gaps(ctx, f, &window)
		if err != nil || len(free) == 0 {
			return Result{Outcome: Collided}, err
		}
		// A collision here means that somebody else took the gap first, and so
		// that the namespace is filling: the loop ends.
		for _, digits := range free {
			if result, err := attempt(digits); err != nil || result.Outcome != Collided {
				return result, err
			}
		}
	}
}

// draw returns random digits, uniform over all strings of the length.
func (a *Allocator) draw(length int) (string, error) {
	n, err := rand.Int(a.random, big.NewInt(capacity(length)))
	if err != nil {
		return "", fmt.Errorf("draw a PIN: %w", err)
	}
	return pad(n.Int64(), length), nil
}

func pad(n int64, length int) string { return fmt.Sprintf("%0*d", length, n) }

// gaps searches free PINs from a random point on, around the end of the
// namespace and up to that point again. It returns some near the first that it
// meets, in random order, so that creators who search a nearly full namespace
// at once do not all want the same one; none when the namespace is full.
// window is the size of the next query, kept for the next search.
func (a *Allocator) gaps(ctx context.Context, f Fill, window *int) ([]string, error) {
	a.metrics.gapSearches.Inc()
	start, err := a.draw(f.Length)
	if err != nil {
		return nil, err
	}
	point, err := strconv.ParseInt(start, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("drawn digits: %w", err)
	}
	for _, part := range [][2]int64{{point, f.Capacity()}, {0, point}} {
		for from := part[0]; from < part[1]; {
			free, next, err := a.gapsFrom(ctx, f, from, part[1], *window)
			if err != nil {
				return nil, err
			}
			if len(free) > 0 {
				return a.shuffled(free, f.Length)
			}
			from = next
			*window = min(2**window, largestWindow)
		}
	}
	return nil, nil
}

// gapsFrom reads one window of held PINs that are not below from, and returns
// the free ones between them and below end, at most maxGaps, and where the next
// window begins.
func (a *Allocator) gapsFrom(ctx context.Context, f Fill, from, end int64, window int) (free []int64, next int64, err error) {
	held, err := a.store.DigitsFrom(ctx, f.TrunkID, pad(from, f.Length), window)
	if err != nil {
		return nil, 0, err
	}
	take := func(until int64) {
		for ; from < min(until, end) && len(free) < maxGaps; from++ {
			free = append(free, from)
		}
	}
	for _, digits := range held {
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return nil, 0, fmt.Errorf("stored PIN of trunk %s is not a number", f.TrunkID)
		}
		take(n)
		from = n + 1
	}
	if len(held) < window {
		take(end)
		from = end
	}
	return free, from, nil
}

// shuffled returns the numbers as PINs of that length, in random order.
func (a *Allocator) shuffled(numbers []int64, length int) ([]string, error) {
	pins := make([]string, len(numbers))
	for i, n := range numbers {
		j, err := rand.Int(a.random, big.NewInt(int64(i)+1))
		if err != nil {
			return nil, fmt.Errorf("shuffle gaps: %w", err)
		}
		pins[i] = pins[j.Int64()]
		pins[j.Int64()] = pad(n, length)
	}
	return pins, nil
}
