package calls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/secret"
)

// book is a store that can be away, and that refuses one call for good.
type book struct {
	Store
	mu      sync.Mutex
	away    int // tries that still fail
	written []string
	writes  int
}

func (b *book) RecordCalls(ctx context.Context, events ...Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away > 0 {
		b.away--
		return apierr.New(apierr.Unavailable, "")
	}
	b.writes++
	if slices.ContainsFunc(events, func(e Event) bool { return e.ID == "poison" }) {
		return errors.New("refused")
	}
	for _, e := range events {
		b.written = append(b.written, e.ID)
	}
	return nil
}

func newRecorder(t *testing.T, s Store) *Recorder {
	t.Helper()
	key, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRecorder(s, Keep{Records: time.Hour, Numbers: time.Hour, Key: key}, clock.System{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEventsAreWrittenInOrder(t *testing.T) {
	t.Parallel()
	b := &book{away: 3}
	r := newRecorder(t, b)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(t.Context())
	}()
	for _, id := range []string{"1", "", "poison", "2", "3"} {
		r.Record(Event{ID: id})
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		b.mu.Lock()
		done := slices.Equal(b.written, []string{"1", "2", "3"})
		b.mu.Unlock()
		if done {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("written %v", b.written)
		}
	}
	r.Close()
	<-ended
	if n := lost(r, lostRefused); n != 1 {
		t.Errorf("%v events counted as refused, want 1", n)
	}
}

func lost(r *Recorder, reason string) float64 {
	return testutil.ToFloat64(r.metrics.lost.WithLabelValues(reason))
}

// TestLossesAtTheStop: what a database that is away is not told any more is counted,
// and what comes later too.
func TestLossesAtTheStop(t *testing.T) {
	t.Parallel()
	r, log := newRecorder(t, &book{away: 1 << 30}), &bytes.Buffer{}
	r.log = slog.New(slog.NewTextHandler(log, nil))
	for i := range 300 {
		r.Record(Event{ID: fmt.Sprint(i)})
	}
	r.Close()
	r.Run(t.Context())
	if n := lost(r, lostShutdown); n != 300 {
		t.Errorf("%v events counted as lost, want 300", n)
	}
	if text := log.String(); !strings.Contains(text, "call records lost") || strings.Contains(text, "not written yet") {
		t.Errorf("log: %s", text)
	}
	r.Record(Event{ID: "late"})
	if n := lost(r, lostShutdown); n != 301 {
		t.Errorf("%v events counted as lost, want 301", n)
	}
}

// TestLossesWhenCutShort: the time to stop is over before the queue is written.
func TestLossesWhenCutShort(t *testing.T) {
	t.Parallel()
	r := newRecorder(t, &book{})
	for i := range 300 {
		r.Record(Event{ID: fmt.Sprint(i)})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Close()
	r.Run(ctx)
	if n := lost(r, lostShutdown); n != 300 {
		t.Errorf("%v events counted as lost, want 300", n)
	}
}

// loads is a store that knows how many calls trunks have.
type loads struct {
	Store
	load map[string]Load
	err  error
}

func (l *loads) Loads(context.Context, time.Time) (map[string]Load, error) { return l.load, l.err }

func TestLiveCallsAreCounted(t *testing.T) {
	t.Parallel()
	s := &loads{load: map[string]Load{"ST_a": {Calls: 5, Pending: 2}}}
	r := newRecorder(t, s)
	if err := r.Count(t.Context()); err != nil {
		t.Fatal(err)
	}
	const name = "parley_telephony_live_calls"
	want := `# HELP ` + name + ` Calls of all replicas that have not ended, by trunk: in the prompt, or in a room.
# TYPE ` + name + ` gauge
` + name + `{stage="prompt",trunk="ST_a"} 2
` + name + `{stage="room",trunk="ST_a"} 3
`
	if err := testutil.CollectAndCompare(r.metrics.live, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	s.load, s.err = nil, errors.New("away")
	if err := r.Count(t.Context()); err == nil || testutil.CollectAndCount(r.metrics.live) != 0 {
		t.Errorf("what is not known is shown; %v", err)
	}
}

func TestCloseWritesWhatIsQueued(t *testing.T) {
	t.Parallel()
	b := &book{}
	r := newRecorder(t, b)
	for i := range 100 {
		r.Record(Event{ID: fmt.Sprint(i)})
	}
	r.Close()
	r.Run(t.Context())
	if len(b.written) != 100 || b.writes > 10 {
		t.Errorf("%d of 100 events written, in %d writes", len(b.written), b.writes)
	}
}

func TestAFullQueueDropsAndCounts(t *testing.T) {
	t.Parallel()
	r := newRecorder(t, &book{})
	for range queueSize + 7 {
		r.Record(Event{ID: "1"})
	}
	if n := lost(r, lostFull); n != 7 {
		t.Errorf("%v events dropped, want 7", n)
	}
}

// archive has so many records of each kind to clean.
type archive struct {
	Store
	silent, old, numbers int
	present              int // of the silent ones, in live rooms
}

func some(n *int, limit int) (int, error) {
	done := min(*n, limit)
	*n -= done
	return done, nil
}

func (a *archive) RenewCalls(_ context.Context, silent, now time.Time, limit int) (int, error) {
	if now.Sub(silent) != repeatAfter {
		return 0, fmt.Errorf("renewed after %v", now.Sub(silent))
	}
	n, err := some(&a.present, limit)
	a.silent -= n
	return n, err
}

func (a *archive) FailCalls(_ context.Context, d Doubt, now time.Time, limit int) (int, error) {
	if want := (Doubt{Reason: silentReason, Before: now.Add(-silentAfter)}); d != want {
		return 0, fmt.Errorf("doubt %+v, want %+v", d, want)
	}
	return some(&a.silent, limit)
}

func (a *archive) DeleteCalls(_ context.Context, _ time.Time, limit int) (int, error) {
	return some(&a.old, limit)
}

func (a *archive) ForgetNumbers(_ context.Context, _ time.Time, limit int) (int, error) {
	return some(&a.numbers, limit)
}

// TestAllIsCleaned: however much there is, none of it is kept beyond its time.
func TestAllIsCleaned(t *testing.T) {
	t.Parallel()
	a := &archive{silent: 3 * cleanBatch, old: 5*cleanBatch + 1, numbers: 2*cleanBatch - 1}
	if err := newRecorder(t, a).Clean(t.Context()); err != nil || a.silent+a.old+a.numbers != 0 {
		t.Errorf("left: %+v, %v", a, err)
	}
}

// TestPresentCallsGoOn: where LiveKit SIP does not repeat states, calls whose
// participant is there are not silent; where it does, its silence counts.
func TestPresentCallsGoOn(t *testing.T) {
	t.Parallel()
	for present, want := range map[bool]int{true: cleanBatch + 1, false: 2 * cleanBatch} {
		a := &archive{silent: 2 * cleanBatch, present: cleanBatch - 1}
		failed := &counting{archive: a}
		r := newRecorder(t, failed)
		r.keep.ByParticipant = present
		if err := r.Clean(t.Context()); err != nil || failed.failed != want {
			t.Errorf("present %v: %d calls failed, want %d: %v", present, failed.failed, want, err)
		}
	}
}

// counting counts the calls that are made to fail.
type counting struct {
	*archive
	failed int
}

func (c *counting) FailCalls(ctx context.Context, d Doubt, now time.Time, limit int) (int, error) {
	n, err := c.archive.FailCalls(ctx, d, now, limit)
	c.failed += n
	return n, err
}

func TestNumbersAreSealed(t *testing.T) {
	t.Parallel()
	r := newRecorder(t, &book{})
	const number = "+33612345678"
	sealed := r.SealNumber("SCL_1", number)
	if len(sealed) == 0 || bytes.Contains(sealed, []byte(number)) || r.SealNumber("SCL_1", "") != nil {
		t.Errorf("sealed %q", sealed)
	}
	log := &bytes.Buffer{}
	r.log = slog.New(slog.NewTextHandler(log, nil))
	for name, c := range map[string]struct {
		call Call
		want string
		ok   bool
	}{
		"its own":        {Call{ID: "SCL_1", CallerNumber: sealed}, number, true},
		"none kept":      {Call{ID: "SCL_1"}, "", true},
		"another call's": {Call{ID: "SCL_2", CallerNumber: sealed}, "", false},
	} {
		log.Reset()
		got, err := r.RevealNumber(t.Context(), c.call, "ada")
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%s: %q %v", name, got, err)
		}
		if !strings.Contains(log.String(), "to=ada") || !strings.Contains(log.String(), "call="+c.call.ID) || strings.Contains(log.String(), number) {
			t.Errorf("%s: log %s", name, log)
		}
	}
	r.keep.Numbers = 0
	if r.SealNumber("SCL_1", number) != nil {
		t.Error("kept all the same")
	}
}
