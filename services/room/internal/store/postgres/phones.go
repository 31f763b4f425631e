package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

const phoneColumns = `room_id, identity, participant_id, status, username, color, created_at, called_at, expires_at, seen`

// Wait implements phones.Store, in one statement.
func (s *Store) Wait(ctx context.Context, draft phones.Phone) (phones.Phone, error) {
	phone, err := scanPhone(s.db.Pool().QueryRow(ctx, `INSERT INTO lobby_phones (`+phoneColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, false)
		ON CONFLICT (room_id, identity) DO UPDATE SET
			called_at = excluded.called_at, expires_at = excluded.expires_at, seen = false
		RETURNING `+phoneColumns,
		draft.RoomID, draft.Identity, draft.ParticipantID, draft.Status, draft.Username, draft.Color,
		draft.CreatedAt, draft.CalledAt, draft.ExpiresAt))
	if _, gone := postgres.IsForeignKey(err); gone {
		return phones.Phone{}, rooms.NotFound()
	}
	return phone, fault("let a caller wait", err)
}

// Phones implements phones.Store.
func (s *Store) Phones(ctx context.Context, roomID string) ([]phones.Phone, error) {
	rows, err := s.db.Pool().Query(ctx, `SELECT `+phoneColumns+` FROM lobby_phones
		WHERE $1::uuid IS NULL OR room_id = $1 ORDER BY room_id, created_at, identity`, orNull(roomID))
	if err != nil {
		return nil, fault("list callers", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (phones.Phone, error) { return scanPhone(row) })
	return list, fault("list callers", err)
}

// DecidePhone implements phones.Store.
func (s *Store) DecidePhone(ctx context.Context, key lobby.Key, status lobby.Status, now time.Time) error {
	tag, err := s.db.Pool().Exec(ctx, `UPDATE lobby_phones SET status = $3
		WHERE room_id = $1 AND participant_id = $2 AND (status <> 'waiting' OR expires_at > $4)`,
		key.RoomID, key.ParticipantID, status, now)
	if err == nil && tag.RowsAffected() == 0 {
		return lobby.NotFound()
	}
	return fault("decide on a caller", err)
}

// DenyPhone implements phones.Store.
func (s *Store) DenyPhone(ctx context.Context, roomID, identity string) (bool, error) {
	tag, err := s.db.Pool().Exec(ctx, `UPDATE lobby_phones SET status = $3 WHERE room_id = $1 AND identity = $2`,
		roomID, identity, lobby.Denied)
	return tag.RowsAffected() > 0, fault("deny a caller", err)
}

// See implements phones.Store.
func (s *Store) See(ctx context.Context, phone phones.Phone) error {
	_, err := s.db.Pool().Exec(ctx, `UPDATE lobby_phones SET seen = true
		WHERE room_id = $1 AND identity = $2 AND called_at = $3`, phone.RoomID, phone.Identity, phone.CalledAt)
	return fault("see a caller", err)
}

// Hangup implements phones.Store.
func (s *Store) Hangup(ctx context.Context, phone phones.Phone) (bool, error) {
	tag, err := s.db.Pool().Exec(ctx, `DELETE FROM lobby_phones
		WHERE room_id = $1 AND identity = $2 AND called_at = $3 AND status = $4`,
		phone.RoomID, phone.Identity, phone.CalledAt, phone.Status)
	return tag.RowsAffected() > 0, fault("take a caller off the list", err)
}

func scanPhone(row pgx.Row) (phones.Phone, error) {
	var p phones.Phone
	err := row.Scan(&p.RoomID, &p.Identity, &p.ParticipantID, &p.Status, &p.Username, &p.Color,
		&p.CreatedAt, &p.CalledAt, &p.ExpiresAt, &p.Seen)
	p.CreatedAt, p.CalledAt, p.ExpiresAt = p.CreatedAt.UTC(), p.CalledAt.UTC(), p.ExpiresAt.UTC()
	return p, err
}
