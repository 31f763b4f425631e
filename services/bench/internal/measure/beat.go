package measure

import (
	"context"
	"sync"
	"time"
)

// Beat lets many ask again and again, each once an interval, at times that do
// not wait for answers: who is late because others were slow counts as waiting.
type Beat struct {
	// Askers are spread evenly over the interval and over the clients, each of
	// which makes one request after the other.
	Askers, Clients  int
	Interval, Length time.Duration
}

// Beats is what a Beat gave.
type Beats struct {
	// Result has latencies from when each asker's turn came.
	Result
	// Wrong is how many answers were, First why the first was.
	Wrong int
	First error
	// Took is how long it lasted.
	Took time.Duration
}

// Rate returns answers a second, right and wrong.
func (b *Beats) Rate() float64 { return float64(b.Count()) / b.Took.Seconds() }

// Run lets askers, from 0, ask until the length is over.
func (b Beat) Run(ctx context.Context, ask func(ctx context.Context, asker int) error) (*Beats, error) {
	var (
		clients sync.WaitGroup
		mu      sync.Mutex
		all     Beats
		start   = time.Now()
	)
	for client := range b.Clients {
		clients.Go(func() {
			part := b.client(ctx, start, client, ask)
			mu.Lock()
			defer mu.Unlock()
			all.latencies = append(all.latencies, part.latencies...)
			if all.Wrong += part.Wrong; all.First == nil {
				all.First = part.First
			}
		})
	}
	clients.Wait()
	all.Took = max(b.Length, time.Since(start))
	all.sort()
	return &all, ctx.Err()
}

// client asks for its share of the askers.
func (b Beat) client(ctx context.Context, start time.Time, client int, ask func(ctx context.Context, asker int) error) (part Beats) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for round := time.Duration(0); ; round++ {
		for asker := client; asker < b.Askers; asker += b.Clients {
			turn := start.Add(round*b.Interval + b.Interval*time.Duration(asker)/time.Duration(b.Askers))
			if over := start.Add(b.Length); !turn.Before(over) || !time.Now().Before(over) {
				return part
			}
			wait.Reset(time.Until(turn))
			select {
			case <-wait.C:
			case <-ctx.Done():
				return part
			}
			if err := ask(ctx, asker); err != nil {
				if part.Wrong++; part.First == nil {
					part.First = err
				}
			}
			part.latencies = append(part.latencies, time.Since(turn))
		}
	}
}
