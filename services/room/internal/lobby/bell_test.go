package lobby

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
)

// meetings notes where what was sent.
type meetings struct {
	sent chan string
	fail error
}

func (m *meetings) SendData(ctx context.Context, roomID string, data []byte) error {
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > ringTimeout {
		m.sent <- "without end"
	}
	m.sent <- roomID + string(data)
	return m.fail
}

// A meeting is told once in a while for as long as somebody waits, whether or
// not the last time worked.
func TestBell(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Unix(1768478400, 0))
	m := &meetings{sent: make(chan string, 100), fail: errors.New("LiveKit is away")}
	b := NewBell(m, fake, slog.New(slog.DiscardHandler))
	for range 10 {
		b.Ring("a")
		b.Ring("b")
		fake.Advance(time.Second)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		b.Run(ctx)
		close(ended)
	}()
	got := make([]string, 0, 8)
	for range 8 { // at 0, 3, 6 and 9 seconds
		got = append(got, <-m.sent)
	}
	cancel()
	<-ended
	slices.Sort(got)
	want := slices.Repeat([]string{`a{"type":"participantWaiting"}`}, 4)
	want = append(want, slices.Repeat([]string{`b{"type":"participantWaiting"}`}, 4)...)
	if !slices.Equal(got, want) || len(m.sent) != 0 {
		t.Errorf("told %q and %d more", got, len(m.sent))
	}
	fake.Advance(ringEvery)
	b.Ring("c")
	if len(b.rung) != 1 {
		t.Errorf("%d rooms are remembered", len(b.rung))
	}
}

// A bell that nobody answers keeps nobody waiting, and rings again later.
func TestFullBell(t *testing.T) {
	t.Parallel()
	b := NewBell(nil, clock.NewFake(time.Unix(1768478400, 0)), slog.New(slog.DiscardHandler))
	for i := range maxRings + 10 {
		b.Ring(string(rune('a' + i)))
	}
	if len(b.rung) != maxRings {
		t.Errorf("%d rooms are taken for told, want %d", len(b.rung), maxRings)
	}
	<-b.queue
	b.Ring("last")
	if len(b.queue) != maxRings {
		t.Error("the bell stays silent")
	}
}
