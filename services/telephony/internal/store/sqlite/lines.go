package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/services/telephony/internal/calls"
)

// AdmitCall implements calls.Store. Nothing else writes meanwhile.
func (s *Store) AdmitCall(ctx context.Context, e calls.Event, q calls.Quota, silent time.Time) (bool, error) {
	var admitted bool
	err := s.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM calls WHERE id = ? AND state < 4 AND proof <> 1)`, e.ID).Scan(&admitted)
		if err != nil || admitted {
			return err
		}
		live, pending, err := liveCalls(ctx, tx, e.TrunkID, silent)
		if err != nil {
			return err
		}
		if admitted = q.Free(live, pending); !admitted || e.ID == "" {
			return nil
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO calls (id, trunk_id, room_id, state, caller, caller_key, called, started_at, end_reason, refusal, updated_at, proof)
			VALUES (?1, ?2, '', 1, ?3, ?4, ?5, ?6, '', '', ?6, ?7) ON CONFLICT DO NOTHING`,
			e.ID, e.TrunkID, e.Caller, e.CallerKey, e.Called, micros(e.Updated), int(e.Proof))
		return err
	})
	return admitted, fault("admit call", err)
}

// LiveCalls implements calls.Store.
func (s *Store) LiveCalls(ctx context.Context, trunkID string, silent time.Time) (live, pending int, err error) {
	live, pending, err = liveCalls(ctx, s.Read(), trunkID, silent)
	return live, pending, fault("count live calls", err)
}

func liveCalls(ctx context.Context, q querier, trunkID string, silent time.Time) (live, pending int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE room_id = '') FROM calls
		WHERE trunk_id = ? AND state < 4 AND proof <> 1 AND updated_at > ?`, trunkID, micros(silent)).Scan(&live, &pending)
	return live, pending, err
}

// Loads implements calls.Store.
func (s *Store) Loads(ctx context.Context, silent time.Time) (map[string]calls.Load, error) {
	type trunkLoad struct {
		trunkID string
		calls.Load
	}
	rows, err := s.Read().QueryContext(ctx, `SELECT trunk_id, count(*), count(*) FILTER (WHERE room_id = '') FROM calls
		WHERE state < 4 AND proof <> 1 AND updated_at > ? GROUP BY trunk_id`, micros(silent))
	list, err := collect(rows, err, func(rows *sql.Rows) (l trunkLoad, err error) {
		err = rows.Scan(&l.trunkID, &l.Calls, &l.Pending)
		return l, err
	})
	loads := make(map[string]calls.Load, len(list))
	for _, l := range list {
		loads[l.trunkID] = l.Load
	}
	return loads, fault("count live calls", err)
}
