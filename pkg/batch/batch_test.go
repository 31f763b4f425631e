package batch

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// doubler doubles numbers, notes how many come at once, and lets each batch begin
// only when it is told to.
type doubler struct {
	sizes   chan int
	proceed chan struct{}
}

func (d *doubler) work(_ context.Context, values []int) ([]int, error) {
	d.sizes <- len(values)
	<-d.proceed
	results := make([]int, len(values))
	for i, v := range values {
		if v < 0 {
			return nil, errors.New("negative")
		}
		results[i] = 2 * v
	}
	return results, nil
}

func newDoubler() *doubler {
	return &doubler{sizes: make(chan int, 100), proceed: make(chan struct{}, 100)}
}

// ask asks for the double of each value at once, and waits until all are there.
func ask(t *testing.T, b *Batcher[int, int], values ...int) (wait func()) {
	t.Helper()
	var asking sync.WaitGroup
	for _, v := range values {
		asking.Go(func() {
			if got, err := b.Do(t.Context(), v); err != nil || got != 2*v {
				t.Errorf("%d: %d, %v", v, got, err)
			}
		})
	}
	return asking.Wait
}

func waitFor(t *testing.T, b *Batcher[int, int], n int) {
	t.Helper()
	for {
		b.mu.Lock()
		waiting := len(b.waiting)
		b.mu.Unlock()
		if waiting == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestWhoAsksAloneWaitsForNobody(t *testing.T) {
	d := newDoubler()
	b := New(Config{Max: 10, Linger: time.Hour, Timeout: time.Minute}, d.work)
	for i := range 3 {
		d.proceed <- struct{}{}
		ask(t, b, i)()
		if size := <-d.sizes; size != 1 {
			t.Errorf("a batch of %d", size)
		}
	}
}

func TestThoseWhoComeMeanwhileGoTogether(t *testing.T) {
	d := newDoubler()
	b := New(Config{Max: 3, Linger: time.Millisecond, Timeout: time.Minute}, d.work)
	first := ask(t, b, 0)
	if size := <-d.sizes; size != 1 {
		t.Fatalf("the first batch has %d", size)
	}
	others := ask(t, b, 1, 2, 3, 4)
	waitFor(t, b, 4)
	for range 3 {
		d.proceed <- struct{}{}
	}
	first()
	others()
	if second, third := <-d.sizes, <-d.sizes; second != 3 || third != 1 {
		t.Errorf("batches of %d and %d, want 3 and 1", second, third)
	}
	d.proceed <- struct{}{}
	ask(t, b, 5)() // the runner begins again
}

// A batch waits for as many as there were before, and no longer than it may.
func TestLinger(t *testing.T) {
	d := newDoubler()
	b := New(Config{Max: 10, Linger: 200 * time.Millisecond, Timeout: time.Minute}, d.work)
	for range 10 {
		d.proceed <- struct{}{}
	}
	b.target = 3
	began := time.Now()
	ask(t, b, 1, 2, 3)()
	if size, took := <-d.sizes, time.Since(began); size != 3 || took > 150*time.Millisecond {
		t.Errorf("a batch of %d after %v", size, took)
	}
	ask(t, b, 4)()
	if size, took := <-d.sizes, time.Since(began); size != 1 || took < 200*time.Millisecond {
		t.Errorf("a batch of %d after %v", size, took)
	}
}

func TestFaults(t *testing.T) {
	d := newDoubler()
	config := Config{Max: 10, Linger: time.Millisecond, Timeout: 50 * time.Millisecond}
	b := New(config, d.work)
	d.proceed <- struct{}{}
	if _, err := b.Do(t.Context(), -1); err == nil || err.Error() != "negative" {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := b.Do(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("gave up: %v", err)
	}
	d.proceed <- struct{}{}
	for want, work := range map[string]Work[int, int]{
		"panic in a batch: oops":    func(context.Context, []int) ([]int, error) { panic("oops") },
		"0 results for 1 values":    func(context.Context, []int) ([]int, error) { return nil, nil },
		"context deadline exceeded": func(ctx context.Context, _ []int) ([]int, error) { <-ctx.Done(); return nil, ctx.Err() },
	} {
		if _, err := New(config, work).Do(t.Context(), 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// A crowd that asks all the time gets every answer, each its own.
func TestCrowd(t *testing.T) {
	var largest int
	b := New(Config{Max: 16, Linger: time.Millisecond, Timeout: time.Minute}, func(_ context.Context, values []int) ([]int, error) {
		largest = max(largest, len(values)) // the race detector tells if two run at once
		results := make([]int, len(values))
		for i, v := range values {
			results[i] = 2 * v
		}
		return results, nil
	})
	var crowd sync.WaitGroup
	for i := range 50 {
		crowd.Go(func() {
			for j := range 200 {
				if got, err := b.Do(t.Context(), i*j); err != nil || got != 2*i*j {
					t.Errorf("%d: %d, %v", i*j, got, err)
				}
			}
		})
	}
	crowd.Wait()
	if largest < 2 || largest > 16 {
		t.Errorf("the largest batch had %d", largest)
	}
}
