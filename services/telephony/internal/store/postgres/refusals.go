package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// Call implements calls.Store.
func (s *Store) Call(ctx context.Context, id string) (calls.Call, error) {
	rows, err := s.Pool().Query(ctx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, id)
	if err != nil {
		return calls.Call{}, fault("read call", err)
	}
	list, err := pgx.CollectRows(rows, scanCall)
	if err != nil {
		return calls.Call{}, fault("read call", err)
	}
	if len(list) == 0 {
		return calls.Call{}, apierr.New(apierr.CallNotFound, "")
	}
	return list[0], nil
}

// Refusals implements calls.Store.
func (s *Store) Refusals(ctx context.Context, trunkID string, since time.Time) (map[string]int, error) {
	rows, err := s.Pool().Query(ctx, `SELECT refusal, count(*) FROM calls
		WHERE trunk_id = $1 AND started_at >= $2 AND refusal <> '' GROUP BY refusal`, trunkID, since)
	if err != nil {
		return nil, fault("count refusals", err)
	}
	var (
		reason string
		n      int
		counts = map[string]int{}
	)
	_, err = pgx.ForEachRow(rows, []any{&reason, &n}, func() error {
		counts[reason] = n
		return nil
	})
	return counts, fault("count refusals", err)
}

// ForgetNumbers implements calls.Store.
func (s *Store) ForgetNumbers(ctx context.Context, before time.Time, limit int) (int, error) {
	tag, err := s.Pool().Exec(ctx, `UPDATE calls SET caller_number = '' WHERE id IN
		(SELECT id FROM calls WHERE caller_number <> '' AND started_at < $1 ORDER BY started_at LIMIT $2)`, before, limit)
	return int(tag.RowsAffected()), fault("forget numbers", err)
}

// blob returns bytes as they are stored: empty, not NULL, for none.
func blob(b []byte) []byte { return append([]byte{}, b...) }
