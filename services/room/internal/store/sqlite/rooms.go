package sqlite

import (
	"context"
	"database/sql"
	"time"

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
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO rooms (id, name, slug, access_level, configuration, created_at, updated_at, phone_access, phone_country)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			room.ID, room.Name, room.Slug, room.AccessLevel.String(), string(configuration),
			room.CreatedAt.UnixMicro(), room.UpdatedAt.UnixMicro(), room.PhoneAccess.String(), room.PhoneCountry)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO accesses (id, room_id, user_id, role, created_at) VALUES (?, ?, ?, ?, ?)`,
			owner.ID, owner.RoomID, owner.UserID, owner.Role.String(), owner.CreatedAt.UnixMicro())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO outbox (room_id, action, version, due_at) VALUES (?, ?, ?, ?)`,
			task.RoomID, task.Action, task.Version, creation.Due.UnixMicro())
		if err != nil || creation.Callback == nil {
			return err
		}
		return keepCallback(ctx, tx, *creation.Callback, room)
	})
	return roomFault("create room", err)
}

// Find implements rooms.Store.
func (s *Store) Find(ctx context.Context, key rooms.Key, userID string) (rooms.Held, error) {
	where, value := `r.id = ?`, key.ID
	if key.ID == "" {
		where, value = `r.slug = ?`, key.Slug
	}
	row := s.db.Read().QueryRowContext(ctx, `SELECT `+roomColumns+`, coalesce(a.role, '')
		FROM rooms r LEFT JOIN accesses a ON a.room_id = r.id AND a.user_id = ?
		WHERE `+where, userID, value)
	held, err := scanHeld(row)
	return held, roomFault("find room", err)
}

// List implements rooms.Store.
func (s *Store) List(ctx context.Context, q rooms.ListQuery) (page []rooms.Held, total int, err error) {
	from, args := `, '' FROM rooms r`, []any{}
	count := `SELECT count(*) FROM rooms`
	if q.UserID != "" {
		from = `, a.role FROM rooms r JOIN accesses a ON a.room_id = r.id AND a.user_id = ?`
		count = `SELECT count(*) FROM accesses WHERE user_id = ?`
		args = append(args, q.UserID)
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT `+roomColumns+from+`
		WHERE (r.name, r.id) > (?, ?) ORDER BY r.name, r.id LIMIT ? OFFSET ?`,
		append(args[:len(args):len(args)], q.After.Name, q.After.ID, q.Limit, q.Skip)...)
	if page, err = collect(rows, err, scanHeld); err != nil {
		return nil, 0, fault("list rooms", err)
	}
	err = s.db.Read().QueryRowContext(ctx, count, args...).Scan(&total)
	return page, total, fault("list rooms", err)
}

// Update implements rooms.Store.
func (s *Store) Update(ctx context.Context, id string, change rooms.Change, now time.Time) (rooms.Room, error) {
	var level, configuration, phones *string
	if change.PhoneAccess != nil {
		phones = new(change.PhoneAccess.String())
	}
	if change.AccessLevel != nil {
		level = new(change.AccessLevel.String())
	}
	if change.Configuration != nil {
		text, err := change.Configuration.MarshalJSON()
		if err != nil {
			return rooms.Room{}, fault("encode configuration", err)
		}
		configuration = new(string(text))
	}
	var held rooms.Held
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		held, err = scanHeld(tx.QueryRowContext(ctx, `UPDATE rooms AS r SET
				name = coalesce(?1, name), slug = coalesce(?2, slug), access_level = coalesce(?3, access_level),
				configuration = coalesce(?4, configuration), updated_at = ?5, phone_access = coalesce(?6, phone_access),
				phone_country = coalesce(?7, phone_country),
				metadata_owed_at = CASE WHEN ?3 <> access_level OR ?4 <> configuration
					THEN max(?5, coalesce(metadata_owed_at + 1, 0)) ELSE metadata_owed_at END
			WHERE id = ?8 RETURNING id, name, slug, access_level, configuration, created_at, updated_at, phone_access, phone_country, ''`,
			change.Name, change.Slug, level, configuration, now.UnixMicro(), phones, change.PhoneCountry, id))
		return err
	})
	return held.Room, roomFault("update room", err)
}

// Delete implements rooms.Store.
func (s *Store) Delete(ctx context.Context, id string, task outbox.Task, due time.Time) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM rooms WHERE id = ?`, id)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			return rooms.NotFound()
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO outbox (room_id, action, version, due_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (room_id) DO UPDATE SET
				action = excluded.action,
				version = max(outbox.version + 1, excluded.version),
				due_at = max(outbox.due_at, excluded.due_at),
				attempts = 0, last_error = ''`,
			task.RoomID, task.Action, task.Version, due.UnixMicro())
		return err
	})
	return fault("delete room", err)
}

// scanHeld reads roomColumns and a role.
func scanHeld(row scanner) (rooms.Held, error) {
	var h rooms.Held
	var level, role, configuration, phones string
	var created, updated int64
	err := row.Scan(&h.Room.ID, &h.Room.Name, &h.Room.Slug, &level, &configuration, &created, &updated, &phones, &h.Room.PhoneCountry, &role)
	if err != nil {
		return rooms.Held{}, err
	}
	h.Room.CreatedAt, h.Room.UpdatedAt = instant(created), instant(updated)
	h.Role, h.Room.AccessLevel = rooms.ParseRole(role), rooms.ParseAccessLevel(level)
	h.Room.PhoneAccess = rooms.ParsePhoneAccess(phones)
	h.Room.Configuration, err = rooms.DecodeConfiguration([]byte(configuration))
	return h, err
}
