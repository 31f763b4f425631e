package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/services/room/internal/outbox"
)

// Hold implements rooms.Store.
func (s *Store) Hold(ctx context.Context, task outbox.Task, due time.Time) (outbox.Task, error) {
	var held outbox.Task
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		held, err = scanTask(tx.QueryRowContext(ctx, `INSERT INTO outbox (room_id, action, version, due_at)
			SELECT id, ?, ?, ? FROM rooms WHERE id = ?
			ON CONFLICT (room_id) DO UPDATE SET
				version = max(outbox.version + 1, excluded.version),
				due_at = max(outbox.due_at, excluded.due_at)
			RETURNING `+taskColumns,
			task.Action, task.Version, due.UnixMicro(), task.RoomID))
		return err
	})
	return held, roomFault("hold task", err)
}

// Claim implements outbox.Store.
func (s *Store) Claim(ctx context.Context, action outbox.Action, now, until time.Time, limit int) ([]outbox.Task, error) {
	if due, err := s.due(ctx, action, now); err != nil || !due {
		return nil, fault("look for tasks", err)
	}
	var tasks []outbox.Task
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `UPDATE outbox SET due_at = ?, version = version + 1
			WHERE room_id IN (
				SELECT room_id FROM outbox WHERE action = ? AND due_at <= ? ORDER BY due_at LIMIT ?)
			RETURNING `+taskColumns, until.UnixMicro(), action, now.UnixMicro(), limit)
		tasks, err = collect(rows, err, scanTask)
		return err
	})
	return tasks, fault("claim tasks", err)
}

// due looks before Claim writes: an idle server must not take the file's only
// write lock several times a second.
func (s *Store) due(ctx context.Context, action outbox.Action, now time.Time) (bool, error) {
	var due bool
	err := s.db.Read().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM outbox WHERE action = ? AND due_at <= ?)`,
		action, now.UnixMicro()).Scan(&due)
	return due, err
}

// Settle implements outbox.Store.
func (s *Store) Settle(ctx context.Context, done []outbox.Task, later []outbox.Postponed) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, t := range done {
			_, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE room_id = ? AND action = ? AND version = ?`,
				t.RoomID, t.Action, t.Version)
			if err != nil {
				return err
			}
		}
		for _, t := range later {
			_, err := tx.ExecContext(ctx, `UPDATE outbox SET due_at = ?, attempts = ?, last_error = ?
				WHERE room_id = ? AND action = ? AND version = ?`,
				t.Due.UnixMicro(), t.Attempts, t.Reason, t.RoomID, t.Action, t.Version)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return fault("settle tasks", err)
}

// Pending implements outbox.Store.
func (s *Store) Pending(ctx context.Context, action outbox.Action) (int, error) {
	var n int
	err := s.db.Read().QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE action = ?`, action).Scan(&n)
	return n, fault("count tasks", err)
}

// taskColumns are a task, with what its room says.
const taskColumns = `room_id, action, version, attempts,
	coalesce((SELECT r.phone_country FROM rooms r WHERE r.id = outbox.room_id), '')`

func scanTask(row scanner) (outbox.Task, error) {
	var t outbox.Task
	err := row.Scan(&t.RoomID, &t.Action, &t.Version, &t.Attempts, &t.Country)
	return t, err
}
