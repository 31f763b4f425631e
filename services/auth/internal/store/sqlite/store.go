package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is auth's database.
type Store struct {
	db *sqlite.DB
}

// Open opens the file, and creates it when it is missing.
func Open(ctx context.Context, path string, log *slog.Logger) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Path: path, Migrations: files, Logger: log})
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// Migrate brings the schema up to date.
func (s *Store) Migrate(ctx context.Context) error { return s.db.Migrate(ctx) }

// Ready returns nil when the database can serve.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// exec runs one statement that writes and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var changed int64
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return changed, err
}

// returning runs one statement that writes and scans the row that it returns.
func (s *Store) returning(ctx context.Context, into []any, query string, args ...any) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, query, args...).Scan(into...)
	})
}

// fault turns a driver's error into one of the domain; absent is the reason
// when there was no row.
func fault(err error, absent apierr.Reason) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return apierr.New(absent, "")
	case sqlite.IsForeignKey(err):
		return apierr.Wrap(absent, err)
	case sqlite.IsUnavailable(err):
		return apierr.Wrap(apierr.Unavailable, err)
	}
	return err
}

// instant scans microseconds.
type instant struct{ into *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(value any) error {
	micros, ok := value.(int64)
	if !ok {
		return errors.New("sqlite: an instant that is no integer")
	}
	*i.into = time.UnixMicro(micros).UTC()
	return nil
}
