package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
)

// migrationLockTimeout is how long Migrate waits for one in another process.
const migrationLockTimeout = time.Minute

// Migrate applies the pending migrations, each in its own transaction. When
// several processes call it at once, one migrates and the others wait for it.
func (db *DB) Migrate(ctx context.Context) error {
	if db.migrations == nil {
		return nil
	}
	provider, err := db.provider()
	if err != nil {
		return err
	}
	unlock, err := lockMigrations(ctx, db.path+"-migrate")
	if err != nil {
		return err
	}
	defer unlock()
	applied, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("sqlite: migrate %s: %w", db.path, err)
	}
	for _, m := range applied {
		db.log.InfoContext(ctx, "migration applied", "version", m.Source.Version, "duration", m.Duration)
	}
	return nil
}

func (db *DB) provider() (*goose.Provider, error) {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.write, db.migrations, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("sqlite: read migrations: %w", err)
	}
	return provider, nil
}

// lockMigrations keeps other processes from migrating until unlock is called or
// this process dies. Goose has no lock for SQLite, and a transaction on the
// database itself cannot span migrations; an exclusive transaction on an empty
// database beside it can, on every system that SQLite runs on.
func lockMigrations(ctx context.Context, path string) (unlock func(), err error) {
	if err := createFile(path); err != nil {
		return nil, err
	}
	conns, err := sql.Open(driver, dsn(path, url.Values{
		"_txlock": {"exclusive"},
		"_pragma": {"busy_timeout(" + strconv.FormatInt(migrationLockTimeout.Milliseconds(), 10) + ")"},
	}))
	if err != nil {
		return nil, fmt.Errorf("sqlite: migration lock: %w", err)
	}
	tx, err := conns.BeginTx(ctx, nil)
	if err != nil {
		_ = conns.Close()
		return nil, fmt.Errorf("sqlite: migration lock: %w", err)
	}
	return func() {
		// Nothing was written; closing frees the lock even if this fails.
		_ = tx.Rollback()
		_ = conns.Close()
	}, nil
}
