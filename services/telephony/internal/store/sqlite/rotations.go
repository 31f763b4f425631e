package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// CountRotation implements pins.Store.
func (s *Store) CountRotation(ctx context.Context, roomID string, most int, now, ends time.Time) (time.Time, error) {
	n, err := s.exec(ctx, `INSERT INTO rotations AS r (room_id, rotations, ends_at) VALUES (?1, 1, ?4)
		ON CONFLICT (room_id) DO UPDATE SET
			rotations = CASE WHEN r.ends_at <= ?3 THEN 1 ELSE r.rotations + 1 END,
			ends_at   = CASE WHEN r.ends_at <= ?3 THEN excluded.ends_at ELSE r.ends_at END
		WHERE r.ends_at <= ?3 OR r.rotations < ?2`, roomID, most, micros(now), micros(ends))
	if err != nil || n > 0 {
		return time.Time{}, fault("count rotation", err)
	}
	until := micros(now) // where it was forgotten meanwhile
	err = s.Read().QueryRowContext(ctx, `SELECT ends_at FROM rotations WHERE room_id = ?`, roomID).Scan(&until)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return timeOf(until), fault("count rotation", err)
}

// DeleteRotations implements pins.Store.
func (s *Store) DeleteRotations(ctx context.Context, now time.Time, limit int) (int, error) {
	n, err := s.exec(ctx, `DELETE FROM rotations WHERE room_id IN
		(SELECT room_id FROM rotations WHERE ends_at <= ? ORDER BY ends_at LIMIT ?)`, micros(now), limit)
	return n, fault("delete rotations", err)
}
