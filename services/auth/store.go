package auth

import (
	"context"
	"log/slog"

	"github.com/parleymeet/parley/services/auth/internal/applications"
	"github.com/parleymeet/parley/services/auth/internal/keys"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
	"github.com/parleymeet/parley/services/auth/internal/store/postgres"
	"github.com/parleymeet/parley/services/auth/internal/store/sqlite"
	"github.com/parleymeet/parley/services/auth/internal/users"
	"github.com/parleymeet/parley/services/internal/database"
)

// serviceName names the service's file or schema in DATABASE_URL.
const serviceName = "auth"

// store is a database that serves all domains.
type store interface {
	users.Store
	sessions.Store
	keys.Store
	applications.Store
	Migrate(ctx context.Context) error
	Ready(ctx context.Context) error
	Close() error
}

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
