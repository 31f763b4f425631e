package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/measure"
	"github.com/parleymeet/parley/services/bench/internal/peer"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	// rounds is how many slices each series gets.
	rounds = 10
	// rateClients is how many clients ask at the same time where a rate is measured.
	rateClients = 8
	// tolerance is how far two figures may be apart that should be the same.
	tolerance = 1.2
)

// figure is one of the things measured.
type figure struct {
	name    string
	measure func(context.Context, *bench) error
}

func figures() []figure {
	return []figure{
		{"dispatch", dispatch}, {"resolve", resolve}, {"allocate", allocate}, {"rest", rest}, {"startup", startup}, {"sessions", sessions},
		{"guesses", guesses}, {"timing", timing}, {"memory", memory},
		{"lobby", lobby}, {"rows", rows}, {"fill", fill},
	}
}

// bench is what a figure gets: a lab of its own and where to report.
type bench struct {
	*lab.Lab
	*report.Report
	pins    int
	rooms   int
	seconds float64
}

// plan returns how series are measured by so many clients.
func (b *bench) plan(clients int) measure.Plan {
	return measure.Plan{Clients: clients, Rounds: rounds, Slice: time.Duration(b.seconds / rounds * float64(time.Second))}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil && interrupted:
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var (
		flags   = flag.NewFlagSet("bench", flag.ContinueOnError)
		only    = flags.String("only", "", "figures to measure, joined by commas: "+strings.Join(names(figures()), ", ")+"; by default all")
		pins    = flags.Int("pins", 100_000, "live PINs in the telephony database")
		rooms   = flags.Int("rooms", 1_000_000, "rooms of the figure fill")
		seconds = flags.Float64("seconds", 4, "how long each series is measured")
		name    = flags.String("peer", "", "for the program itself: be this bare peer")
		options peer.Options
	)
	flags.StringVar(&options.Address, "peer-address", "", "where the peer listens")
	flags.StringVar(&options.Redis, "peer-redis", "", "the peer's bus")
	flags.StringVar(&options.Database, "peer-database", "", "the peer's database")
	flags.StringVar(&options.Certs, "peer-certs", "", "the peer's certificates")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *name != "" {
		return peer.Serve(ctx, *name, options)
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if *pins < dialledRooms || *seconds <= 0 || *rooms < fillTrunks {
		return fmt.Errorf("-pins must be at least %d, -rooms %d, -seconds above 0", dialledRooms, fillTrunks)
	}
	server := os.Getenv("TEST_DATABASE_URL")
	if server == "" {
		return errors.New("TEST_DATABASE_URL is not set: run make bench, which starts a PostgreSQL server")
	}
	b := bench{Report: &report.Report{Out: out}, pins: *pins, rooms: *rooms, seconds: *seconds}
	return b.all(ctx, server, chosen)
}

// all measures the figures one after the other, each in a lab of its own.
func (b *bench) all(ctx context.Context, server string, chosen []figure) error {
	b.Linef("%d CPUs, %s, %s/%s. Each series: %.3g s in %d slices, in turn with its peer.",
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, b.seconds, rounds)
	for _, f := range chosen {
		if err := b.one(ctx, server, f); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return b.Err()
}

func (b *bench) one(ctx context.Context, server string, f figure) error {
	var err error
	if b.Lab, err = lab.New(ctx, server); err != nil {
		return err
	}
	defer b.Close()
	b.Linef("")
	return f.measure(ctx, b)
}

func names(list []figure) []string {
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.name
	}
	return names
}

// choose returns the figures of a list of names, the usual ones for an empty list.
func choose(only string) ([]figure, error) {
	if only == "" {
		return figures(), nil
	}
	all, wanted := figures(), strings.Split(only, ",")
	for _, name := range wanted {
		if !slices.Contains(names(all), name) {
			return nil, fmt.Errorf("-only: no figure is named %q; there are %s", name, strings.Join(names(all), ", "))
		}
	}
	return slices.DeleteFunc(all, func(f figure) bool { return !slices.Contains(wanted, f.name) }), nil
}
