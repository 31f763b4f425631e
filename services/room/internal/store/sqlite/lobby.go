package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/parleymeet/parley/services/room/internal/lobby"
)

const entryColumns = `room_id, participant_id, identity, status, username, color, created_at, expires_at`

// ask writes all who ask: ?1 are the drafts, ?2 is the instant, ?3 Waiting and ?4 Return.
const ask = `
INSERT INTO lobby_entries AS l (room_id, participant_id, identity, status, username, color, created_at, asked_at, expires_at)
SELECT r.id, d.value ->> 1, d.value ->> 2, 'waiting', d.value ->> 3, d.value ->> 4, ?2, ?2, ?2 + ?3
FROM json_each(?1) d CROSS JOIN rooms r WHERE r.id = d.value ->> 0
ON CONFLICT (room_id, participant_id) DO UPDATE SET
	identity   = excluded.identity,
	status     = CASE WHEN l.expires_at > ?2 THEN l.status ELSE excluded.status END,
	username   = CASE WHEN l.expires_at > ?2 THEN l.username ELSE excluded.username END,
	color      = CASE WHEN l.expires_at > ?2 THEN l.color ELSE excluded.color END,
	created_at = CASE WHEN l.expires_at > ?2 OR (l.status = 'waiting' AND l.expires_at > ?2 - ?4) THEN l.created_at ELSE excluded.created_at END,
	asked_at   = excluded.asked_at,
	expires_at = CASE WHEN l.expires_at > ?2 AND l.status <> 'waiting' THEN l.expires_at
		WHEN l.expires_at <= ?2 - ?4 OR l.status <> 'waiting' THEN excluded.expires_at
		ELSE max(excluded.expires_at, ?2 + min(?4, 2 * (?2 - l.asked_at))) END
RETURNING ` + entryColumns

// Ask implements lobby.Store, in one statement.
func (s *Store) Ask(ctx context.Context, drafts []lobby.Draft, terms lobby.Terms) ([]lobby.Entry, error) {
	if len(drafts) == 0 {
		return nil, nil
	}
	list, err := listed(drafts)
	if err != nil {
		return nil, fault("ask to enter", err)
	}
	prepared, err := s.db.Prepare(ctx, ask)
	if err != nil {
		return nil, fault("ask to enter", err)
	}
	var noted []lobby.Entry
	err = s.db.InTxAsyncCommit(ctx, func(ctx context.Context, tx *sql.Tx) error {
		rows, err := tx.StmtContext(ctx, prepared).QueryContext(ctx, list, //nolint:sqlclosecheck // ends with the transaction
			terms.Now.UnixMicro(), terms.Waiting.Microseconds(), terms.Return.Microseconds())
		noted, err = collect(rows, err, scanEntry)
		return err
	})
	written, entries := byKey(noted), make([]lobby.Entry, len(drafts))
	for i, d := range drafts {
		entries[i] = written[d.Key]
	}
	return entries, fault("ask to enter", err)
}

// lasting leaves out what the drafts tell.
const lasting = `SELECT d.key, l.status, l.username, l.color, l.created_at, l.expires_at
FROM json_each(?1) d CROSS JOIN lobby_entries l ON l.room_id = d.value ->> 0 AND l.participant_id = d.value ->> 1
WHERE l.identity = d.value ->> 2 AND l.expires_at > ?2
AND (l.status <> 'waiting' OR (l.expires_at >= ?3 AND l.asked_at > ?4))`

// Lasting implements lobby.Store.
func (s *Store) Lasting(ctx context.Context, drafts []lobby.Draft, l lobby.Lasting) ([]lobby.Entry, error) {
	list, err := listed(drafts)
	if err != nil {
		return nil, fault("look for who asked", err)
	}
	rows, err := s.db.Read().QueryContext(ctx, lasting, list, l.Now.UnixMicro(), l.Until.UnixMicro(), l.AskedAfter.UnixMicro())
	if err != nil {
		return nil, fault("look for who asked", err)
	}
	defer func() { _ = rows.Close() }() // what matters is in rows.Err
	entries := make([]lobby.Entry, len(drafts))
	for rows.Next() {
		var i int
		var e lobby.Entry
		var created, expires int64
		if err := rows.Scan(&i, &e.Status, &e.Username, &e.Color, &created, &expires); err != nil {
			return nil, fault("look for who asked", err)
		}
		e.RoomID, e.ParticipantID, e.Identity = drafts[i].RoomID, drafts[i].ParticipantID, drafts[i].Identity
		e.CreatedAt, e.ExpiresAt = instant(created), instant(expires)
		entries[i] = e
	}
	return entries, fault("look for who asked", rows.Err())
}

// listed writes drafts as the JSON that statements read them from.
func listed(drafts []lobby.Draft) (string, error) {
	rows := make([][5]string, len(drafts))
	for i, d := range drafts {
		rows[i] = [5]string{d.RoomID, d.ParticipantID, d.Identity, d.Username, d.Color}
	}
	list, err := json.Marshal(rows)
	return string(list), err
}

func byKey(list []lobby.Entry) map[lobby.Key]lobby.Entry {
	entries := make(map[lobby.Key]lobby.Entry, len(list))
	for _, e := range list {
		entries[lobby.Key{RoomID: e.RoomID, ParticipantID: e.ParticipantID}] = e
	}
	return entries
}

// Queue implements lobby.Store.
func (s *Store) Queue(ctx context.Context, roomID string, now time.Time, limit int) ([]lobby.Entry, error) {
	return s.waiting(ctx, roomID, now, `created_at, participant_id`, limit)
}

// Latest implements lobby.Store.
func (s *Store) Latest(ctx context.Context, roomID string, now time.Time, limit int) ([]lobby.Entry, error) {
	return s.waiting(ctx, roomID, now, `created_at DESC, participant_id DESC`, limit)
}

func (s *Store) waiting(ctx context.Context, roomID string, now time.Time, order string, limit int) ([]lobby.Entry, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT `+entryColumns+` FROM lobby_entries
		WHERE room_id = ? AND status = 'waiting' AND expires_at > ?
		ORDER BY `+order+` LIMIT ?`, roomID, now.UnixMicro(), limit)
	entries, err := collect(rows, err, scanEntry)
	return entries, fault("list lobby", err)
}

// Decide implements lobby.Store.
func (s *Store) Decide(ctx context.Context, key lobby.Key, status lobby.Status, expires, now time.Time) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE lobby_entries SET status = ?, expires_at = ?
			WHERE room_id = ? AND participant_id = ? AND expires_at > ?`,
			string(status), expires.UnixMicro(), key.RoomID, key.ParticipantID, now.UnixMicro())
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err == nil && n == 0 {
			return lobby.NotFound()
		}
		return err
	})
	return fault("decide entry", err)
}

// Forget implements lobby.Store.
func (s *Store) Forget(ctx context.Context, roomID, identity string) error {
	_, err := s.exec(ctx, `DELETE FROM lobby_entries WHERE room_id = ? AND identity = ?`, roomID, identity)
	return fault("forget entry", err)
}

// Clear implements lobby.Store.
func (s *Store) Clear(ctx context.Context, roomID string, before time.Time) error {
	_, err := s.exec(ctx, `DELETE FROM lobby_entries WHERE room_id = ? AND created_at < ?`, roomID, before.UnixMicro())
	return fault("clear lobby", err)
}

// Sweep implements lobby.Store.
func (s *Store) Sweep(ctx context.Context, after lobby.Key, now time.Time, limit int) (lobby.Key, error) {
	var last lobby.Key
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		last = lobby.Key{}
		rows, err := tx.QueryContext(ctx, `SELECT `+entryColumns+` FROM lobby_entries
			WHERE (room_id, participant_id) > (?, ?) ORDER BY room_id, participant_id LIMIT ?`,
			after.RoomID, after.ParticipantID, limit)
		page, err := collect(rows, err, scanEntry)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			last = lobby.Key{RoomID: e.RoomID, ParticipantID: e.ParticipantID}
			if e.ExpiresAt.After(now) {
				continue
			}
			_, err := tx.ExecContext(ctx, `DELETE FROM lobby_entries WHERE room_id = ? AND participant_id = ?`,
				e.RoomID, e.ParticipantID)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return last, fault("sweep lobby", err)
}

func scanEntry(row scanner) (lobby.Entry, error) {
	var e lobby.Entry
	var status string
	var created, expires int64
	err := row.Scan(&e.RoomID, &e.ParticipantID, &e.Identity, &status, &e.Username, &e.Color, &created, &expires)
	e.Status, e.CreatedAt, e.ExpiresAt = lobby.Status(status), instant(created), instant(expires)
	return e, err
}
