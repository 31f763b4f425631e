package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// keepCallback stores a callback. There are few, so what has expired goes here.
func keepCallback(batch *pgx.Batch, callback rooms.Callback, room rooms.Room) {
	batch.Queue(`DELETE FROM creation_callbacks WHERE expires_at <= $1`, room.CreatedAt)
	batch.Queue(`INSERT INTO creation_callbacks (key, room_id, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET room_id = excluded.room_id, expires_at = excluded.expires_at`,
		callback.Key, room.ID, callback.Expires)
}

// ClaimCreated implements rooms.Store. Who deletes the row has it.
func (s *Store) ClaimCreated(ctx context.Context, key string, now time.Time) (slug string, ok bool, err error) {
	err = s.db.Pool().QueryRow(ctx, `WITH taken AS (
			DELETE FROM creation_callbacks WHERE key = $1 AND expires_at > $2 RETURNING room_id
		) SELECT r.slug FROM taken JOIN rooms r ON r.id = taken.room_id`, key, now).Scan(&slug)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	return slug, err == nil, fault("claim created room", err)
}
