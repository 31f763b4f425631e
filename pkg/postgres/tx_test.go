package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/pkg/testkit"
)

func seats(t *testing.T, db *postgres.DB) string {
	t.Helper()
	return queryString(t, db, "SELECT string_agg(seats::text, ',' ORDER BY id) FROM rooms")
}

// addSeat reads and writes in two steps, so that it loses updates unless the
// transaction is serializable.
func addSeat(ctx context.Context, tx pgx.Tx) error {
	var n int
	if err := tx.QueryRow(ctx, "SELECT seats FROM rooms WHERE id = 'a'").Scan(&n); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE rooms SET seats = $1 WHERE id = 'a'", n+1); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

func TestInTxRetriesSerializationFailure(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	runs := 0
	err := db.InTxOptions(t.Context(), pgx.TxOptions{IsoLevel: pgx.Serializable}, func(ctx context.Context, tx pgx.Tx) error {
		runs++
		var n int
		if err := tx.QueryRow(ctx, "SELECT seats FROM rooms WHERE id = 'a'").Scan(&n); err != nil {
			return err
		}
		if runs == 1 { // another transaction commits between the read and the write
			if err := db.InTx(ctx, addSeat); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "UPDATE rooms SET seats = $1 WHERE id = 'a'", n+1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := seats(t, db); runs != 2 || got != "2,0" {
		t.Errorf("seats %s after %d runs, want 2,0 after 2", got, runs)
	}
}

func TestInTxUnderContention(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := db.InTxOptions(t.Context(), pgx.TxOptions{IsoLevel: pgx.Serializable}, addSeat); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := seats(t, db); got != "8,0" {
		t.Errorf("seats %s, want 8,0", got)
	}
}

func TestInTxRetriesDeadlock(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	var locked sync.WaitGroup // both hold their first row
	locked.Add(2)
	var wg sync.WaitGroup
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			first := sync.OnceFunc(func() { locked.Done(); locked.Wait() })
			err := db.InTx(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
				for _, id := range order {
					if _, err := tx.Exec(ctx, "UPDATE rooms SET seats = seats + 1 WHERE id = $1", id); err != nil {
						return err
					}
					first()
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := seats(t, db); got != "2,2" {
		t.Errorf("seats %s, want 2,2", got)
	}
}

func TestInTxGivesUp(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	aborted := fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: "40001"})
	tests := []struct {
		name    string
		timeout time.Duration
		want    error
		runs    int // 0: at least one
	}{
		{"after ten runs", time.Minute, aborted, 10},
		{"with its context", 20 * time.Millisecond, context.DeadlineExceeded, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
			defer cancel()
			runs := 0
			err := db.InTx(ctx, func(context.Context, pgx.Tx) error { runs++; return aborted })
			if !errors.Is(err, test.want) || runs == 0 || (test.runs != 0 && runs != test.runs) {
				t.Errorf("%v after %d runs", err, runs)
			}
		})
	}
}

func TestInTxRollsBack(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	tests := []struct {
		name string
		end  func(cancel func()) error
		want error
	}{
		{"error", func(func()) error { return boom }, boom},
		{"panic", func(func()) error { panic(boom) }, boom},
		{"cancelled", func(cancel func()) error { cancel(); return nil }, context.Canceled},
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
				return db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
					if _, err := tx.Exec(ctx, "DELETE FROM rooms"); err != nil {
						t.Error(err)
					}
					return test.end(cancel)
				})
			}()
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if got := seats(t, db); got != "0,0" {
				t.Errorf("seats %q, want 0,0", got)
			}
			if n := db.Pool().Stat().AcquiredConns(); n != 0 {
				t.Errorf("%d connections kept", n)
			}
		})
	}
}

func TestConstraintErrors(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	tests := []struct {
		name, statement, unique, foreign string
	}{
		{"unique", "INSERT INTO rooms (id) VALUES ('a')", "rooms_pkey", ""},
		{"foreign key", "INSERT INTO guests (id, room) VALUES ('g', 'none')", "", "guests_room"},
		{"not null", "INSERT INTO guests (id) VALUES ('g')", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := db.InTx(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
				_, err := tx.Exec(ctx, test.statement)
				return err
			})
			if err == nil || postgres.IsUnavailable(err) {
				t.Errorf("got %v", err)
			}
			if got, ok := postgres.IsUnique(err); got != test.unique || ok != (test.unique != "") {
				t.Errorf("IsUnique(%v) = %q, %v", err, got, ok)
			}
			if got, ok := postgres.IsForeignKey(err); got != test.foreign || ok != (test.foreign != "") {
				t.Errorf("IsForeignKey(%v) = %q, %v", err, got, ok)
			}
		})
	}
}

func TestIsUnavailableOfCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("other"), false},
		{context.DeadlineExceeded, false},
		{context.Canceled, false},
		{fmt.Errorf("wrapped: %w", postgres.ErrPoolBusy), true},
		{&pgconn.PgError{Code: "57P01"}, true},  // admin shutdown
		{&pgconn.PgError{Code: "57P03"}, true},  // starting up
		{&pgconn.PgError{Code: "53300"}, true},  // too many connections
		{&pgconn.PgError{Code: "08006"}, true},  // connection failure
		{&pgconn.PgError{Code: "25006"}, true},  // demoted primary
		{&pgconn.PgError{Code: "57014"}, true},  // statement timeout
		{&pgconn.PgError{Code: "42P01"}, false}, // undefined table
		{&pgconn.PgError{Code: "23505"}, false}, // unique
	}
	for _, test := range tests {
		if got := postgres.IsUnavailable(test.err); got != test.want {
			t.Errorf("IsUnavailable(%v) = %v", test.err, got)
		}
	}
}

func TestUnavailableForReal(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	db := open(t, postgres.Config{URL: url, Schema: "public", MaxConns: 1, StatementTimeout: 200 * time.Millisecond})
	admin := open(t, postgres.Config{URL: url, Schema: "public"})
	tests := []struct {
		name string
		fn   func(ctx context.Context, tx pgx.Tx) error
	}{
		{"terminated by an administrator", func(ctx context.Context, tx pgx.Tx) error {
			if _, err := admin.Pool().Exec(ctx, "SELECT pg_terminate_backend($1)", tx.Conn().PgConn().PID()); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "SELECT 1")
			return err
		}},
		{"statement timeout", func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "SELECT pg_sleep(10)")
			return err
		}},
		{"pool busy", func(ctx context.Context, _ pgx.Tx) error { // this transaction has the only connection
			return db.InTx(ctx, func(context.Context, pgx.Tx) error { return nil })
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := db.InTx(t.Context(), test.fn); !postgres.IsUnavailable(err) {
				t.Errorf("got %v, want unavailable", err)
			}
		})
	}
	if err := db.Ready(t.Context()); err != nil {
		t.Errorf("the pool did not recover: %v", err)
	}
}
