package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	// versionTable is goose's record of applied migrations, in the service's
	// own schema by way of search_path.
	versionTable = goose.DefaultTablename

	// A migration that waits for a table lock makes every later statement on
	// that table wait behind it. It gives up soon instead, and is retried.
	migrationLockTimeout = 5 * time.Second

	// Goose asks for its advisory lock once a second for five minutes.
	lockProbeSeconds = 1
	lockProbes       = 300

	migrateRetryFirst = 250 * time.Millisecond
	migrateRetryMax   = 10 * time.Second
)

// Migrate creates the schema if it is missing and applies the pending
// migrations, each in its own transaction. Any number of processes may call it
// at once: one migrates, the others wait for it. Its statements have no time
// limit of their own; ctx bounds the whole.
func (db *DB) Migrate(ctx context.Context) error {
	cfg := db.pool.Config().ConnConfig
	cfg.RuntimeParams["statement_timeout"] = "0"
	cfg.RuntimeParams["lock_timeout"] = milliseconds(migrationLockTimeout)
	// Goose speaks database/sql. Its connections live only for this call, so
	// a migration neither starves the pool nor inherits its limits.
	conns := stdlib.OpenDB(*cfg)
	defer func() { _ = conns.Close() }()
	if err := ensureSchema(ctx, conns, db.schema); err != nil {
		return err
	}
	if db.migrations == nil {
		return nil
	}
	// The locker counts its tries over its whole life, hence one for each call.
	locker, err := lock.NewPostgresSessionLocker(
		lock.WithLockID(lockID(db.schema)), lock.WithLockTimeout(lockProbeSeconds, lockProbes))
	if err != nil {
		return fmt.Errorf("postgres: migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, conns, db.migrations,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("postgres: read migrations: %w", err)
	}
	applied, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("postgres: migrate schema %s: %w", db.schema, err)
	}
	for _, m := range applied {
		db.log.InfoContext(ctx, "migration applied", "version", m.Source.Version, "duration", m.Duration)
	}
	return nil
}

// MigrateWithRetry calls Migrate until it succeeds or ctx ends, with growing
// pauses up to ten seconds. It logs a failure when it differs from the one
// before, so that a database which stays down costs one line. The error joins
// the end of ctx and the last failure.
func (db *DB) MigrateWithRetry(ctx context.Context) error {
	var last error
	var logged string
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		last = db.Migrate(ctx)
		if last != nil && ctx.Err() == nil && last.Error() != logged {
			logged = last.Error()
			db.log.WarnContext(ctx, "database is not migrated yet, retrying", "error", last)
		}
		return struct{}{}, last
	}, backoff.WithBackOff(migrateBackOff()), backoff.WithMaxElapsedTime(0))
	if err == nil {
		return nil
	}
	return errors.Join(ctx.Err(), last)
}

func migrateBackOff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = migrateRetryFirst
	b.MaxInterval = migrateRetryMax
	b.Multiplier = 2
	return b
}

// ensureSchema creates schema unless it exists. It looks first, because
// CREATE SCHEMA IF NOT EXISTS asks for the right to create even when there is
// nothing to create, and a careful operator does not grant it.
func ensureSchema(ctx context.Context, conns *sql.DB, schema string) error {
	var exists bool
	err := conns.QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1)`, schema).Scan(&exists)
	if err != nil {
		return fmt.Errorf("postgres: look for schema %s: %w", schema, err)
	}
	if exists {
		return nil
	}
	_, err = conns.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+pgx.Identifier{schema}.Sanitize())
	if err != nil && !createdByOther(err) {
		return fmt.Errorf("postgres: create schema %s: %w", schema, err)
	}
	return nil
}

// createdByOther recognizes the two ways in which PostgreSQL reports that
// another session created the same schema at the same time.
func createdByOther(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == codeUnique || pgErr.Code == codeDuplicateSchema)
}

// lockID derives the advisory lock's key from the schema, so that services in
// one database do not wait for one another.
func lockID(schema string) int64 {
	return int64(crc32.ChecksumIEEE([]byte("goose/" + schema)))
}

// latestVersion returns the highest version among migrations, 0 for none.
func latestVersion(migrations fs.FS) (int64, error) {
	if migrations == nil {
		return 0, nil
	}
	// A provider needs a *sql.DB but listing its files does not connect it.
	conns := sql.OpenDB(stdlib.GetConnector(pgx.ConnConfig{}))
	defer func() { _ = conns.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, conns, migrations, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, fmt.Errorf("postgres: read migrations: %w", err)
	}
	sources := provider.ListSources()
	return sources[len(sources)-1].Version, nil
}
