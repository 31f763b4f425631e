package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// maxTxTries bounds the runs of one transaction. With the back-off below
	// they spread over about a second, which outlasts a burst of contention.
	maxTxTries      = 10
	txRetryFirst    = 5 * time.Millisecond
	txRetryMax      = 250 * time.Millisecond
	acquireTimeout  = 5 * time.Second
	rollbackTimeout = 5 * time.Second
)

// Querier is what a statement needs. The pool and a transaction both meet it,
// so one store method serves inside and outside a transaction.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

var (
	_ Querier = (*pgxpool.Pool)(nil)
	_ Querier = (pgx.Tx)(nil)
)

// InTx runs fn in a transaction at the server's default isolation level and
// commits it when fn returns nil. It rolls back when fn returns an error, which
// it passes on, or panics.
//
// When the server aborts the transaction because of concurrent ones
// (serialization failure, deadlock), InTx runs fn again from the start, up to
// ten times. So fn must be repeatable: it touches nothing but tx and overwrites
// what it hands out. The abort is recognized through errors.As: fn must wrap
// the driver's errors, not replace them.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return db.InTxOptions(ctx, pgx.TxOptions{}, fn)
}

// InTxOptions is InTx with an isolation level or access mode.
func (db *DB) InTxOptions(ctx context.Context, opts pgx.TxOptions, fn func(ctx context.Context, tx pgx.Tx) error) error {
	pause := txBackOff()
	for try := 1; ; try++ {
		err := db.tryTx(ctx, opts, fn)
		if err == nil || !IsAborted(err) || try == maxTxTries {
			return err
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
			return fmt.Errorf("%w, while retrying: %w", ctx.Err(), err)
		}
	}
}

// tryTx runs fn once.
func (db *DB) tryTx(ctx context.Context, opts pgx.TxOptions, fn func(ctx context.Context, tx pgx.Tx) error) error {
	conn, err := db.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx, err := conn.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("postgres: begin: %w", err)
	}
	// After a commit this does nothing. It runs on a panic too, and after the
	// caller's context has ended, lest the connection go back with an open
	// transaction and have to be destroyed.
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(ctx) // the first error tells more than this one
	}()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("postgres: commit: %w", err)
	}
	return nil
}

// acquire borrows a connection. It waits for a busy pool no longer than
// acquireTimeout, and tells that wait from the caller's own deadline.
func (db *DB) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	bounded, cancel := context.WithTimeoutCause(ctx, acquireTimeout, ErrPoolBusy)
	defer cancel()
	conn, err := db.pool.Acquire(bounded)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() == nil && errors.Is(context.Cause(bounded), ErrPoolBusy) {
		return nil, fmt.Errorf("%w: %w", ErrPoolBusy, err)
	}
	return nil, fmt.Errorf("postgres: acquire connection: %w", err)
}

// txBackOff spaces the runs of a contended transaction. The jitter parts
// transactions that collided, which would otherwise collide again.
func txBackOff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = txRetryFirst
	b.MaxInterval = txRetryMax
	b.Multiplier = 2
	b.RandomizationFactor = 0.5
	return b
}
