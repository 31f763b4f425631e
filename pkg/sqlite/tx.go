package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// maxTxTries bounds the runs of one transaction. Each waits for
	// busyTimeout at most, so another process that holds the file for long is
	// reported rather than waited for without end.
	maxTxTries   = 3
	txRetryFirst = 10 * time.Millisecond
)

// InTx runs fn in a write transaction and commits it when fn returns nil. It
// rolls back when fn returns an error, which it passes on, or panics.
//
// Transactions run one at a time; each waits for its turn, bounded by ctx. So
// fn must be short, must read through tx (Read does not see its writes), and
// must not call InTx: that would wait for itself.
//
// When another process holds the file, InTx runs fn again from the start, up to
// three times. So fn must be repeatable: it touches nothing but tx and
// overwrites what it hands out.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	return repeated(ctx, func() error { return tryTx(ctx, db.write, fn) })
}

// InTxAsyncCommit is InTx for what may be forgotten: its commit does not wait for
// the disk, and a loss of power soon after may undo it. Everybody sees it at
// once, the file stays sound, and the next commit of InTx makes it last.
func (db *DB) InTxAsyncCommit(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	return repeated(ctx, func() error { return db.tryAsync(ctx, fn) })
}

// repeated runs a transaction until no other process is in its way.
func repeated(ctx context.Context, transact func() error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = txRetryFirst
	for try := 1; ; try++ {
		err := transact()
		if err == nil || !isBusy(err) || try == maxTxTries {
			return err
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
			return fmt.Errorf("%w, while retrying: %w", ctx.Err(), err)
		}
	}
}

// Prepare returns a statement for transactions, which use it by their method
// StmtContext. It is parsed once and kept, so query must be one of few. Prepare
// must not be called in InTx: it would wait for that to end.
func (db *DB) Prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	statement, err := db.writes.prepare(ctx, query)
	if err == nil && statement == nil {
		err = errors.New("sqlite: too many statements are kept")
	}
	return statement, err
}

// tryAsync runs fn once on the writing connection while that does not wait for the disk.
func (db *DB) tryAsync(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("sqlite: begin: %w", err)
	}
	defer func() { _ = conn.Close() }() // gives it back, unless it was given up
	if _, err := conn.ExecContext(ctx, "PRAGMA synchronous = NORMAL"); err != nil {
		return fmt.Errorf("sqlite: begin: %w", err)
	}
	defer func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA synchronous = FULL"); err != nil {
			_ = conn.Raw(func(any) error { return sqldriver.ErrBadConn }) // the pool opens another, which waits for the disk
		}
	}()
	return tryTx(ctx, conn, fn)
}

// beginner is a connection, or a pool of one.
type beginner interface {
	BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error)
}

// tryTx runs fn once.
func tryTx(ctx context.Context, on beginner, fn func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := on.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqlite: begin: %w", err)
	}
	// After a commit this does nothing; on a panic it frees the only writer.
	defer func() { _ = tx.Rollback() }() // the first error tells more than this one
	if err := fn(ctx, tx); err != nil {
		return err
	}
	err = tx.Commit()
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		err = ctx.Err() // which is why database/sql has rolled it back already
	}
	if err != nil {
		return fmt.Errorf("sqlite: commit: %w", err)
	}
	return nil
}
