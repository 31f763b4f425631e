package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/parleymeet/parley/pkg/sqlite"
)

const firstMigration = `-- +goose Up
CREATE TABLE rooms (id TEXT PRIMARY KEY, org TEXT NOT NULL, name TEXT NOT NULL, seats INTEGER NOT NULL DEFAULT 0, UNIQUE (org, name));
CREATE UNIQUE INDEX rooms_lower ON rooms (lower(id));
CREATE TABLE guests (id TEXT PRIMARY KEY, room TEXT NOT NULL REFERENCES rooms (id));
INSERT INTO rooms (id, org, name) VALUES ('r1', 'o1', 'blue');
INSERT INTO guests (id, room) VALUES ('g0', 'r1');
`

const secondMigration = `-- +goose Up
ALTER TABLE rooms ADD COLUMN note TEXT;
`

func migrations(texts ...string) fs.FS {
	names := []string{"0001_first.sql", "0002_second.sql"}
	files := fstest.MapFS{}
	for i, text := range texts {
		files[names[i]] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func open(t *testing.T, path string, files fs.FS) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Migrations: files})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func migrated(t *testing.T) *sqlite.DB {
	t.Helper()
	db := open(t, filepath.Join(t.TempDir(), "test.db"), migrations(firstMigration))
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func exec(db *sqlite.DB, statement string, args ...any) func(context.Context) error {
	return func(ctx context.Context) error {
		return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement, args...)
			return err
		})
	}
}

func count(t *testing.T, db *sqlite.DB, query string) int {
	t.Helper()
	var n int
	if err := db.Read().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenSetsUpTheFile(t *testing.T) {
	t.Parallel()
	// A name that a careless data source name would cut or decode.
	dir := filepath.Join(t.TempDir(), "a b", "50%25?x#y")
	path := filepath.Join(dir, "parley.db")
	db := open(t, path, migrations(firstMigration))
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, path: 0o600, path + "-wal": 0o600} {
		if info, err := os.Stat(file); err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", file, info.Mode(), want)
		}
	}
	pragmas := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"}
	err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for name, want := range pragmas {
			for side, row := range map[string]*sql.Row{
				"writer": tx.QueryRowContext(ctx, "PRAGMA "+name),
				"reader": db.Read().QueryRowContext(ctx, "PRAGMA "+name),
			} {
				var got string
				if err := row.Scan(&got); err != nil {
					return err
				}
				if got != want {
					t.Errorf("%s: %s is %s, want %s", side, name, got, want)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var id string
	insert := `INSERT INTO rooms (id, org, name) VALUES ('r9', 'o1', 'x') RETURNING id`
	if err := db.Read().QueryRowContext(t.Context(), insert).Scan(&id); err == nil {
		t.Error("a reader wrote")
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("this is certainly not an SQLite database, but long enough to be one"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cfg  sqlite.Config
	}{
		{"no path", sqlite.Config{}},
		{"below a file", sqlite.Config{Path: filepath.Join(file, "x.db")}},
		{"not a database", sqlite.Config{Path: file}},
		{"no migrations", sqlite.Config{Path: filepath.Join(t.TempDir(), "x.db"), Migrations: fstest.MapFS{}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if db, err := sqlite.Open(t.Context(), test.cfg); err == nil {
				_ = db.Close()
				t.Error("opened")
			}
		})
	}
}

func TestReadyFollowsMigrations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	old, next := open(t, path, migrations(firstMigration)), open(t, path, migrations(firstMigration, secondMigration))
	steps := []struct {
		name               string
		migrate            *sqlite.DB
		oldReady, newReady bool
	}{
		{"empty", nil, false, false},
		{"first", old, true, false},
		{"second", next, true, true}, // the older binary reads the newer schema
		{"again", next, true, true},
	}
	for _, step := range steps {
		if step.migrate != nil {
			if err := step.migrate.Migrate(t.Context()); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
		}
		if err := old.Ready(t.Context()); (err == nil) != step.oldReady {
			t.Errorf("%s: old: %v", step.name, err)
		}
		if err := next.Ready(t.Context()); (err == nil) != step.newReady {
			t.Errorf("%s: new: %v", step.name, err)
		}
	}
}

func TestConcurrentMigrations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	var wg sync.WaitGroup
	for range 4 {
		db := open(t, path, migrations(firstMigration, secondMigration))
		wg.Go(func() {
			if err := db.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	db := open(t, path, nil)
	if n := count(t, db, "SELECT count(*) FROM goose_db_version"); n != 3 { // goose's own zero, and two
		t.Errorf("%d versions recorded, want 3", n)
	}
}

func TestConcurrentWriters(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	// A second DB on the same file stands for another process.
	other := open(t, filepath.Join(filepath.Dir(databasePath(t, db)), "test.db"), nil)
	const writers, each = 32, 10
	var wg sync.WaitGroup
	for i := range writers {
		db := []*sqlite.DB{db, other}[i%2]
		wg.Go(func() {
			for range each {
				err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					var seats int
					if err := tx.QueryRowContext(ctx, "SELECT seats FROM rooms WHERE id = 'r1'").Scan(&seats); err != nil {
						return err
					}
					_, err := tx.ExecContext(ctx, "UPDATE rooms SET seats = ? WHERE id = 'r1'", seats+1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, db, "SELECT seats FROM rooms WHERE id = 'r1'"); n != writers*each {
		t.Errorf("%d of %d updates kept", n, writers*each)
	}
}

func databasePath(t *testing.T, db *sqlite.DB) string {
	t.Helper()
	var path string
	err := db.Read().QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInTxRollsBack(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	tests := []struct {
		name string
		end  func(cancel func()) error
	}{
		{"error", func(func()) error { return boom }},
		{"panic", func(func()) error { panic(boom) }},
		{"cancelled", func(cancel func()) error { cancel(); return nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			db := migrated(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := func() (err error) {
				defer func() {
					if p := recover(); p != nil {
						err = p.(error)
					}
				}()
				return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
					if _, err := tx.ExecContext(ctx, "DELETE FROM guests"); err != nil {
						t.Error(err)
					}
					return test.end(cancel)
				})
			}()
			if !errors.Is(err, boom) && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if n := count(t, db, "SELECT count(*) FROM guests"); n != 1 {
				t.Errorf("%d guests, want 1", n)
			}
			// The only writer must be free again.
			if err := exec(db, "DELETE FROM guests")(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A commit that need not wait for the disk is seen at once, and the next one waits again.
func TestAsyncCommit(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	synchronous := func(ctx context.Context, tx *sql.Tx) (mode string) {
		if err := tx.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&mode); err != nil {
			t.Error(err)
		}
		return mode
	}
	failure := errors.New("failure")
	for i, want := range []error{nil, failure} {
		err := db.InTxAsyncCommit(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			if mode := synchronous(ctx, tx); mode != "1" {
				t.Errorf("inside: synchronous is %s, want 1", mode)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO rooms (id, org, name) VALUES (?1, 'o1', ?1)`, fmt.Sprint("async", i)); err != nil {
				return err
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		err = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			if mode := synchronous(ctx, tx); mode != "2" {
				t.Errorf("after: synchronous is %s, want 2", mode)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if n := count(t, db, `SELECT count(*) FROM rooms WHERE id LIKE 'async%'`); n != 1 {
		t.Errorf("%d rows, want that of the one that did not fail", n)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	tests := []struct {
		name      string
		statement string
		unique    string
		foreign   bool
	}{
		{"unique", "INSERT INTO rooms (id, org, name) VALUES ('r2', 'o1', 'blue')", "rooms.org, rooms.name", false},
		{"primary key", "INSERT INTO guests (id, room) VALUES ('g0', 'r1')", "guests.id", false},
		{"expression", "INSERT INTO rooms (id, org, name) VALUES ('R1', 'o1', 'red')", "rooms_lower", false},
		{"foreign key", "INSERT INTO guests (id, room) VALUES ('g', 'none')", "", true},
		{"not null", "INSERT INTO guests (id) VALUES ('g')", "", false},
		{"syntax", "INSERT", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := exec(db, test.statement)(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			if got, ok := sqlite.IsUnique(err); got != test.unique || ok != (test.unique != "") {
				t.Errorf("IsUnique(%v) = %q, %v; want %q", err, got, ok, test.unique)
			}
			if got := sqlite.IsForeignKey(err); got != test.foreign {
				t.Errorf("IsForeignKey(%v) = %v", err, got)
			}
			if sqlite.IsUnavailable(err) {
				t.Errorf("IsUnavailable(%v)", err)
			}
		})
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	holder := open(t, databasePath(t, db), nil)
	// The setting stays with the only writing connection: waiting for the
	// lock now fails at once, and what is left is the retries of InTx.
	if err := exec(db, "PRAGMA busy_timeout = 1")(t.Context()); err != nil {
		t.Fatal(err)
	}
	holding, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := holder.InTx(t.Context(), func(context.Context, *sql.Tx) error {
			close(holding)
			<-release
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-holding
	busy := exec(db, "DELETE FROM guests")(t.Context())
	if !sqlite.IsUnavailable(busy) {
		t.Errorf("while another holds the file: %v, want unavailable", busy)
	}
	close(release)
	wg.Wait()
	if err := exec(db, "DELETE FROM guests")(t.Context()); err != nil {
		t.Errorf("after the other released the file: %v", err)
	}

	// The error just seen, now from a transaction that meets it some times.
	for _, test := range []struct{ failures, runs int }{{0, 1}, {1, 2}, {2, 3}, {3, 3}} {
		runs := 0
		err := db.InTx(t.Context(), func(context.Context, *sql.Tx) error {
			if runs++; runs <= test.failures {
				return fmt.Errorf("wrapped: %w", busy)
			}
			return nil
		})
		if runs != test.runs || (err == nil) != (test.failures < 3) {
			t.Errorf("%d failures: %v after %d runs, want %d runs", test.failures, err, runs, test.runs)
		}
	}
}
