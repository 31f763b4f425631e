package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// SetRoomLive implements pins.Store.
func (s *Store) SetRoomLive(ctx context.Context, roomID string, live bool, at time.Time) error {
	_, err := s.Pool().Exec(ctx, `INSERT INTO room_states AS r (room_id, live, event_at) VALUES ($1, $2, $3)
		ON CONFLICT (room_id) DO UPDATE SET live = excluded.live, event_at = excluded.event_at
		WHERE excluded.event_at > r.event_at OR (excluded.event_at = r.event_at AND excluded.live)`, roomID, live, at)
	return fault("set room live", err)
}

// DeleteRoomStates implements pins.Store.
func (s *Store) DeleteRoomStates(ctx context.Context, before time.Time, limit int) (int, error) {
	tag, err := s.Pool().Exec(ctx, `DELETE FROM room_states WHERE NOT live AND event_at < $1 AND room_id IN
		(SELECT room_id FROM room_states WHERE NOT live AND event_at < $1 AND (crowded_until IS NULL OR crowded_until < $1) ORDER BY event_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
		before, limit)
	return int(tag.RowsAffected()), fault("delete room states", err)
}

// Crowds implements throttle.CrowdStore.
func (s *Store) Crowds(ctx context.Context, from time.Time, callers int) ([]string, error) {
	rows, err := s.Pool().Query(ctx, `SELECT room_id FROM calls WHERE started_at >= $1 AND room_id <> '' AND caller_key <> ''
		GROUP BY room_id HAVING count(DISTINCT caller_key) >= $2 ORDER BY room_id`, from, callers)
	if err != nil {
		return nil, fault("count callers", err)
	}
	rooms, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return rooms, fault("count callers", err)
}

// ForceLobby implements throttle.CrowdStore. A room nobody has told about is
// noted as not live since ever.
func (s *Store) ForceLobby(ctx context.Context, roomID string, now, until time.Time) (bool, error) {
	tag, err := s.Pool().Exec(ctx, `INSERT INTO room_states AS r (room_id, live, event_at, crowded_until) VALUES ($1, false, 'epoch', $3)
		ON CONFLICT (room_id) DO UPDATE SET crowded_until = excluded.crowded_until
		WHERE r.crowded_until IS NULL OR r.crowded_until <= $2`, roomID, now, until)
	if err != nil || tag.RowsAffected() > 0 {
		return err == nil, fault("force lobby", err)
	}
	_, err = s.Pool().Exec(ctx, `UPDATE room_states SET crowded_until = $2 WHERE room_id = $1 AND crowded_until < $2`, roomID, until)
	return false, fault("force lobby", err)
}

// ForcedLobbies implements throttle.CrowdStore.
func (s *Store) ForcedLobbies(ctx context.Context, now time.Time) (int, error) {
	var n int
	err := s.Pool().QueryRow(ctx, `SELECT count(*) FROM room_states WHERE crowded_until > $1`, now).Scan(&n)
	return n, fault("count forced lobbies", err)
}
