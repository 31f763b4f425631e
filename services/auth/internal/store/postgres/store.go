package postgres

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is auth's database.
type Store struct {
	db *postgres.DB
}

// Open prepares the database without connecting to it.
func Open(ctx context.Context, url, schema string, log *slog.Logger) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, postgres.Config{URL: url, Schema: schema, Migrations: files, Logger: log})
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// Migrate brings the schema up to date.
func (s *Store) Migrate(ctx context.Context) error { return s.db.Migrate(ctx) }

// Ready returns nil when the database can serve.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Close frees the connections.
func (s *Store) Close() error {
	s.db.Close()
	return nil
}

// fault turns a driver's error into one of the domain; absent is the reason
// when there was no row.
func fault(err error, absent apierr.Reason) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return apierr.New(absent, "")
	case postgres.IsUnavailable(err):
		return apierr.Wrap(apierr.Unavailable, err)
	}
	if _, ok := postgres.IsForeignKey(err); ok {
		return apierr.Wrap(absent, err)
	}
	return err
}
