package throttle

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parleymeet/parley/pkg/clock"
)

// door is a store of one room with so many callers.
type door struct {
	callers int
	from    time.Time
	until   time.Time
}

func (d *door) Crowds(_ context.Context, from time.Time, callers int) ([]string, error) {
	d.from = from
	if d.callers >= callers {
		return []string{"room"}, nil
	}
	return nil, nil
}

func (d *door) ForceLobby(_ context.Context, _ string, now, until time.Time) (bool, error) {
	began := !d.until.After(now)
	d.until = until
	return began, nil
}

func (d *door) ForcedLobbies(_ context.Context, now time.Time) (int, error) {
	if d.until.After(now) {
		return 1, nil
	}
	return 0, nil
}

func TestCrowds(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	limit := Limit{Wrong: 3, Window: 10 * time.Minute, Refuse: time.Hour}
	forever := Limit{Wrong: 3, Window: 10 * time.Minute, Refuse: Forever}
	for name, c := range map[string]struct {
		limit   Limit
		callers int
		want    time.Duration
	}{
		"few": {limit, 2, 0}, "many": {limit, 3, time.Hour}, "any number": {Limit{}, 1000, 0},
		"for good": {forever, 3, now.AddDate(100, 0, 0).Sub(now)},
	} {
		log, store := &bytes.Buffer{}, &door{callers: c.callers}
		crowd, err := NewCrowd(store, c.limit, clock.NewFake(now), slog.New(slog.NewTextHandler(log, nil)), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := crowd.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		told, gauge, until := 0, 0.0, time.Time{}
		if c.want > 0 {
			told, gauge, until = 1, 1, now.Add(c.want)
		}
		if !store.until.Equal(until) || testutil.ToFloat64(crowd.forced) != gauge || strings.Count(log.String(), "room=room") != told {
			t.Errorf("%s: until %v, log %s", name, store.until, log)
		}
		if c.limit.Wrong > 0 && !store.from.Equal(now.Add(-10*time.Minute)) {
			t.Errorf("%s: counted from %v", name, store.from)
		}
	}
}
