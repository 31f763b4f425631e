package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// keepCallback stores a callback. There are few, so what has expired goes here.
func keepCallback(ctx context.Context, tx *sql.Tx, callback rooms.Callback, room rooms.Room) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM creation_callbacks WHERE expires_at <= ?`, room.CreatedAt.UnixMicro())
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO creation_callbacks (key, room_id, expires_at) VALUES (?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET room_id = excluded.room_id, expires_at = excluded.expires_at`,
			callback.Key, room.ID, callback.Expires.UnixMicro())
	}
	return err
}

// ClaimCreated implements rooms.Store. It is asked once a second and mostly in
// vain, so it writes only when there is something to take.
func (s *Store) ClaimCreated(ctx context.Context, key string, now time.Time) (slug string, ok bool, err error) {
	const find = `SELECT r.slug FROM creation_callbacks c JOIN rooms r ON r.id = c.room_id WHERE c.key = ? AND c.expires_at > ?`
	err = s.db.Read().QueryRowContext(ctx, find, key, now.UnixMicro()).Scan(&slug)
	if err == nil {
		err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := tx.QueryRowContext(ctx, find, key, now.UnixMicro()).Scan(&slug); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `DELETE FROM creation_callbacks WHERE key = ?`, key)
			return err
		})
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return slug, err == nil, fault("claim created room", err)
}
