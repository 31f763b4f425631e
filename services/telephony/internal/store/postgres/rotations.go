package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// CountRotation implements pins.Store. The row lock of the upsert makes those who
// count at once count one after the other.
func (s *Store) CountRotation(ctx context.Context, roomID string, most int, now, ends time.Time) (time.Time, error) {
	tag, err := s.Pool().Exec(ctx, `INSERT INTO rotations AS r (room_id, rotations, ends_at) VALUES ($1, 1, $4)
		ON CONFLICT (room_id) DO UPDATE SET
			rotations = CASE WHEN r.ends_at <= $3 THEN 1 ELSE r.rotations + 1 END,
			ends_at   = CASE WHEN r.ends_at <= $3 THEN excluded.ends_at ELSE r.ends_at END
		WHERE r.ends_at <= $3 OR r.rotations < $2`, roomID, most, now, ends)
	if err != nil || tag.RowsAffected() > 0 {
		return time.Time{}, fault("count rotation", err)
	}
	until := now // where it was forgotten meanwhile
	err = s.Pool().QueryRow(ctx, `SELECT ends_at FROM rotations WHERE room_id = $1`, roomID).Scan(&until)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return until, fault("count rotation", err)
}

// DeleteRotations implements pins.Store.
func (s *Store) DeleteRotations(ctx context.Context, now time.Time, limit int) (int, error) {
	tag, err := s.Pool().Exec(ctx, `DELETE FROM rotations WHERE ends_at <= $1 AND room_id IN
		(SELECT room_id FROM rotations WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, now, limit)
	return int(tag.RowsAffected()), fault("delete rotations", err)
}
