package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/postgres"
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
	db *postgres.DB
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

// Open returns the store in one schema of a server. It does not connect.
func Open(ctx context.Context, url, schema string, log *slog.Logger) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("embedded migrations: %w", err)
	}
	db, err := postgres.Open(ctx, postgres.Config{URL: url, Schema: schema, Migrations: files, Logger: log})
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// Migrate brings the schema up to date.
func (s *Store) Migrate(ctx context.Context) error { return s.db.Migrate(ctx) }

// MigrateWithRetry is Migrate for as long as it takes the server to answer.
func (s *Store) MigrateWithRetry(ctx context.Context) error { return s.db.MigrateWithRetry(ctx) }

// Ready returns nil when the database serves and is up to date.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Close closes the pool.
func (s *Store) Close() error {
	s.db.Close()
	return nil
}

// fault says what a failed statement was for. A domain's error stays.
func fault(doing string, err error) error {
	var known *apierr.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case postgres.IsUnavailable(err):
		return apierr.Wrap(apierr.Unavailable, fmt.Errorf("%s: %w", doing, err))
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// roomFault is fault for statements on one room.
func roomFault(doing string, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return rooms.NotFound()
	}
	if constraint, ok := postgres.IsUnique(err); ok && constraint == "rooms_slug_key" {
		return rooms.SlugTaken()
	}
	return fault(doing, err)
}

// orNull makes an empty id NULL, which equals no id.
func orNull(id string) any {
	if id == "" {
		return nil
	}
	return id
}
