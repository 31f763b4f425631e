package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/sqlite"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/live"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/moderation"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is the service's database. It is safe for concurrent use.
type Store struct {
	db *sqlite.DB
}

var (
	_ rooms.Store       = (*Store)(nil)
	_ rooms.AccessStore = (*Store)(nil)
	_ accesses.Store    = (*Store)(nil)
	_ outbox.Store      = (*Store)(nil)
	_ lobby.Store       = (*Store)(nil)
	_ invitations.Store = (*Store)(nil)
	_ moderation.Roles  = (*Store)(nil)
	_ live.Store        = (*Store)(nil)
	_ phones.Store      = (*Store)(nil)
)

// Open returns the store in the file at path, which is created when missing.
func Open(ctx context.Context, path string, log *slog.Logger) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("embedded migrations: %w", err)
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Path: path, Migrations: files, Logger: log})
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// Migrate brings the file up to date.
func (s *Store) Migrate(ctx context.Context) error { return s.db.Migrate(ctx) }

// MigrateWithRetry is Migrate: a file that cannot be opened now will not be later.
func (s *Store) MigrateWithRetry(ctx context.Context) error { return s.db.Migrate(ctx) }

// Ready returns nil when the file can be read and is up to date.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// scanner is a row to read, or one of several.
type scanner interface {
	Scan(dest ...any) error
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what matters is in rows.Err
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// instant reads what UnixMicro wrote.
func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// fault says what a failed statement was for. A domain's error stays.
func fault(doing string, err error) error {
	var known *apierr.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case sqlite.IsUnavailable(err):
		return apierr.Wrap(apierr.Unavailable, fmt.Errorf("%s: %w", doing, err))
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// roomFault is fault for statements on one room.
func roomFault(doing string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return rooms.NotFound()
	}
	if columns, ok := sqlite.IsUnique(err); ok && columns == "rooms.slug" {
		return rooms.SlugTaken()
	}
	return fault(doing, err)
}
