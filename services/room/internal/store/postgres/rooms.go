package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

const roomColumns = `r.id, r.name, r.slug, r.access_level, r.configuration, r.created_at, r.updated_at, r.phone_access, r.phone_country`

// Create implements rooms.Store.
func (s *Store) Create(ctx context.Context, creation rooms.Creation) error {
	room, owner, task := creation.Room, creation.Owner, creation.Task
	configuration, err := room.Configuration.MarshalJSON()
	if err != nil {
		return fault("encode configuration", err)
	}
	// One round trip for all rows.
	var batch pgx.Batch
	batch.Queue(`INSERT INTO rooms (id, name, slug, access_level, configuration, created_at, updated_at, phone_access, phone_country)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		room.ID, room.Name, room.Slug, room.AccessLevel.String(), configuration, room.CreatedAt, room.UpdatedAt, room.PhoneAccess.String(), room.PhoneCountry)
	batch.Queue(`INSERT INTO accesses (id, room_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)`,
		owner.ID, owner.RoomID, owner.UserID, owner.Role.String(), owner.CreatedAt)
	batch.Queue(`INSERT INTO outbox (room_id, action, version, due_at) VALUES ($1, $2, $3, $4)`,
		task.RoomID, task.Action, task.Version, creation.Due)
	if creation.Callback != nil {
		keepCallback(&batch, *creation.Callback, room)
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.SendBatch(ctx, &batch).Close()
	})
	return roomFault("create room", err)
}

// Find implements rooms.Store.
func (s *Store) Find(ctx context.Context, key rooms.Key, userID string) (rooms.Held, error) {
	where, value := `r.id = $1`, key.ID
	if key.ID == "" {
		where, value = `r.slug = $1`, key.Slug
	}
	row := s.db.Pool().QueryRow(ctx, `SELECT `+roomColumns+`, coalesce(a.role, '')
		FROM rooms r LEFT JOIN accesses a ON a.room_id = r.id AND a.user_id = $2
		WHERE `+where, value, orNull(userID))
	held, err := scanHeld(row)
	return held, roomFault("find room", err)
}

// List implements rooms.Store. Page and total come in one round trip.
func (s *Store) List(ctx context.Context, q rooms.ListQuery) (page []rooms.Held, total int, err error) {
	from, args := `, '' FROM rooms r`, []any{}
	count := `SELECT count(*) FROM rooms`
	if q.UserID != "" {
		from = `, a.role FROM rooms r JOIN accesses a ON a.room_id = r.id AND a.user_id = $5`
		count = `SELECT count(*) FROM accesses WHERE user_id = $1`
		args = append(args, q.UserID)
	}
	if q.After.ID == "" {
		q.After.ID = uuid.Nil.String()
	}
	var batch pgx.Batch
	batch.Queue(`SELECT `+roomColumns+from+`
		WHERE (r.name, r.id) > ($1, $2) ORDER BY r.name, r.id OFFSET $3 LIMIT $4`,
		append([]any{q.After.Name, q.After.ID, q.Skip, q.Limit}, args...)...,
	).Query(func(rows pgx.Rows) (err error) {
		page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (rooms.Held, error) { return scanHeld(row) })
		return err
	})
	batch.Queue(count, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
	err = s.db.Pool().SendBatch(ctx, &batch).Close()
	return page, total, fault("list rooms", err)
}

// Update implements rooms.Store, in one statement. The lock comes before the
// comparison, so that what is compared is what is changed.
func (s *Store) Update(ctx context.Context, id string, change rooms.Change, now time.Time) (rooms.Room, error) {
	var level *string
	if change.AccessLevel != nil {
		level = new(change.AccessLevel.String())
	}
	var phones *string
	if change.PhoneAccess != nil {
		phones = new(change.PhoneAccess.String())
	}
	var configuration []byte
	if change.Configuration != nil {
		var err error
		if configuration, err = change.Configuration.MarshalJSON(); err != nil {
			return rooms.Room{}, fault("encode configuration", err)
		}
	}
	row := s.db.Pool().QueryRow(ctx, `WITH old AS (
			SELECT id, access_level, configuration FROM rooms WHERE id = $1 FOR NO KEY UPDATE
		) UPDATE rooms r SET
			name = coalesce($2, name), slug = coalesce($3, slug), access_level = coalesce($4, r.access_level),
			configuration = coalesce($5, r.configuration), updated_at = $6, phone_access = coalesce($7, phone_access),
			phone_country = coalesce($8, phone_country),
			metadata_owed_at = CASE WHEN $4 <> old.access_level OR $5 <> old.configuration
				THEN greatest($6, metadata_owed_at + interval '1 microsecond') ELSE metadata_owed_at END
		FROM old WHERE r.id = old.id RETURNING `+roomColumns+`, ''`,
		id, change.Name, change.Slug, level, configuration, now, phones, change.PhoneCountry)
	held, err := scanHeld(row)
	return held.Room, roomFault("update room", err)
}

// Delete implements rooms.Store.
func (s *Store) Delete(ctx context.Context, id string, task outbox.Task, due time.Time) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM rooms WHERE id = $1`, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return rooms.NotFound()
		}
		_, err = tx.Exec(ctx, `INSERT INTO outbox (room_id, action, version, due_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (room_id) DO UPDATE SET
				action = excluded.action,
				version = greatest(outbox.version + 1, excluded.version),
				due_at = greatest(outbox.due_at, excluded.due_at),
				attempts = 0, last_error = ''`,
			task.RoomID, task.Action, task.Version, due)
		return err
	})
	return fault("delete room", err)
}

// scanHeld reads roomColumns and a role.
func scanHeld(row pgx.Row) (rooms.Held, error) {
	var h rooms.Held
	var level, role, phones string
	var configuration []byte
	err := row.Scan(&h.Room.ID, &h.Room.Name, &h.Room.Slug, &level, &configuration,
		&h.Room.CreatedAt, &h.Room.UpdatedAt, &phones, &h.Room.PhoneCountry, &role)
	if err != nil {
		return rooms.Held{}, err
	}
	h.Role, h.Room.AccessLevel = rooms.ParseRole(role), rooms.ParseAccessLevel(level)
	h.Room.PhoneAccess = rooms.ParsePhoneAccess(phones)
	h.Room.Configuration, err = rooms.DecodeConfiguration(configuration)
	return h, err
}
