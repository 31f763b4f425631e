package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// readyTimeout bounds one Ready, so that a probe of a hanging server answers
// before the prober gives up.
const readyTimeout = 2 * time.Second

// Config says which database and schema to open, and what the schema must hold.
type Config struct {
	// URL is postgres://user:password@host:port/database?sslmode=...; it may
	// also carry pgx's pool_* parameters and PostgreSQL settings.
	URL string

	// Schema holds the service's tables: lower-case letters, digits and
	// underscores, not starting with a digit. Required. Migrate creates it.
	Schema string

	// MaxConns bounds the pool. Zero keeps the URL's pool_max_conns, or else is
	// 10: with replicas of all services still well below a server's usual 100.
	MaxConns int32

	// StatementTimeout bounds every statement of the pool, not of migrations.
	// Zero keeps the URL's statement_timeout, or else 5 seconds.
	StatementTimeout time.Duration

	// Migrations holds numbered .sql files in goose's format at its root.
	// Nil means that the schema has none.
	Migrations fs.FS

	// Logger receives applied migrations and failures to reach the database.
	// Nil discards them.
	Logger *slog.Logger
}

// DB is one service's database. It is safe for concurrent use.
type DB struct {
	pool       *pgxpool.Pool
	schema     string
	migrations fs.FS
	target     int64 // the version of the newest embedded migration
	log        *slog.Logger
}

// Open checks cfg and builds the pool. It does not connect: the first use does,
// so a server that is down is seen by Migrate and Ready, not here. The caller
// must Close the DB.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	poolConfig, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	target, err := latestVersion(cfg.Migrations)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return nil, fmt.Errorf("postgres: build pool: %w", err)
	}
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &DB{
		pool:       pool,
		schema:     cfg.Schema,
		migrations: cfg.Migrations,
		target:     target,
		log:        log.With("schema", cfg.Schema),
	}, nil
}

// Pool returns the connection pool, for single statements and for pgx's own
// features. Its connections see the service's schema only.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Ready returns nil when the database answers and its schema is at least at
// the version embedded in this binary.
func (db *DB) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if db.migrations == nil {
		if err := db.pool.Ping(ctx); err != nil {
			return fmt.Errorf("postgres: ping: %w", err)
		}
		return nil
	}
	var version int64
	err := db.pool.QueryRow(ctx,
		`SELECT coalesce(max(version_id), 0) FROM `+versionTable+` WHERE is_applied`).Scan(&version)
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr) && pgErr.Code == codeUndefinedTable:
		return fmt.Errorf("postgres: schema %s is not migrated yet", db.schema)
	case err != nil:
		return fmt.Errorf("postgres: read schema version: %w", err)
	case version < db.target:
		return fmt.Errorf("postgres: schema %s is at version %d, want %d", db.schema, version, db.target)
	}
	return nil
}

// Close waits for borrowed connections and closes the pool.
func (db *DB) Close() { db.pool.Close() }
