package postgres

import (
	"context"
	"time"
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
		(SELECT room_id FROM room_states WHERE NOT live AND event_at < $1 ORDER BY event_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
		before, limit)
	return int(tag.RowsAffected()), fault("delete room states", err)
}
