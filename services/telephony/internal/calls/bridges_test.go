package calls

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
)

// exchange is a bus and the calls of bridges.
type exchange struct {
	Store
	calls  map[string]int
	absent []string
	away   bool
	before []time.Time // which calls in the prompt failed
}

func (x *exchange) Bridges(context.Context) ([]string, error) {
	var bridges []string
	for bridge, n := range x.calls {
		if n > 0 {
			bridges = append(bridges, bridge)
		}
	}
	slices.Sort(bridges)
	return bridges, nil
}

func (x *exchange) FailCalls(_ context.Context, d Doubt, _ time.Time, limit int) (int, error) {
	switch d {
	case Doubt{Reason: goneReason, Bridge: d.Bridge}:
		n := x.calls[d.Bridge]
		done, err := some(&n, limit)
		x.calls[d.Bridge] = n
		return done, err
	case Doubt{Reason: promptReason, Before: d.Before, Prompt: true}:
		x.before = append(x.before, d.Before)
		return 0, nil
	default:
		return 0, fmt.Errorf("doubt %+v", d)
	}
}

func (x *exchange) Absent(_ context.Context, bridges []string) (absent []string, known bool) {
	if x.away {
		return nil, false
	}
	return slices.DeleteFunc(slices.Clone(bridges), func(b string) bool { return !slices.Contains(x.absent, b) }), true
}

// TestBridges: the calls of one that is gone fail, of one that was away for a
// moment, or might have been, they go on.
func TestBridges(t *testing.T) {
	t.Parallel()
	const many = 2*cleanBatch + 1
	x, now, log := &exchange{calls: map[string]int{"a": many, "b": 1}}, clock.NewFake(time.Now()), &bytes.Buffer{}
	b := NewBridges(x, x, now, slog.New(slog.NewTextHandler(log, nil)))
	for _, step := range []struct {
		name   string
		after  time.Duration
		absent []string
		away   bool
		a, b   int
	}{
		{name: "all there", a: many, b: 1},
		{name: "one is not", absent: []string{"a"}, a: many, b: 1},
		{name: "not for long", after: goneAfter - 1, absent: []string{"a"}, a: many, b: 1},
		{name: "is back", after: 1, a: many, b: 1},
		{name: "both leave", absent: []string{"a", "b"}, a: many, b: 1},
		{name: "the bus too", after: goneAfter, absent: []string{"a", "b"}, away: true, a: many, b: 1},
		{name: "which is back", absent: []string{"a", "b"}, a: many, b: 1},
		{name: "before them", after: goneAfter / 2, absent: []string{"a"}, a: many, b: 1},
		{name: "one never comes", after: goneAfter / 2, absent: []string{"a", "b"}, a: 0, b: 1},
		{name: "and the other not for long", after: goneAfter / 2, absent: []string{"a", "b"}, a: 0, b: 1},
		{name: "nor at all", after: goneAfter / 2, absent: []string{"a", "b"}, a: 0, b: 0},
		{name: "nobody is left", after: goneAfter, absent: []string{"a", "b"}, a: 0, b: 0},
	} {
		now.Advance(step.after)
		x.absent, x.away = step.absent, step.away
		if err := b.Check(t.Context()); err != nil || x.calls["a"] != step.a || x.calls["b"] != step.b {
			t.Errorf("%s: %v, %v", step.name, x.calls, err)
		}
	}
	if n := strings.Count(log.String(), "a SIP bridge is gone"); n != 2 || !strings.Contains(log.String(), "calls=1001") {
		t.Errorf("log: %s", log)
	}
}

// TestPromptsAreDoubted: who was in the prompt while the bus was away is given up
// some time after it is back, once.
func TestPromptsAreDoubted(t *testing.T) {
	t.Parallel()
	x, now := &exchange{away: true}, clock.NewFake(time.Now())
	b := NewBridges(x, x, now, slog.New(slog.DiscardHandler))
	check := func(after time.Duration, away bool) time.Time {
		t.Helper()
		x.away = away
		now.Advance(after)
		if err := b.Check(t.Context()); err != nil {
			t.Error(err)
		}
		return now.Now()
	}
	check(0, true)
	started := check(time.Hour, false)
	check(promptTime-1, false)
	if len(x.before) != 0 {
		t.Fatalf("given up before %v", x.before)
	}
	check(1, false)
	check(time.Hour, false)
	check(time.Hour, true)
	lost := check(time.Hour, false)
	check(promptTime/2, true)
	again := check(promptTime/2, false)
	check(promptTime/2, false)
	check(promptTime/2, false)
	if !slices.Equal(x.before, []time.Time{started, again}) {
		t.Errorf("given up before %v, want %v and not %v", x.before, []time.Time{started, again}, lost)
	}
}
