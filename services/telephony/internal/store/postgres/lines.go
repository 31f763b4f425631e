package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// AdmitCall implements calls.Store.
func (s *Store) AdmitCall(ctx context.Context, e calls.Event, q calls.Quota, silent time.Time) (bool, error) {
	var admitted bool
	err := s.Pool().QueryRow(ctx, `
		WITH live AS (
			SELECT count(*) AS calls, count(*) FILTER (WHERE room_id = '') AS pending
			FROM calls WHERE trunk_id = $2 AND state < 4 AND proof <> 1 AND updated_at > $9
		), judged AS (
			SELECT EXISTS (SELECT 1 FROM calls WHERE id = $1 AND state < 4 AND proof <> 1)
				OR (($7 = 0 OR calls < $7) AND ($8 = 0 OR pending < $8)) AS free FROM live
		), noted AS (
			INSERT INTO calls (id, trunk_id, room_id, state, caller, caller_key, called, started_at, end_reason, refusal, updated_at, proof)
			SELECT $1, $2, '', 1, $3, $4, $5, $6, '', '', $6, $10 FROM judged WHERE free AND $1 <> ''
			ON CONFLICT DO NOTHING
		)
		SELECT free FROM judged`,
		e.ID, e.TrunkID, e.Caller, e.CallerKey, e.Called, e.Updated, q.MaxCalls, q.MaxPending, silent, int(e.Proof)).Scan(&admitted)
	return admitted, fault("admit call", err)
}

// LiveCalls implements calls.Store.
func (s *Store) LiveCalls(ctx context.Context, trunkID string, silent time.Time) (live, pending int, err error) {
	err = s.Pool().QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE room_id = '') FROM calls
		WHERE trunk_id = $1 AND state < 4 AND proof <> 1 AND updated_at > $2`, trunkID, silent).Scan(&live, &pending)
	return live, pending, fault("count live calls", err)
}

// Loads implements calls.Store.
func (s *Store) Loads(ctx context.Context, silent time.Time) (map[string]calls.Load, error) {
	rows, err := s.Pool().Query(ctx, `SELECT trunk_id, count(*), count(*) FILTER (WHERE room_id = '') FROM calls
		WHERE state < 4 AND proof <> 1 AND updated_at > $1 GROUP BY trunk_id`, silent)
	if err != nil {
		return nil, fault("count live calls", err)
	}
	loads, trunkID, load := map[string]calls.Load{}, "", calls.Load{}
	_, err = pgx.ForEachRow(rows, []any{&trunkID, &load.Calls, &load.Pending}, func() error {
		loads[trunkID] = load
		return nil
	})
	return loads, fault("count live calls", err)
}
