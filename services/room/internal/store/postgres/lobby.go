package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/room/internal/lobby"
)

const entryColumns = `l.room_id, l.participant_id, l.identity, l.status, l.username, l.color, l.created_at, l.expires_at`

// ask writes whoever asks, in the order of keys, so that two such statements
// never wait for each other in a circle. Its transaction commits without waiting
// for the disk.
const ask = `
INSERT INTO lobby_entries AS l (room_id, participant_id, identity, status, username, color, created_at, asked_at, expires_at)
SELECT r.id, d.participant_id, d.identity, 'waiting', d.username, d.color, $6::timestamptz, $6, $7::timestamptz
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS d (room_id, participant_id, identity, username, color)
JOIN rooms r ON r.id = d.room_id
CROSS JOIN (SELECT set_config('synchronous_commit', 'off', true)) AS unsynced
ORDER BY r.id, d.participant_id COLLATE "C"
ON CONFLICT (room_id, participant_id) DO UPDATE SET
	identity   = excluded.identity,
	status     = CASE WHEN l.expires_at > $6 THEN l.status ELSE excluded.status END,
	username   = CASE WHEN l.expires_at > $6 THEN l.username ELSE excluded.username END,
	color      = CASE WHEN l.expires_at > $6 THEN l.color ELSE excluded.color END,
	created_at = CASE WHEN l.expires_at > $6 OR (l.status = 'waiting' AND l.expires_at > $6 - $8::interval) THEN l.created_at ELSE excluded.created_at END,
	asked_at   = excluded.asked_at,
	expires_at = CASE WHEN l.expires_at > $6 AND l.status <> 'waiting' THEN l.expires_at
		WHEN l.expires_at <= $6 - $8::interval OR l.status <> 'waiting' THEN excluded.expires_at
		ELSE greatest(excluded.expires_at, $6 + least($8::interval, 2 * ($6 - l.asked_at))) END
RETURNING ` + entryColumns

// Ask implements lobby.Store, in one statement. It is repeated where a room was
// deleted while it ran, which then finds none, and where the deletion of many
// entries waited for some of these and these for it.
func (s *Store) Ask(ctx context.Context, drafts []lobby.Draft, terms lobby.Terms) ([]lobby.Entry, error) {
	if len(drafts) == 0 {
		return nil, nil
	}
	entries, err := s.ask(ctx, s.db.Pool(), drafts, terms)
	if _, gone := postgres.IsForeignKey(err); gone || postgres.IsAborted(err) {
		err = s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
			entries, err = s.ask(ctx, tx, drafts, terms)
			return err
		})
	}
	return entries, fault("ask to enter", err)
}

// lasting looks each up by its key: a join might read the whole table. It leaves
// out what the drafts tell.
const lasting = `
SELECT d.i, l.status, l.username, l.color, l.created_at, l.expires_at
FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS d (room_id, participant_id, identity, i)
CROSS JOIN LATERAL (
	SELECT * FROM lobby_entries l WHERE l.room_id = d.room_id AND l.participant_id = d.participant_id COLLATE "C" OFFSET 0
) l
WHERE l.identity = d.identity AND l.expires_at > $4
AND (l.status <> 'waiting' OR (l.expires_at >= $5 AND l.asked_at > $6))`

// Lasting implements lobby.Store.
func (s *Store) Lasting(ctx context.Context, drafts []lobby.Draft, l lobby.Lasting) ([]lobby.Entry, error) {
	rooms, people, identities := make([]string, len(drafts)), make([]string, len(drafts)), make([]string, len(drafts))
	for i, d := range drafts {
		rooms[i], people[i], identities[i] = d.RoomID, d.ParticipantID, d.Identity
	}
	rows, err := s.db.Pool().Query(ctx, lasting, rooms, people, identities, l.Now, l.Until, l.AskedAfter)
	if err != nil {
		return nil, fault("look for who asked", err)
	}
	entries := make([]lobby.Entry, len(drafts))
	var (
		ordinal int
		e       lobby.Entry
	)
	_, err = pgx.ForEachRow(rows, []any{&ordinal, &e.Status, &e.Username, &e.Color, &e.CreatedAt, &e.ExpiresAt}, func() error {
		d := drafts[ordinal-1]
		e.RoomID, e.ParticipantID, e.Identity = d.RoomID, d.ParticipantID, d.Identity
		e.CreatedAt, e.ExpiresAt = e.CreatedAt.UTC(), e.ExpiresAt.UTC()
		entries[ordinal-1] = e
		return nil
	})
	return entries, fault("look for who asked", err)
}

func byKey(list []lobby.Entry) map[lobby.Key]lobby.Entry {
	entries := make(map[lobby.Key]lobby.Entry, len(list))
	for _, e := range list {
		entries[lobby.Key{RoomID: e.RoomID, ParticipantID: e.ParticipantID}] = e
	}
	return entries
}

func (s *Store) ask(ctx context.Context, q postgres.Querier, drafts []lobby.Draft, terms lobby.Terms) ([]lobby.Entry, error) {
	var columns [5][]string
	for _, d := range drafts {
		for j, value := range []string{d.RoomID, d.ParticipantID, d.Identity, d.Username, d.Color} {
			columns[j] = append(columns[j], value)
		}
	}
	rows, err := q.Query(ctx, ask, columns[0], columns[1], columns[2], columns[3], columns[4],
		terms.Now, terms.Now.Add(terms.Waiting), terms.Return)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (lobby.Entry, error) { return scanEntry(row) })
	written, entries := byKey(list), make([]lobby.Entry, len(drafts))
	for i, d := range drafts {
		entries[i] = written[d.Key]
	}
	return entries, err
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
	rows, err := s.db.Pool().Query(ctx, `SELECT `+entryColumns+` FROM lobby_entries l
		WHERE room_id = $1 AND status = 'waiting' AND expires_at > $2
		ORDER BY `+order+` LIMIT $3`, roomID, now, limit)
	if err != nil {
		return nil, fault("list lobby", err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (lobby.Entry, error) { return scanEntry(row) })
	return entries, fault("list lobby", err)
}

// Decide implements lobby.Store.
func (s *Store) Decide(ctx context.Context, key lobby.Key, status lobby.Status, expires, now time.Time) error {
	tag, err := s.db.Pool().Exec(ctx, `UPDATE lobby_entries SET status = $3, expires_at = $4
		WHERE room_id = $1 AND participant_id = $2 AND expires_at > $5`,
		key.RoomID, key.ParticipantID, status, expires, now)
	if err == nil && tag.RowsAffected() == 0 {
		return lobby.NotFound()
	}
	return fault("decide entry", err)
}

// Forget implements lobby.Store.
func (s *Store) Forget(ctx context.Context, roomID, identity string) error {
	_, err := s.db.Pool().Exec(ctx, `DELETE FROM lobby_entries WHERE room_id = $1 AND identity = $2`, roomID, identity)
	return fault("forget entry", err)
}

// Clear implements lobby.Store. It takes entries in the order in which they ask,
// and is repeated where the deletion of the room, which takes them in any order,
// waited for it and it for that.
func (s *Store) Clear(ctx context.Context, roomID string, before time.Time) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `WITH over AS (
				SELECT room_id, participant_id FROM lobby_entries WHERE room_id = $1 AND created_at < $2
				ORDER BY participant_id FOR UPDATE)
			DELETE FROM lobby_entries l USING over o WHERE l.room_id = o.room_id AND l.participant_id = o.participant_id`, roomID, before)
		return err
	})
	return fault("clear lobby", err)
}

// Sweep implements lobby.Store. A row that is asked for again meanwhile is
// looked at once more before it is deleted, and stays.
func (s *Store) Sweep(ctx context.Context, after lobby.Key, now time.Time, limit int) (lobby.Key, error) {
	if after.RoomID == "" {
		after.RoomID = uuid.Nil.String()
	}
	var last lobby.Key
	err := s.db.Pool().QueryRow(ctx, `WITH page AS (
			SELECT room_id, participant_id, expires_at FROM lobby_entries
			WHERE (room_id, participant_id) > ($1, $2) ORDER BY room_id, participant_id LIMIT $4),
		gone AS (
			DELETE FROM lobby_entries l USING page p
			WHERE l.room_id = p.room_id AND l.participant_id = p.participant_id AND l.expires_at <= $3 AND p.expires_at <= $3)
		SELECT room_id, participant_id FROM page ORDER BY room_id DESC, participant_id DESC LIMIT 1`,
		after.RoomID, after.ParticipantID, now, limit).Scan(&last.RoomID, &last.ParticipantID)
	if errors.Is(err, pgx.ErrNoRows) {
		return lobby.Key{}, nil
	}
	return last, fault("sweep lobby", err)
}

func scanEntry(row pgx.Row) (lobby.Entry, error) {
	var e lobby.Entry
	err := row.Scan(&e.RoomID, &e.ParticipantID, &e.Identity, &e.Status, &e.Username, &e.Color, &e.CreatedAt, &e.ExpiresAt)
	e.CreatedAt, e.ExpiresAt = e.CreatedAt.UTC(), e.ExpiresAt.UTC()
	return e, err
}
