package batch

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Config says how a Batcher gathers.
type Config struct {
	// Max bounds a batch.
	Max int
	// Linger is the longest time for which a batch waits to be as large as the
	// one before.
	Linger time.Duration
	// Timeout bounds the work on one batch, which does not end with any of those
	// who asked.
	Timeout time.Duration
}

// Work does what a batch asks for. It returns one result for each value, in
// order, or the error that all get. It is never called twice at once.
type Work[V, R any] func(ctx context.Context, values []V) ([]R, error)

// Batcher gathers values and has them worked on together. Safe for concurrent use.
type Batcher[V, R any] struct {
	config Config
	work   Work[V, R]

	mu      sync.Mutex
	waiting []*item[V, R]
	running bool
	enough  chan struct{} // tells the runner that lingers that enough have come
	target  int           // how many are enough
}

type item[V, R any] struct {
	value  V
	result R
	err    error
	done   chan struct{}
}

// New returns a Batcher that has the work done.
func New[V, R any](config Config, work Work[V, R]) *Batcher[V, R] {
	return &Batcher[V, R]{config: config, work: work, enough: make(chan struct{}, 1), target: 1}
}

// Do returns the result of the value. It returns the context's error when that
// ends first; the value may be worked on all the same.
func (b *Batcher[V, R]) Do(ctx context.Context, value V) (R, error) {
	it := &item[V, R]{value: value, done: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, it)
	first := !b.running
	b.running = true
	if len(b.waiting) == b.target {
		select {
		case b.enough <- struct{}{}:
		default:
		}
	}
	b.mu.Unlock()
	if first {
		go b.run()
	}
	select {
	case <-it.done:
		return it.result, it.err
	case <-ctx.Done():
		var none R
		return none, ctx.Err()
	}
}

// run works on batches until nobody waits.
func (b *Batcher[V, R]) run() {
	for b.linger() {
		batch := b.take()
		values := make([]V, len(batch))
		for i, it := range batch {
			values[i] = it.value
		}
		results, err := b.attempt(values)
		if err == nil && len(results) != len(values) {
			err = fmt.Errorf("batch: %d results for %d values", len(results), len(values))
		}
		for i, it := range batch {
			if it.err = err; err == nil {
				it.result = results[i]
			}
			close(it.done)
		}
	}
}

// linger waits until a batch is to begin. It returns false, and the runner has
// ended, when nobody waits for one.
func (b *Batcher[V, R]) linger() bool {
	b.mu.Lock()
	gathered, target := len(b.waiting), b.target
	if gathered == 0 && target == 1 {
		b.running = false
		b.mu.Unlock()
		return false
	}
	select {
	case <-b.enough: // may be of a batch before
	default:
	}
	b.mu.Unlock()
	if gathered >= target {
		return true
	}
	timer := time.NewTimer(b.config.Linger)
	defer timer.Stop()
	select {
	case <-b.enough:
	case <-timer.C:
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		b.running, b.target = false, 1
		return false
	}
	return true
}

// take removes a batch from those who wait; as many are expected next time.
func (b *Batcher[V, R]) take() []*item[V, R] {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.waiting), b.config.Max)
	batch := b.waiting[:n:n]
	b.waiting = append([]*item[V, R](nil), b.waiting[n:]...)
	b.target = n
	return batch
}

// attempt turns a panic into an error: the runner is nobody's goroutine, and the
// process would end with it.
func (b *Batcher[V, R]) attempt(values []V) (results []R, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), b.config.Timeout)
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic in a batch: %v\n%s", value, debug.Stack())
		}
	}()
	return b.work(ctx, values)
}
