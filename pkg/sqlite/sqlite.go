package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the "sqlite" driver of database/sql
)

const (
	driver = "sqlite"

	// busyTimeout is how long a statement waits for another process (the
	// migrate command, a backup); within this process writers queue.
	busyTimeout = 5 * time.Second

	// minReaders keeps a slow read on a small machine from delaying the rest.
	minReaders = 4
)

// Config says which file to open and what it must hold.
type Config struct {
	// Path is the database file; its directory is created when missing.
	// SQLite keeps two more files beside it (-wal, -shm), and Migrate a third
	// (-migrate).
	Path string

	// Migrations holds numbered .sql files in goose's format at its root.
	// Nil means that the database has none.
	Migrations fs.FS

	// Logger receives applied migrations. Nil discards them.
	Logger *slog.Logger
}

// DB is one service's database. It is safe for concurrent use.
type DB struct {
	path       string
	write      *sql.DB // exactly one connection
	writes     statements
	read       *Reader
	migrations fs.FS
	target     int64 // the version of the newest embedded migration
	log        *slog.Logger
}

// Open opens the database, creating its directory and file, readable by the
// owner alone, when they are missing. Migrate must run before the first use.
// The caller must Close the DB.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Path == "" {
		return nil, errors.New("sqlite: no path")
	}
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: path %s: %w", cfg.Path, err)
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	write, err := openPool(path, 1, "_txlock", "immediate")
	if err != nil {
		return nil, err
	}
	// query_only and not mode=ro: a connection opened read-only cannot recover
	// the log that a crash left behind.
	readers, err := openPool(path, max(minReaders, runtime.NumCPU()), "_pragma", "query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	db := &DB{path: path, write: write, writes: statements{pool: write}, read: &Reader{statements{pool: readers}}, migrations: cfg.Migrations, log: cfg.Logger}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if err := db.check(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// check reads the migrations' names and opens the file, so that a bad one is
// seen at once.
func (db *DB) check(ctx context.Context) error {
	if db.migrations != nil {
		provider, err := db.provider()
		if err != nil {
			return err
		}
		sources := provider.ListSources()
		db.target = sources[len(sources)-1].Version
	}
	if err := db.write.PingContext(ctx); err != nil {
		return fmt.Errorf("sqlite: open %s: %w", db.path, err)
	}
	return nil
}

// Read returns what reads outside a transaction that writes. Each statement sees
// the last commit; a statement that would write fails.
func (db *DB) Read() *Reader { return db.read }

// Ready returns nil when the file can be read and its schema is at least at
// the version embedded in this binary.
func (db *DB) Ready(ctx context.Context) error {
	if db.migrations == nil {
		if err := db.read.pool.PingContext(ctx); err != nil {
			return fmt.Errorf("sqlite: ping: %w", err)
		}
		return nil
	}
	var migrated bool
	err := db.read.QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)`,
		goose.DefaultTablename).Scan(&migrated)
	if err != nil {
		return fmt.Errorf("sqlite: read schema: %w", err)
	}
	if !migrated {
		return errors.New("sqlite: the database is not migrated yet")
	}
	var version int64
	err = db.read.QueryRowContext(ctx,
		`SELECT coalesce(max(version_id), 0) FROM `+goose.DefaultTablename+` WHERE is_applied`).Scan(&version)
	if err != nil {
		return fmt.Errorf("sqlite: read schema version: %w", err)
	}
	if version < db.target {
		return fmt.Errorf("sqlite: the database is at version %d, want %d", version, db.target)
	}
	return nil
}

// Close waits for running statements and closes the file. The last connection
// to close merges the log into it.
func (db *DB) Close() error {
	return errors.Join(db.read.pool.Close(), db.write.Close())
}

// createFile creates path for its owner alone; SQLite gives its other files
// the same permissions.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("sqlite: create directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304 -- the operator names the file
	if err != nil {
		return fmt.Errorf("sqlite: create file: %w", err)
	}
	return f.Close()
}

// openPool opens at most conns connections with the common settings and the
// extra setting key=value.
func openPool(path string, conns int, key, value string) (*sql.DB, error) {
	// synchronous: NORMAL would keep the file sound after a loss of power but
	// could forget the last commits. A room that a client was told exists must
	// exist after the restart, and control-plane writes are few enough that
	// one fsync for each commit costs nothing that a user sees. So FULL.
	settings := url.Values{"_pragma": {
		"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"foreign_keys(1)",
		"temp_store(MEMORY)", // what could undo a statement of many rows is not written to a file
	}}
	settings.Add(key, value)
	pool, err := sql.Open(driver, dsn(path, settings))
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns) // opening one costs more than keeping it
	return pool, nil
}

// dsn builds SQLite's URI of an absolute path, which may hold any character.
func dsn(path string, settings url.Values) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // a drive letter
		path = "/" + path
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}
	return u.String()
}
