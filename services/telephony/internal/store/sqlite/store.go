// Package sqlite keeps telephony's trunks, PINs and calls in one SQLite file.
//
// Writes run one after the other, so what PostgreSQL does in one statement is
// here a short transaction. Times are stored as microseconds since 1970.
//
//	store.go    opening, times, and what a driver's error means
//	trunks.go   trunks.Store
//	pins.go     pins.Store: writing PINs
//	rotations.go pins.Store: how many rotations a room had
//	imports.go  imports.Store
//	sweep.go    pins.Store: the end of PINs, and drains
//	rooms.go    pins.Store: live rooms, throttle.CrowdStore
//	rules.go    rules.Store
//	lines.go    calls.Store: quotas
//	feed.go     calls.Store: what changed
//	participants.go calls.Store: participants of calls
//	refusals.go calls.Store: one call, refusals, numbers
//	calls.go    calls.Store, dispatch.Store: look-up
//	guard.go    throttle.BrakeStore
//	throttles.go  throttle.Store, dispatch.Store: tries
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/sqlite"
)

//go:embed migrations/*.sql
var files embed.FS

// Store is a SQLite database of telephony.
type Store struct {
	*sqlite.DB
}

// Open opens the file, creating it when it is missing.
func Open(ctx context.Context, path string, log *slog.Logger) (*Store, error) {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, fmt.Errorf("telephony migrations: %w", err)
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Path: path, Migrations: migrations, Logger: log})
	if err != nil {
		return nil, err
	}
	return &Store{DB: db}, nil
}

// MigrateWithRetry migrates once: a local file does not come back by waiting.
func (s *Store) MigrateWithRetry(ctx context.Context) error { return s.Migrate(ctx) }

// querier is met by the pool of readers and by a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// fault says what was being done, and whether to try again.
func fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, err)
	if sqlite.IsUnavailable(err) {
		return apierr.Wrap(apierr.Unavailable, err)
	}
	return err
}

// exec runs one statement as a transaction and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (int, error) {
	var changed int64
	err := s.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return int(changed), err
}

// collect reads all rows.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, rows.Err()
}

// marks returns n placeholders for a list.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

func micros(t time.Time) int64 { return t.UnixMicro() }

// nullable turns the zero time into NULL.
func nullable(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func timeOf(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// timeOrZero turns NULL into the zero time.
func timeOrZero(micros sql.NullInt64) time.Time {
	if !micros.Valid {
		return time.Time{}
	}
	return timeOf(micros.Int64)
}
