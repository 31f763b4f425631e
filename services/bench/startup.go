package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/parleymeet/parley/services/bench/internal/child"
	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/peer"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	configPath = "/api/v1.0/config/"
	startRuns  = 5
	// startInterval is how often a starting process is asked, and so how exact
	// the figure is.
	startInterval = time.Millisecond
	idleTime      = 5 * time.Second
	memoryGoal    = 80 << 20
)

// starts are the times that one kind of start took.
type starts []time.Duration

func (s starts) median() time.Duration { return slices.Sorted(slices.Values(s))[len(s)/2] }

func (s starts) row(name string, peer starts) []string {
	return []string{
		name, fmt.Sprint(len(s)), report.Time(s.median()), report.Time(slices.Max(s)),
		report.Times(float64(s.median()) / float64(peer.median())),
	}
}

// startup measures how long standalone takes to answer, and its memory at rest.
func startup(ctx context.Context, b *bench) error {
	var (
		bare, first, again starts
		memory             usage
	)
	for run := range startRuns {
		took, err := b.startBare(ctx)
		if err != nil {
			return err
		}
		bare = append(bare, took)
		dir, err := b.Dir()
		if err != nil {
			return err
		}
		for _, times := range []*starts{&first, &again} {
			took, used, err := b.startStandalone(ctx, dir, run == 0 && times == &again)
			if err != nil {
				return err
			}
			*times = append(*times, took)
			if used != (usage{}) {
				memory = used
			}
		}
	}
	b.Linef("5. Start of standalone on SQLite: from exec to the first answer")
	b.Table([]string{"", "starts", "median", "slowest", "to peer"},
		bare.row("grpc-gateway echo (peer)", bare),
		first.row("standalone, empty directory", bare),
		again.row("standalone, existing directory", bare))
	b.Goal("under 1 s", report.Time(first.median()), first.median() < time.Second)
	b.Linef("   memory after %v at rest: %s resident, of which %s its own (RssAnon), the rest mapped files",
		idleTime, report.MiB(memory.resident), report.MiB(memory.anonymous))
	b.Goal("under 80 MiB resident", report.MiB(memory.resident), memory.resident < memoryGoal)
	return nil
}

func (b *bench) startBare(ctx context.Context) (time.Duration, error) {
	address, err := lab.FreeAddress(ctx)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	p, err := b.StartPeer(ctx, peer.Gateway, address)
	if err != nil {
		return 0, err
	}
	defer p.Stop()
	return answered(ctx, p, began, "http://"+address+lab.RoomsPath+"any/")
}

// startStandalone starts it once; used is filled if it is left at rest.
func (b *bench) startStandalone(ctx context.Context, dir string, atRest bool) (took time.Duration, used usage, err error) {
	began := time.Now()
	suite, err := b.Standalone(ctx, dir, "")
	if err != nil {
		return 0, usage{}, err
	}
	defer suite.Process.Stop()
	took, err = answered(ctx, suite.Process, began, suite.HTTP+configPath)
	if err != nil || !atRest {
		return took, usage{}, err
	}
	if err := pause(ctx, idleTime); err != nil {
		return 0, usage{}, err
	}
	used, err = memoryOf(suite.Process.PID())
	return took, used, err
}

// pause waits for so long.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answered returns how long after began the URL is answered.
func answered(ctx context.Context, p *child.Process, began time.Time, url string) (time.Duration, error) {
	err := p.WaitUntil(ctx, startInterval, func() error { return lab.Answers(ctx, url) })
	return time.Since(began), err
}

// usage is the memory of a process in bytes.
type usage struct{ resident, anonymous int64 }

// memoryOf reads Linux's account of a process.
func memoryOf(pid int) (usage, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, err
	}
	var used usage
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		var kilobytes int64
		switch name {
		case "VmRSS", "RssAnon":
			if _, err := fmt.Sscanf(value, "%d kB", &kilobytes); err != nil {
				return usage{}, fmt.Errorf("/proc: %w", err)
			}
		}
		switch name {
		case "VmRSS":
			used.resident = kilobytes << 10
		case "RssAnon":
			used.anonymous = kilobytes << 10
		}
	}
	if used.resident == 0 {
		return usage{}, errors.New("/proc tells no memory")
	}
	return used, nil
}
