package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/parleymeet/parley/pkg/obs"
)

// Exit codes of [Main]. An error with a method ExitCode() int chooses its own;
// configuration errors use 2 that way.
const (
	exitOK          = 0
	exitFailure     = 1
	exitInterrupted = 130 // by shell convention 128 + SIGINT
)

// growth is by how many percent the heap may grow between two collections, unless
// GOGC says otherwise. What a service keeps is small beside what it needs for a
// moment, so that Go's default of 100 collects many times a second under load.
const growth = 200

// Main calls fn with a context that ends at the first SIGINT or SIGTERM, prints
// the error it returns to stderr, once, and returns the exit code:
//
//	func main() { os.Exit(run.Main("parley-room", serve)) }
func Main(name string, fn func(ctx context.Context) error) int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(growth)
	}
	ctx, stop := SignalContext(context.Background())
	defer stop()
	return report(ctx, os.Stderr, name, fn(ctx))
}

func report(ctx context.Context, stderr io.Writer, name string, err error) int {
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return exitInterrupted // whoever interrupted it knows why it ended
	}
	_, _ = fmt.Fprintf(stderr, "%s: %s\n", name, obs.MaskText(err.Error()))
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return exitFailure
}

// SignalContext returns a context that ends at the first SIGINT or SIGTERM,
// with the signal as its cause. A second signal exits the process at once with
// code 130. stop gives the signals back to the system and ends the context.
func SignalContext(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	stopped := make(chan struct{})
	go func() {
		for count := 1; ; count++ {
			select {
			case <-stopped:
				return
			case s := <-signals:
				if count > 1 {
					os.Exit(exitInterrupted)
				}
				cancel(fmt.Errorf("signal: %s", s))
			}
		}
	}()
	return ctx, sync.OnceFunc(func() {
		signal.Stop(signals)
		close(stopped)
		cancel(context.Canceled)
	})
}
