package sqlite

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// ChangedCalls implements calls.Store.
func (s *Store) ChangedCalls(ctx context.Context, f calls.Filter, since time.Time, after *calls.Call, limit int) ([]calls.Call, error) {
	where, args := filter(f)
	glue := " WHERE "
	if where != "" {
		glue = " AND "
	}
	where += glue + "updated_at >= ?"
	args = append(args, micros(since))
	if after != nil {
		where += " AND (updated_at, id) > (?, ?)"
		args = append(args, micros(after.Updated), after.ID)
	}
	rows, err := s.Read().QueryContext(ctx, `SELECT `+callColumns+` FROM calls`+where+` ORDER BY updated_at, id LIMIT ?`, append(args, limit)...)
	list, err := collect(rows, err, scanCall)
	return list, fault("list changed calls", err)
}
