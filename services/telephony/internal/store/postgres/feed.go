package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// ChangedCalls implements calls.Store.
func (s *Store) ChangedCalls(ctx context.Context, f calls.Filter, since time.Time, after *calls.Call, limit int) ([]calls.Call, error) {
	where, args := filter(f)
	glue := " WHERE "
	if where != "" {
		glue = " AND "
	}
	args = append(args, since)
	where += fmt.Sprintf("%supdated_at >= $%d", glue, len(args))
	if after != nil {
		args = append(args, after.Updated, after.ID)
		where += fmt.Sprintf(" AND (updated_at, id) > ($%d, $%d)", len(args)-1, len(args))
	}
	args = append(args, limit)
	rows, err := s.Pool().Query(ctx, `SELECT `+callColumns+` FROM calls`+where+fmt.Sprintf(` ORDER BY updated_at, id LIMIT $%d`, len(args)), args...)
	if err != nil {
		return nil, fault("list changed calls", err)
	}
	list, err := pgx.CollectRows(rows, scanCall)
	return list, fault("list changed calls", err)
}
