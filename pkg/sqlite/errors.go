package sqlite

import (
	"errors"
	"regexp"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// uniqueMessage finds what SQLite names in a violated unique constraint:
// "table.column, table.column", or "index 'name'" for an index on expressions.
var uniqueMessage = regexp.MustCompile(`UNIQUE constraint failed: (?:index '([^']+)'|(.+?))(?: \(\d+\))?$`)

// IsUnique says whether err is a violated primary key or unique constraint.
// SQLite does not name the constraint; columns is "table.column", several
// joined by ", ", or the index's name when the index is on an expression.
func IsUnique(err error) (columns string, ok bool) {
	e, ok := driverError(err)
	if !ok {
		return "", false
	}
	switch e.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY, codes.SQLITE_CONSTRAINT_ROWID:
	default:
		return "", false
	}
	if m := uniqueMessage.FindStringSubmatch(e.Error()); m != nil {
		return m[1] + m[2], true // one of them is empty
	}
	return "", true
}

// IsForeignKey says whether err is a violated foreign key. SQLite does not say
// which.
func IsForeignKey(err error) bool {
	e, ok := driverError(err)
	return ok && e.Code() == codes.SQLITE_CONSTRAINT_FOREIGNKEY
}

// IsUnavailable says whether err means that the file cannot serve now and that
// the same call may succeed later: another process holds it, the disk is full
// or fails, or the file cannot be opened.
func IsUnavailable(err error) bool {
	e, ok := driverError(err)
	if !ok {
		return false
	}
	switch primary(e) {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_FULL, codes.SQLITE_IOERR, codes.SQLITE_CANTOPEN:
		return true
	default:
		return false
	}
}

func isBusy(err error) bool {
	e, ok := driverError(err)
	return ok && primary(e) == codes.SQLITE_BUSY
}

func driverError(err error) (*sqlite.Error, bool) {
	var e *sqlite.Error
	ok := errors.As(err, &e)
	return e, ok
}

// primary strips the detail from an extended result code.
func primary(e *sqlite.Error) int { return e.Code() & 0xff }
