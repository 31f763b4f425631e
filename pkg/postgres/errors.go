package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes, see PostgreSQL's appendix A.
const (
	codeForeignKey           = "23503"
	codeUnique               = "23505"
	codeReadOnly             = "25006"
	codeSerialization        = "40001" // also CockroachDB's "restart transaction"
	codeDeadlock             = "40P01"
	codeDuplicateSchema      = "42P06"
	codeUndefinedTable       = "42P01"
	classConnection          = "08"
	classResources           = "53" // disk, memory, connections
	classOperatorIntervened  = "57P"
	codeQueryCanceledByLimit = "57014"
)

// ErrPoolBusy is returned when no connection of the pool became free in time.
var ErrPoolBusy = errors.New("postgres: no connection became free in time")

// IsUnique says whether err is a violated primary key or unique constraint, and
// names the constraint or index.
func IsUnique(err error) (constraint string, ok bool) {
	return violated(err, codeUnique)
}

// IsForeignKey says whether err is a violated foreign key, and names it.
func IsForeignKey(err error) (constraint string, ok bool) {
	return violated(err, codeForeignKey)
}

func violated(err error, code string) (constraint string, ok bool) {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == code {
		return pgErr.ConstraintName, true
	}
	return "", false
}

// IsUnavailable says whether err means that the database cannot serve now and
// that the same call may succeed later: it cannot be reached, is starting,
// stopping or failing over, lacks resources, cut a statement off at its time
// limit, or the pool is exhausted. A caller's own cancelled or expired context
// is not an unavailable database.
func IsUnavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && unavailableCode(pgErr.Code) {
		return true
	}
	// A connection that could not be made in time wraps DeadlineExceeded and
	// therefore comes before the test for the caller's deadline.
	var connectErr *pgconn.ConnectError
	if errors.As(err, &connectErr) || errors.Is(err, ErrPoolBusy) {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var netErr net.Error
	return errors.As(err, &netErr) ||
		errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

func unavailableCode(code string) bool {
	return strings.HasPrefix(code, classConnection) ||
		strings.HasPrefix(code, classResources) ||
		strings.HasPrefix(code, classOperatorIntervened) ||
		code == codeQueryCanceledByLimit ||
		code == codeReadOnly // a former primary after a fail-over
}

// IsAborted says whether the server aborted a transaction only because of
// others that ran at the same time, so that running it again may succeed.
func IsAborted(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == codeSerialization || pgErr.Code == codeDeadlock)
}
