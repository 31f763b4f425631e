package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/parleymeet/parley/pkg/sqlite"
)

const roomName = `SELECT name FROM rooms WHERE id = ?`

// TestReadsSeeTheLastCommit: a statement that has been prepared keeps no snapshot,
// whether it found something or not, and follows a change of the schema.
func TestReadsSeeTheLastCommit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	db := open(t, path, migrations(firstMigration))
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := func(id string) (string, error) {
		var name string
		err := db.Read().QueryRowContext(t.Context(), roomName, id).Scan(&name)
		return name, err
	}
	write := func(statement string) {
		t.Helper()
		err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if name, err := read("r2"); !errors.Is(err, sql.ErrNoRows) {
			t.Fatalf("before: %q, %v", name, err)
		}
	}
	write(`INSERT INTO rooms (id, org, name) VALUES ('r2', 'o1', 'red')`)
	if name, err := read("r2"); name != "red" || err != nil {
		t.Errorf("inserted: %q, %v", name, err)
	}
	write(`UPDATE rooms SET name = 'green' WHERE id = 'r2'`)
	later := open(t, path, migrations(firstMigration, secondMigration))
	if err := later.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if name, err := read("r2"); name != "green" || err != nil {
		t.Errorf("after a change of the schema: %q, %v", name, err)
	}
	// A reader that had not ended would keep the log from being merged and emptied.
	var busy, pages, merged int
	err := db.InTx(t.Context(), func(context.Context, *sql.Tx) error { return nil })
	if err == nil {
		err = db.Read().QueryRowContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &merged)
	}
	if err != nil || busy != 0 || pages != 0 {
		t.Errorf("checkpoint: busy %d, %d pages left, %v", busy, pages, err)
	}
}

// TestReadAtOnce: the same statement on all connections, also one within another.
func TestReadAtOnce(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for range 100 {
				var name string
				if err := db.Read().QueryRowContext(t.Context(), roomName, "r1").Scan(&name); err != nil || name != "blue" {
					t.Errorf("%q, %v", name, err)
					return
				}
			}
		})
	}
	readers.Wait()
	outer, err := db.Read().QueryContext(t.Context(), roomName, "r1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = outer.Close() }()
	var inner string
	if err := db.Read().QueryRowContext(t.Context(), roomName, "r1").Scan(&inner); err != nil || inner != "blue" {
		t.Errorf("inner: %q, %v", inner, err)
	}
	if !outer.Next() || outer.Next() || outer.Err() != nil {
		t.Errorf("the outer one has not one row: %v", outer.Err())
	}
	if err := db.Read().QueryRowContext(t.Context(), `SELECT nothing FROM nowhere`).Scan(&inner); err == nil {
		t.Error("a wrong statement is no error")
	}
}

// BenchmarkRead reads a row with a statement that is known, and with one that
// is parsed anew each time.
func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "test.db")
	db, err := sqlite.Open(b.Context(), sqlite.Config{Path: path, Migrations: migrations(firstMigration)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = raw.Close() })
	const query = `SELECT r.id, r.org, r.name, r.seats, coalesce(g.id, '')
		FROM rooms r LEFT JOIN guests g ON g.room = r.id AND g.id = ? WHERE r.id = ?`
	scan := func(b *testing.B, row *sql.Row) {
		var id, org, name, guest string
		var seats int
		if err := row.Scan(&id, &org, &name, &seats, &guest); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("known", func(b *testing.B) {
		for b.Loop() {
			scan(b, db.Read().QueryRowContext(b.Context(), query, "g0", "r1"))
		}
	})
	b.Run("parsed", func(b *testing.B) {
		for b.Loop() {
			scan(b, raw.QueryRowContext(b.Context(), query, "g0", "r1"))
		}
	})
}
