package sqlite

import (
	"context"
	"time"
)

// SetRoomLive implements pins.Store.
func (s *Store) SetRoomLive(ctx context.Context, roomID string, live bool, at time.Time) error {
	_, err := s.exec(ctx, `INSERT INTO room_states AS r (room_id, live, event_at) VALUES (?, ?, ?)
		ON CONFLICT (room_id) DO UPDATE SET live = excluded.live, event_at = excluded.event_at
		WHERE excluded.event_at > r.event_at OR (excluded.event_at = r.event_at AND excluded.live)`, roomID, live, micros(at))
	return fault("set room live", err)
}

// DeleteRoomStates implements pins.Store.
func (s *Store) DeleteRoomStates(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.exec(ctx, `DELETE FROM room_states WHERE room_id IN
		(SELECT room_id FROM room_states WHERE live = 0 AND event_at < ? ORDER BY event_at LIMIT ?)`, micros(before), limit)
	return n, fault("delete room states", err)
}
