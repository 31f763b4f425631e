package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/room/internal/outbox"
)

// Hold implements rooms.Store. The lock on the room makes its deletion come
// before or after, never between.
func (s *Store) Hold(ctx context.Context, task outbox.Task, due time.Time) (outbox.Task, error) {
	row := s.db.Pool().QueryRow(ctx, `INSERT INTO outbox (room_id, action, version, due_at)
		SELECT id, $2, $3, $4 FROM rooms WHERE id = $1 FOR KEY SHARE
		ON CONFLICT (room_id) DO UPDATE SET
			version = greatest(outbox.version + 1, excluded.version),
			due_at = greatest(outbox.due_at, excluded.due_at)
		RETURNING `+taskColumns,
		task.RoomID, task.Action, task.Version, due)
	held, err := scanTask(row)
	return held, roomFault("hold task", err)
}

// Claim implements outbox.Store. Two claims that choose the same rows take
// turns on their locks; the one behind finds them no longer due and leaves them.
func (s *Store) Claim(ctx context.Context, action outbox.Action, now, until time.Time, limit int) ([]outbox.Task, error) {
	var tasks []outbox.Task
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE outbox SET due_at = $3, version = version + 1
			WHERE room_id IN (
				SELECT room_id FROM outbox WHERE action = $1 AND due_at <= $2 ORDER BY due_at LIMIT $4)
			AND action = $1 AND due_at <= $2
			RETURNING `+taskColumns, action, now, until, limit)
		if err != nil {
			return err
		}
		tasks, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (outbox.Task, error) { return scanTask(row) })
		return err
	})
	return tasks, fault("claim tasks", err)
}

// Settle implements outbox.Store.
func (s *Store) Settle(ctx context.Context, done []outbox.Task, later []outbox.Postponed) error {
	var batch pgx.Batch
	for _, t := range done {
		batch.Queue(`DELETE FROM outbox WHERE room_id = $1 AND action = $2 AND version = $3`,
			t.RoomID, t.Action, t.Version)
	}
	for _, t := range later {
		batch.Queue(`UPDATE outbox SET due_at = $4, attempts = $5, last_error = $6
			WHERE room_id = $1 AND action = $2 AND version = $3`,
			t.RoomID, t.Action, t.Version, t.Due, t.Attempts, t.Reason)
	}
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.SendBatch(ctx, &batch).Close()
	})
	return fault("settle tasks", err)
}

// Pending implements outbox.Store.
func (s *Store) Pending(ctx context.Context, action outbox.Action) (int, error) {
	var n int
	err := s.db.Pool().QueryRow(ctx, `SELECT count(*) FROM outbox WHERE action = $1`, action).Scan(&n)
	return n, fault("count tasks", err)
}

// taskColumns are a task, with what its room says.
const taskColumns = `room_id, action, version, attempts,
	coalesce((SELECT r.phone_country FROM rooms r WHERE r.id = outbox.room_id), '')`

func scanTask(row pgx.Row) (outbox.Task, error) {
	var t outbox.Task
	err := row.Scan(&t.RoomID, &t.Action, &t.Version, &t.Attempts, &t.Country)
	return t, err
}
