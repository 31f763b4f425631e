package sqlite

import (
	"context"
	"database/sql"
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
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = txRetryFirst
	for try := 1; ; try++ {
		err := db.tryTx(ctx, fn)
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

// tryTx runs fn once.
func (db *DB) tryTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := db.write.BeginTx(ctx, nil)
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
