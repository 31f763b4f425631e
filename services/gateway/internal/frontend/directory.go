package frontend

import (
	"context"
	"log/slog"
	"sync"
	"time"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/clock"
)

const (
	// directoryAge is how old an answer about numbers may be.
	directoryAge = 5 * time.Second
	// directoryWait bounds how long a page waits for telephony before it loads without.
	directoryWait = time.Second
)

// directory knows the default number. Every page load asks, so the answer is
// kept for a while; while telephony is away the last one stays good.
type directory struct {
	client telephonyv1.DirectoryServiceClient
	clock  clock.Clock
	log    *slog.Logger

	mu     sync.Mutex // held while telephony is asked, so that one page asks for all
	asked  time.Time
	number *telephonyv1.PhoneNumber
}

func newDirectory(client telephonyv1.DirectoryServiceClient, c clock.Clock, log *slog.Logger) *directory {
	return &directory{client: client, clock: c, log: log}
}

// first returns the default number, nil when there is none.
func (d *directory) first(ctx context.Context) *telephonyv1.PhoneNumber {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.Now()
	if !d.asked.IsZero() && now.Sub(d.asked) < directoryAge {
		return d.number
	}
	// Whoever waits behind the lock wants the answer too, so the one who asks must not take it along.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), directoryWait)
	defer cancel()
	d.asked = now
	answer, err := d.client.ListNumbers(ctx, &telephonyv1.ListNumbersRequest{})
	switch {
	case err != nil:
		d.log.WarnContext(ctx, "telephony did not list its numbers; the last answer stays", "error", err)
	case len(answer.GetNumbers()) == 0:
		d.number = nil
	default:
		d.number = answer.GetNumbers()[0]
	}
	return d.number
}
