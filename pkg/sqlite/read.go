package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// maxPrepared bounds how many statements are kept. Stores have far fewer; it is
// there for one that would build statements from what it is given.
const maxPrepared = 256

// Reader runs statements that read. Those that it knows are parsed no more than
// once on each connection. It is safe for concurrent use.
type Reader struct {
	pool *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt // closed with the pool
}

// QueryContext is that of sql.DB.
func (r *Reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := r.prepare(ctx, query) //nolint:sqlclosecheck // kept
	if err != nil || statement == nil {
		return r.pool.QueryContext(ctx, query, args...)
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext is that of sql.DB.
func (r *Reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	statement, err := r.prepare(ctx, query) //nolint:sqlclosecheck // kept
	if err != nil || statement == nil {
		return r.pool.QueryRowContext(ctx, query, args...) // and fails as the statement did
	}
	return statement.QueryRowContext(ctx, args...)
}

// prepare returns the prepared statement, nil when there are too many already.
func (r *Reader) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.Lock()
	statement, full := r.prepared[query], len(r.prepared) >= maxPrepared
	r.mu.Unlock()
	if statement != nil || full {
		return statement, nil
	}
	// Not under the lock: it waits for a connection, which may be held by who waits for us.
	statement, err := r.pool.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if first := r.prepared[query]; first != nil { // another was quicker
		return first, statement.Close() //nolint:sqlclosecheck // the other is kept
	}
	if r.prepared == nil {
		r.prepared = make(map[string]*sql.Stmt)
	}
	r.prepared[query] = statement
	return statement, nil
}
