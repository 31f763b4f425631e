package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	lifecycle "github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/measure"
	"github.com/parleymeet/parley/services/bench/internal/report"
	service "github.com/parleymeet/parley/services/telephony"
)

const (
	// Trunks of short PINs, each in a country of its own, by which an allocation
	// chooses it.
	emptyCountry, emptyNumber = "BE", "+3225551234"
	fullCountry, fullNumber   = "CH", "+41445551234"
	shortPIN                  = 5
	shortPINs                 = 100_000
	emptyFill, fullFill       = 1, 90 // percent

	// fillRequests is what one slice allocates on each of them, so that the whole
	// measurement adds little more than 1% to their fill.
	fillRequests = 100
	fillSlice    = 10 * time.Second
)

// peerTables is telephony's table of PINs again, with its constraints and what
// is in it, for the bare peer to write to.
const peerTables = `
CREATE SCHEMA bench;
CREATE TABLE bench.trunks (LIKE parley_telephony.trunks INCLUDING ALL);
CREATE TABLE bench.pins (LIKE parley_telephony.pins INCLUDING ALL, FOREIGN KEY (trunk_id) REFERENCES bench.trunks ON DELETE CASCADE);
INSERT INTO bench.trunks SELECT * FROM parley_telephony.trunks;
INSERT INTO bench.pins SELECT * FROM parley_telephony.pins;`

// allocate measures how fast rooms get PINs.
func allocate(ctx context.Context, b *bench) error {
	t, err := populate(ctx, b)
	if err != nil {
		return err
	}
	for _, trunk := range []struct {
		number string
		fill   int
	}{{emptyNumber, emptyFill}, {fullNumber, fullFill}} {
		id, err := t.addTrunk(ctx, trunk.number, shortPIN)
		if err != nil {
			return err
		}
		if err := lab.Seed(ctx, t.db, id, shortPIN, shortPINs/100*trunk.fill); err != nil {
			return err
		}
	}
	if _, err := t.db.Exec(ctx, peerTables); err != nil {
		return fmt.Errorf("the peer's tables: %w", err)
	}
	if err := lab.Rest(ctx, t.db); err != nil {
		return err
	}
	pool, err := clientPool(ctx, t.Database)
	if err != nil {
		return err
	}
	defer pool.Close()
	conn, err := t.Dial(identity.CallerRoom, identity.CallerTelephony)
	if err != nil {
		return err
	}
	pins := telephonyv1.NewPinServiceClient(conn)
	inside, stop, err := t.inside(ctx)
	if err != nil {
		return err
	}
	err = b.allocateRate(ctx, inserting(pool, t.trunk), allocating("AllocatePin", pins, "FR"),
		allocating("AllocatePin, one process", inside, "FR"))
	if err := errors.Join(err, stop()); err != nil {
		return err
	}
	return b.allocateByFill(ctx, pins)
}

func (b *bench) allocateRate(ctx context.Context, peer, wire, inside measure.Series) error {
	results, err := measure.Run(ctx, b.plan(rateClients), peer, wire, inside)
	if err != nil {
		return err
	}
	b.Linef("3. PIN allocation: %d live PINs, PostgreSQL with fsync, %d clients", b.pins, rateClients)
	b.Rates(results...)
	part := results[1].RateOf(results[0])
	b.Goal("at least 0.5x the rate of the INSERT", report.Times(part), part >= 0.5)
	part = results[2].RateOf(results[0])
	b.Goal("the same in one process", report.Times(part), part >= 0.5)
	return nil
}

// inside runs another telephony service on the same database in this process,
// and returns how the room service of `parley serve` calls it. It runs until stop.
func (t *telephony) inside(ctx context.Context) (pins telephonyv1.PinServiceClient, stop func() error, err error) {
	var cfg service.Config
	if err := config.Load(&cfg, []string{"DATABASE_URL=" + t.Database, "SECRET_KEY=" + secret.Generate()}); err != nil {
		return nil, nil, err
	}
	room, roomErr := t.Dial(identity.CallerTelephony, identity.CallerRoom)
	token, tokenErr := t.Dial(identity.CallerTelephony, identity.CallerToken)
	if err := errors.Join(roomErr, tokenErr); err != nil {
		return nil, nil, err
	}
	log, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	server, err := grpcx.NewServer(grpcx.Options{Policy: service.Policy(), Logger: log, Registry: registry})
	if err != nil {
		return nil, nil, err
	}
	s, err := service.New(cfg, service.Deps{Room: room, Token: token, Logger: log, Registry: registry, Clock: clock.System{}})
	if err != nil {
		return nil, nil, err
	}
	s.Register(server)
	var group lifecycle.Group
	group.Add(s.Component(), lifecycle.Component{
		Name: "grpc", Run: func(context.Context) error { return server.Serve() }, Stop: server.Stop,
	})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- group.Run(ctx) }()
	return telephonyv1.NewPinServiceClient(server.Local(identity.CallerRoom)), func() error {
		cancel()
		return <-ended
	}, nil
}

func (b *bench) allocateByFill(ctx context.Context, pins telephonyv1.PinServiceClient) error {
	plan := measure.Plan{Clients: 1, Rounds: rounds, Slice: fillSlice, Requests: fillRequests}
	results, err := measure.Run(ctx, plan,
		allocating(fmt.Sprintf("AllocatePin at %d%% fill", emptyFill), pins, emptyCountry),
		allocating(fmt.Sprintf("AllocatePin at %d%% fill", fullFill), pins, fullCountry))
	if err != nil {
		return err
	}
	b.Linef("")
	b.Linef("   by fill of a trunk with %d-digit PINs, 1 client (the first row is what the second is compared with)", shortPIN)
	b.Latencies(results...)
	flat := float64(results[1].P99()) / float64(results[0].P99())
	b.Goal(fmt.Sprintf("p99 at %d%% fill within 20%% of that at %d%%", fullFill, emptyFill), report.Times(flat), flat <= tolerance)
	return nil
}

// allocating is the series of allocations for new rooms on a trunk of the country.
func allocating(name string, pins telephonyv1.PinServiceClient, country string) measure.Series {
	return measure.Series{Name: name, Do: func(ctx context.Context, _ int) error {
		room := uuid.NewString()
		answer, err := pins.AllocatePin(ctx, &telephonyv1.AllocatePinRequest{RoomId: room, Country: country})
		if err != nil {
			return err
		}
		dialIn := answer.GetDialIn()
		if numbers := dialIn.GetNumbers(); dialIn.GetPin() == "" || len(numbers) != 1 || numbers[0].GetNumber().GetCountry() != country {
			return fmt.Errorf("the PIN is not on the trunk of %s", country)
		}
		return nil
	}}
}

// inserting is the bare peer: the same row into the same table, nothing around it.
func inserting(pool *pgxpool.Pool, trunk string) measure.Series {
	space := new(big.Int).Exp(big.NewInt(10), big.NewInt(pinLength), nil)
	return measure.Series{Name: "INSERT of a row (peer)", Do: func(ctx context.Context, _ int) error {
		drawn, err := rand.Int(rand.Reader, space)
		if err != nil {
			return err
		}
		_, err = pool.Exec(ctx, `INSERT INTO bench.pins (trunk_id, pin, room_id, state, created_at)
			VALUES ($1, $2, $3, 'current', $4) ON CONFLICT DO NOTHING`,
			trunk, fmt.Sprintf("%0*d", pinLength, drawn), uuid.NewString(), time.Now())
		return err
	}}
}

// clientPool opens a pool with a connection for each client.
func clientPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MinConns, config.MaxConns = rateClients, rateClients
	return pgxpool.NewWithConfig(ctx, config)
}
