package main

import (
	"context"
	"fmt"

	"github.com/parleymeet/parley/services/bench/internal/measure"
	"github.com/parleymeet/parley/services/bench/internal/report"
)

const (
	fewRooms  = 1_000
	manyRooms = 1_000_000
)

// rows measures how a room is found among few and among many.
func rows(ctx context.Context, b *bench) error {
	bare, err := bareSite(ctx, b)
	if err != nil {
		return err
	}
	b.Linef("12. GET of a room over REST, logged in, standalone, among few rooms and among many, 1 client")
	for _, onPostgres := range []bool{false, true} {
		few, err := roomySite(ctx, b, onPostgres, fewRooms)
		if err != nil {
			return err
		}
		many, err := roomySite(ctx, b, onPostgres, manyRooms)
		if err != nil {
			return err
		}
		results, err := measure.Run(ctx, b.plan(1), bare.getting(), few.getting(), many.getting())
		if err != nil {
			return err
		}
		b.Rates(results...)
		slower := results[2].Times(results[1])
		b.Goal(fmt.Sprintf("p50 with %d rooms within 20%% of that with %d", manyRooms, fewRooms), report.Times(slower), slower <= tolerance)
	}
	return nil
}

// roomySite starts standalone with so many rooms in its database.
func roomySite(ctx context.Context, b *bench, onPostgres bool, count int) (*site, error) {
	dir, err := b.Dir()
	if err != nil {
		return nil, err
	}
	name, database := fmt.Sprintf("SQLite, of %d rooms", count), ""
	if onPostgres {
		name = fmt.Sprintf("PostgreSQL, of %d rooms", count)
		if database, err = b.Database(ctx); err != nil {
			return nil, err
		}
	}
	suite, err := b.Standalone(ctx, dir, database)
	if err != nil {
		return nil, err
	}
	if err := suite.WaitReady(ctx); err != nil {
		return nil, err
	}
	s, err := newSite(ctx, name, suite.HTTP)
	if err != nil {
		return nil, err
	}
	tables, err := b.RoomTables(ctx, dir, database)
	if err != nil {
		return nil, err
	}
	return s, tables.Fill(ctx, count)
}
