package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// Call implements calls.Store.
func (s *Store) Call(ctx context.Context, id string) (calls.Call, error) {
	rows, err := s.Read().QueryContext(ctx, `SELECT `+callColumns+` FROM calls WHERE id = ?`, id)
	list, err := collect(rows, err, scanCall)
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
	counts := map[string]int{}
	rows, err := s.Read().QueryContext(ctx, `SELECT refusal, count(*) FROM calls
		WHERE trunk_id = ? AND started_at >= ? AND refusal <> '' GROUP BY refusal`, trunkID, micros(since))
	_, err = collect(rows, err, func(rows *sql.Rows) (reason string, err error) {
		var n int
		err = rows.Scan(&reason, &n)
		counts[reason] = n
		return reason, err
	})
	return counts, fault("count refusals", err)
}

// ForgetNumbers implements calls.Store.
func (s *Store) ForgetNumbers(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.exec(ctx, `UPDATE calls SET caller_number = x'' WHERE id IN
		(SELECT id FROM calls WHERE caller_number <> x'' AND started_at < ? ORDER BY started_at LIMIT ?)`, micros(before), limit)
	return n, fault("forget numbers", err)
}

// blob returns bytes as they are stored: empty, not NULL, for none.
func blob(b []byte) []byte { return append([]byte{}, b...) }
