package main

import (
	"context"
	"math/rand/v2"

	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/measure"
	"github.com/parleymeet/parley/services/bench/internal/peer"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	fewSessions  = 10
	manySessions = 1_000_000
)

// sessions measures who-am-I, which every page load asks, with few and with
// many sessions in the table. Each request comes with one of them, at random.
func sessions(ctx context.Context, b *bench) error {
	address, err := lab.FreeAddress(ctx)
	if err != nil {
		return err
	}
	if err := b.Peer(ctx, peer.Gateway, address); err != nil {
		return err
	}
	bare, err := lab.NewBrowser("http://"+address, rateClients)
	if err != nil {
		return err
	}
	few, err := sessionSite(ctx, b, fewSessions)
	if err != nil {
		return err
	}
	many, err := sessionSite(ctx, b, manySessions)
	if err != nil {
		return err
	}
	b.Linef("6. GET users/me over REST, standalone on PostgreSQL, connections kept")
	for _, clients := range []int{1, rateClients} {
		results, err := measure.Run(ctx, b.plan(clients),
			asking("grpc-gateway echo (peer)", bare, fewSessions),
			asking("of 10 sessions", few, fewSessions), asking("of 1000000 sessions", many, manySessions))
		if err != nil {
			return err
		}
		b.Linef("   clients: %d", clients)
		b.Rates(results...)
		slower := results[2].Times(results[1])
		b.Goal("p50 with 1000000 sessions within 20% of that with 10", report.Times(slower), slower <= tolerance)
	}
	return nil
}

// sessionSite starts standalone with so many sessions in its database.
func sessionSite(ctx context.Context, b *bench, count int) (*lab.Browser, error) {
	dir, err := b.Dir()
	if err != nil {
		return nil, err
	}
	database, err := b.Database(ctx)
	if err != nil {
		return nil, err
	}
	suite, err := b.Standalone(ctx, dir, database)
	if err != nil {
		return nil, err
	}
	if err := suite.WaitReady(ctx); err != nil {
		return nil, err
	}
	pool, err := b.Pool(ctx, database)
	if err != nil {
		return nil, err
	}
	if err := lab.SeedSessions(ctx, pool, count); err != nil {
		return nil, err
	}
	if err := lab.Rest(ctx, pool); err != nil {
		return nil, err
	}
	return lab.NewBrowser(suite.HTTP, rateClients)
}

func asking(name string, browser *lab.Browser, count int) measure.Series {
	return measure.Series{Name: name, Do: func(ctx context.Context, _ int) error {
		return browser.GetMe(ctx, lab.SessionToken(rand.IntN(count))) // #nosec G404 -- which one does not matter
	}}
}
