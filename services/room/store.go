package room

import (
	"context"
	"log/slog"

	"github.com/parleymeet/parley/services/internal/database"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/live"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/moderation"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
	"github.com/parleymeet/parley/services/room/internal/store/postgres"
	"github.com/parleymeet/parley/services/room/internal/store/sqlite"
)

// store is one of the two backends.
type store interface {
	rooms.Store
	rooms.AccessStore
	accesses.Store
	outbox.Store
	lobby.Store
	invitations.Store
	moderation.Roles
	live.Store
	phones.Store
	Migrate(ctx context.Context) error
	MigrateWithRetry(ctx context.Context) error
	Ready(ctx context.Context) error
	Close() error
}

// openStore opens the database that the URL names, which need not answer yet.
func openStore(ctx context.Context, url string, log *slog.Logger) (store, error) {
	location, err := database.Locate(url, serviceName)
	if err != nil {
		return nil, err
	}
	if location.SQLitePath != "" {
		return sqlite.Open(ctx, location.SQLitePath, log)
	}
	return postgres.Open(ctx, location.PostgresURL, location.Schema, log)
}
