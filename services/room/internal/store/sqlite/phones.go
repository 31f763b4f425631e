package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/parleymeet/parley/pkg/sqlite"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

const phoneColumns = `room_id, identity, participant_id, status, username, color, created_at, called_at, expires_at, seen`

// Wait implements phones.Store, in one statement.
func (s *Store) Wait(ctx context.Context, draft phones.Phone) (phone phones.Phone, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		phone, err = scanPhone(tx.QueryRowContext(ctx, `INSERT INTO lobby_phones (`+phoneColumns+`)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
			ON CONFLICT (room_id, identity) DO UPDATE SET
				called_at = excluded.called_at, expires_at = excluded.expires_at, seen = 0
			RETURNING `+phoneColumns,
			draft.RoomID, draft.Identity, draft.ParticipantID, string(draft.Status), draft.Username, draft.Color,
			draft.CreatedAt.UnixMicro(), draft.CalledAt.UnixMicro(), draft.ExpiresAt.UnixMicro()))
		return err
	})
	if sqlite.IsForeignKey(err) {
		return phones.Phone{}, rooms.NotFound()
	}
	return phone, fault("let a caller wait", err)
}

// Phones implements phones.Store.
func (s *Store) Phones(ctx context.Context, roomID string) ([]phones.Phone, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT `+phoneColumns+` FROM lobby_phones
		WHERE ?1 = '' OR room_id = ?1 ORDER BY room_id, created_at, identity`, roomID)
	list, err := collect(rows, err, scanPhone)
	return list, fault("list callers", err)
}

// DecidePhone implements phones.Store.
func (s *Store) DecidePhone(ctx context.Context, key lobby.Key, status lobby.Status, now time.Time) error {
	n, err := s.exec(ctx, `UPDATE lobby_phones SET status = ?
		WHERE room_id = ? AND participant_id = ? AND (status <> 'waiting' OR expires_at > ?)`,
		string(status), key.RoomID, key.ParticipantID, now.UnixMicro())
	if err == nil && n == 0 {
		return lobby.NotFound()
	}
	return fault("decide on a caller", err)
}

// DenyPhone implements phones.Store.
func (s *Store) DenyPhone(ctx context.Context, roomID, identity string) (bool, error) {
	n, err := s.exec(ctx, `UPDATE lobby_phones SET status = ? WHERE room_id = ? AND identity = ?`,
		string(lobby.Denied), roomID, identity)
	return n > 0, fault("deny a caller", err)
}

// See implements phones.Store.
func (s *Store) See(ctx context.Context, phone phones.Phone) error {
	_, err := s.exec(ctx, `UPDATE lobby_phones SET seen = 1 WHERE room_id = ? AND identity = ? AND called_at = ?`,
		phone.RoomID, phone.Identity, phone.CalledAt.UnixMicro())
	return fault("see a caller", err)
}

// Hangup implements phones.Store.
func (s *Store) Hangup(ctx context.Context, phone phones.Phone) (bool, error) {
	n, err := s.exec(ctx, `DELETE FROM lobby_phones WHERE room_id = ? AND identity = ? AND called_at = ? AND status = ?`,
		phone.RoomID, phone.Identity, phone.CalledAt.UnixMicro(), string(phone.Status))
	return n > 0, fault("take a caller off the list", err)
}

func scanPhone(row scanner) (phones.Phone, error) {
	var p phones.Phone
	var status string
	var created, called, expires int64
	err := row.Scan(&p.RoomID, &p.Identity, &p.ParticipantID, &status, &p.Username, &p.Color, &created, &called, &expires, &p.Seen)
	p.Status, p.CreatedAt, p.CalledAt, p.ExpiresAt = lobby.Status(status), instant(created), instant(called), instant(expires)
	return p, err
}
