package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// maxPrepared bounds how many statements are kept. Stores have far fewer; it is
// there for one that would build statements from what it is given.
const maxPrepared = 256

// statements keeps the statements of a pool, which are parsed no more than once on
// each connection. It is safe for concurrent use.
type statements struct {
	pool *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt // closed with the pool
}

// Reader runs statements that read. It is safe for concurrent use.
type Reader struct{ statements }

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
func (s *statements) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.Lock()
	statement, full := s.prepared[query], len(s.prepared) >= maxPrepared
	s.mu.Unlock()
	if statement != nil || full {
		return statement, nil
	}
	// Not under the lock: it waits for a connection, which may be held by who waits for us.
	statement, err := s.pool.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.prepared[query]; first != nil { // another was quicker
		return first, statement.Close() //nolint:sqlclosecheck // the other is kept
	}
	if s.prepared == nil {
		s.prepared = make(map[string]*sql.Stmt)
	}
	s.prepared[query] = statement
	return statement, nil
}
