// Package postgres keeps telephony's trunks, PINs and calls in PostgreSQL.
//
// Times are stored with microseconds, which is what the domain may rely on.
//
//	store.go    opening, and what a driver's error means
//	trunks.go   trunks.Store
//	pins.go     pins.Store: writing PINs
//	together.go pins.Store: writing those that are wanted at the same time
//	rotations.go pins.Store: how many rotations a room had
//	imports.go  imports.Store
//	sweep.go    pins.Store: the end of PINs, and drains
//	rooms.go    pins.Store: live rooms, throttle.CrowdStore
//	rules.go    rules.Store
//	lines.go    calls.Store: quotas
//	feed.go     calls.Store: what changed
//	participants.go calls.Store: participants of calls
//	refusals.go calls.Store: one call, refusals, numbers
//	calls.go    calls.Store
//	guard.go    throttle.BrakeStore
//	throttles.go  throttle.Store, dispatch.Store: look-ups and tries
package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/batch"
	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
)

//go:embed migrations/*.sql
var files embed.FS

// Store is a PostgreSQL database of telephony.
type Store struct {
	*postgres.DB
	turn     atomic.Uint32 // see shard
	together *batch.Batcher[pins.Draw, inserted]
}

// Open checks url and schema. It does not connect.
func Open(ctx context.Context, url, schema string, log *slog.Logger) (*Store, error) {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, fmt.Errorf("telephony migrations: %w", err)
	}
	db, err := postgres.Open(ctx, postgres.Config{URL: url, Schema: schema, Migrations: migrations, Logger: log})
	if err != nil {
		return nil, err
	}
	s := &Store{DB: db}
	s.together = newTogether(s)
	return s, nil
}

// Close closes the pool.
func (s *Store) Close() error {
	s.DB.Close()
	return nil
}

// fault says what was being done, and whether to try again.
func fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, err)
	if postgres.IsUnavailable(err) {
		return apierr.Wrap(apierr.Unavailable, err)
	}
	return err
}

// nullable turns the zero time into NULL.
func nullable(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// timeOf turns NULL into the zero time.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
