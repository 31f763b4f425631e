package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/live"
)

// nextChange is a time later than that of the change in place.
const nextChange = `greatest(excluded.changed_at, l.changed_at + interval '1 microsecond')`

// Begun implements live.Store, in one statement.
func (s *Store) Begun(ctx context.Context, session livekit.Session, now time.Time) (bool, error) {
	tag, err := s.db.Pool().Exec(ctx, `INSERT INTO live_rooms AS l (room_id, sid, began_at, live, changed_at, told)
		SELECT id, $2, $3, true, $4, false FROM rooms WHERE id = $1
		ON CONFLICT (room_id) DO UPDATE SET
			sid = excluded.sid, began_at = excluded.began_at, live = true, changed_at = `+nextChange+`,
			told = false
		WHERE l.sid <> excluded.sid AND l.began_at <= excluded.began_at`,
		session.Room, session.SID, session.Created, now)
	return tag.RowsAffected() > 0, fault("note a room's begin", err)
}

// Ended implements live.Store, in one statement.
func (s *Store) Ended(ctx context.Context, session livekit.Session, now time.Time) (bool, error) {
	tag, err := s.db.Pool().Exec(ctx, `INSERT INTO live_rooms AS l (room_id, sid, began_at, live, changed_at, told)
		SELECT id, $2, $3, false, $4, true FROM rooms WHERE id = $1
		ON CONFLICT (room_id) DO UPDATE SET
			sid = excluded.sid, began_at = excluded.began_at, live = false, changed_at = `+nextChange+`,
			told = l.told AND NOT l.live
		WHERE (l.sid = excluded.sid AND l.live) OR (l.sid <> excluded.sid AND l.began_at <= excluded.began_at)`,
		session.Room, session.SID, session.Created, now)
	return tag.RowsAffected() > 0, fault("note a room's end", err)
}

// On implements live.Store.
func (s *Store) On(ctx context.Context, before time.Time) ([]livekit.Session, error) {
	rows, err := s.db.Pool().Query(ctx, `SELECT room_id, sid, began_at FROM live_rooms WHERE live AND changed_at < $1`, before)
	if err != nil {
		return nil, fault("list live rooms", err)
	}
	sessions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (livekit.Session, error) {
		var session livekit.Session
		err := row.Scan(&session.Room, &session.SID, &session.Created)
		session.Created = session.Created.UTC()
		return session, err
	})
	return sessions, fault("list live rooms", err)
}

// Untold implements live.Store.
func (s *Store) Untold(ctx context.Context, limit int) ([]live.State, error) {
	rows, err := s.db.Pool().Query(ctx, `SELECT room_id, live, changed_at FROM live_rooms
		WHERE NOT told ORDER BY changed_at LIMIT $1`, limit)
	if err != nil {
		return nil, fault("list what telephony is owed", err)
	}
	states, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (live.State, error) {
		var state live.State
		err := row.Scan(&state.RoomID, &state.Live, &state.ChangedAt)
		state.ChangedAt = state.ChangedAt.UTC()
		return state, err
	})
	return states, fault("list what telephony is owed", err)
}

// Told implements live.Store.
func (s *Store) Told(ctx context.Context, state live.State) error {
	_, err := s.db.Pool().Exec(ctx, `UPDATE live_rooms SET told = true WHERE room_id = $1 AND changed_at = $2`,
		state.RoomID, state.ChangedAt)
	return fault("settle what telephony is owed", err)
}

// MetadataOwed implements live.Store.
func (s *Store) MetadataOwed(ctx context.Context, limit int) ([]live.Debt, error) {
	rows, err := s.db.Pool().Query(ctx, `SELECT id, metadata_owed_at FROM rooms
		WHERE metadata_owed_at IS NOT NULL ORDER BY metadata_owed_at LIMIT $1`, limit)
	if err != nil {
		return nil, fault("list metadata owed", err)
	}
	debts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (live.Debt, error) {
		var debt live.Debt
		err := row.Scan(&debt.RoomID, &debt.OwedAt)
		debt.OwedAt = debt.OwedAt.UTC()
		return debt, err
	})
	return debts, fault("list metadata owed", err)
}

// MetadataPaid implements live.Store.
func (s *Store) MetadataPaid(ctx context.Context, debt live.Debt) error {
	_, err := s.db.Pool().Exec(ctx, `UPDATE rooms SET metadata_owed_at = NULL
		WHERE id = $1 AND metadata_owed_at = $2`, debt.RoomID, debt.OwedAt)
	return fault("settle metadata", err)
}
