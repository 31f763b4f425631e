package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/live"
)

// nextChange is a time later than that of the change in place.
const nextChange = `max(excluded.changed_at, l.changed_at + 1)`

// Begun implements live.Store, in one statement.
func (s *Store) Begun(ctx context.Context, session livekit.Session, now time.Time) (bool, error) {
	n, err := s.exec(ctx, `INSERT INTO live_rooms AS l (room_id, sid, began_at, live, changed_at, told)
		SELECT id, ?, ?, 1, ?, 0 FROM rooms WHERE id = ?
		ON CONFLICT (room_id) DO UPDATE SET
			sid = excluded.sid, began_at = excluded.began_at, live = 1, changed_at = `+nextChange+`,
			told = 0
		WHERE l.sid <> excluded.sid AND l.began_at <= excluded.began_at`,
		session.SID, session.Created.UnixMicro(), now.UnixMicro(), session.Room)
	return n > 0, fault("note a room's begin", err)
}

// Ended implements live.Store, in one statement.
func (s *Store) Ended(ctx context.Context, session livekit.Session, now time.Time) (bool, error) {
	n, err := s.exec(ctx, `INSERT INTO live_rooms AS l (room_id, sid, began_at, live, changed_at, told)
		SELECT id, ?, ?, 0, ?, 1 FROM rooms WHERE id = ?
		ON CONFLICT (room_id) DO UPDATE SET
			sid = excluded.sid, began_at = excluded.began_at, live = 0, changed_at = `+nextChange+`,
			told = l.told AND NOT l.live
		WHERE (l.sid = excluded.sid AND l.live) OR (l.sid <> excluded.sid AND l.began_at <= excluded.began_at)`,
		session.SID, session.Created.UnixMicro(), now.UnixMicro(), session.Room)
	return n > 0, fault("note a room's end", err)
}

// On implements live.Store.
func (s *Store) On(ctx context.Context, before time.Time) ([]livekit.Session, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT room_id, sid, began_at FROM live_rooms WHERE live AND changed_at < ?`,
		before.UnixMicro())
	sessions, err := collect(rows, err, func(row scanner) (livekit.Session, error) {
		var session livekit.Session
		var began int64
		err := row.Scan(&session.Room, &session.SID, &began)
		session.Created = instant(began)
		return session, err
	})
	return sessions, fault("list live rooms", err)
}

// Untold implements live.Store.
func (s *Store) Untold(ctx context.Context, limit int) ([]live.State, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT room_id, live, changed_at FROM live_rooms
		WHERE NOT told ORDER BY changed_at LIMIT ?`, limit)
	states, err := collect(rows, err, func(row scanner) (live.State, error) {
		var state live.State
		var changed int64
		err := row.Scan(&state.RoomID, &state.Live, &changed)
		state.ChangedAt = instant(changed)
		return state, err
	})
	return states, fault("list what telephony is owed", err)
}

// Told implements live.Store.
func (s *Store) Told(ctx context.Context, state live.State) error {
	_, err := s.exec(ctx, `UPDATE live_rooms SET told = 1 WHERE room_id = ? AND changed_at = ?`,
		state.RoomID, state.ChangedAt.UnixMicro())
	return fault("settle what telephony is owed", err)
}

// MetadataOwed implements live.Store.
func (s *Store) MetadataOwed(ctx context.Context, limit int) ([]live.Debt, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, metadata_owed_at FROM rooms
		WHERE metadata_owed_at IS NOT NULL ORDER BY metadata_owed_at LIMIT ?`, limit)
	debts, err := collect(rows, err, func(row scanner) (live.Debt, error) {
		var debt live.Debt
		var owed int64
		err := row.Scan(&debt.RoomID, &owed)
		debt.OwedAt = instant(owed)
		return debt, err
	})
	return debts, fault("list metadata owed", err)
}

// MetadataPaid implements live.Store.
func (s *Store) MetadataPaid(ctx context.Context, debt live.Debt) error {
	_, err := s.exec(ctx, `UPDATE rooms SET metadata_owed_at = NULL WHERE id = ? AND metadata_owed_at = ?`,
		debt.RoomID, debt.OwedAt.UnixMicro())
	return fault("settle metadata", err)
}

// exec runs one statement that writes and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}
