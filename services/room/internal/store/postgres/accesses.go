package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Access implements accesses.Store.
func (s *Store) Access(ctx context.Context, id, userID string) (a rooms.Access, mine rooms.Role, err error) {
	var own string
	a, err = scanAccess(s.db.Pool().QueryRow(ctx, `SELECT a.id, a.room_id, a.user_id, a.role, a.created_at, coalesce(m.role, '')
		FROM accesses a LEFT JOIN accesses m ON m.room_id = a.room_id AND m.user_id = $2 WHERE a.id = $1`, id, userID), &own)
	return a, rooms.ParseRole(own), accessFault("find access", err)
}

// Administered implements accesses.Store. Page and total come in one round trip.
func (s *Store) Administered(ctx context.Context, q accesses.Query) (page []rooms.Access, total int, err error) {
	const from = ` FROM accesses m JOIN accesses a ON a.room_id = m.room_id
		WHERE m.user_id = $1 AND m.role IN ('administrator', 'owner')`
	where, args := from, []any{q.UserID, q.Limit, q.Skip}
	if q.After.ID != "" {
		where += ` AND (a.created_at, a.id) < ($4, $5)`
		args = append(args, q.After.CreatedAt, q.After.ID)
	}
	var batch pgx.Batch
	batch.Queue(`SELECT a.id, a.room_id, a.user_id, a.role, a.created_at`+where+`
		ORDER BY a.created_at DESC, a.id DESC LIMIT $2 OFFSET $3`, args...,
	).Query(func(rows pgx.Rows) (err error) {
		page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (rooms.Access, error) { return scanAccess(row) })
		return err
	})
	batch.Queue(`SELECT count(*)`+from, q.UserID).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
	err = s.db.Pool().SendBatch(ctx, &batch).Close()
	return page, total, fault("list accesses", err)
}

// AddAccess implements accesses.Store.
func (s *Store) AddAccess(ctx context.Context, by accesses.Actor, a rooms.Access) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := lockRoom(ctx, tx, a.RoomID); err != nil {
			return err
		}
		if err := asJudged(ctx, tx, a.RoomID, by); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO accesses (id, room_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)`,
			a.ID, a.RoomID, a.UserID, a.Role.String(), a.CreatedAt)
		return err
	})
	return accessFault("add access", err)
}

// ChangeAccess implements accesses.Store.
func (s *Store) ChangeAccess(ctx context.Context, by accesses.Actor, seen rooms.Access, role rooms.Role) error {
	return s.replaceAccess(ctx, by, seen, role, `UPDATE accesses SET role = $2 WHERE id = $1`, seen.ID, role.String())
}

// RemoveAccess implements accesses.Store.
func (s *Store) RemoveAccess(ctx context.Context, by accesses.Actor, seen rooms.Access) error {
	return s.replaceAccess(ctx, by, seen, rooms.NoRole, `DELETE FROM accesses WHERE id = $1`, seen.ID)
}

// replaceAccess runs the statement if the access is as it was seen, the actor as
// judged, and if an owner remains.
func (s *Store) replaceAccess(ctx context.Context, by accesses.Actor, seen rooms.Access, role rooms.Role, statement string, args ...any) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := lockRoom(ctx, tx, seen.RoomID); apierr.Has(err, apierr.RoomNotFound) {
			return accesses.NotFound()
		} else if err != nil {
			return err
		}
		var is string
		var others int
		err := tx.QueryRow(ctx, `SELECT role, (SELECT count(*) FROM accesses o
			WHERE o.room_id = a.room_id AND o.role = 'owner' AND o.id <> a.id) FROM accesses a WHERE id = $1`, seen.ID).Scan(&is, &others)
		if err != nil {
			return err
		}
		if err := asJudged(ctx, tx, seen.RoomID, by); err != nil {
			return err
		}
		switch {
		case rooms.ParseRole(is) != seen.Role:
			return accesses.ErrChanged
		case seen.Role == rooms.Owner && role != rooms.Owner && others == 0:
			return apierr.New(apierr.LastOwner, "")
		}
		_, err = tx.Exec(ctx, statement, args...)
		return err
	})
	return accessFault("change access", err)
}

// lockRoom makes changes of the accesses on a room come one after another, so that
// each sees what the one before it left.
func lockRoom(ctx context.Context, tx pgx.Tx, id string) error {
	tag, err := tx.Exec(ctx, `SELECT FROM rooms WHERE id = $1 FOR NO KEY UPDATE`, id)
	if err == nil && tag.RowsAffected() == 0 {
		return rooms.NotFound()
	}
	return err
}

// roleIn returns the role of a user on a room.
func roleIn(ctx context.Context, tx pgx.Tx, roomID, userID string) (rooms.Role, error) {
	var name string
	err := tx.QueryRow(ctx, `SELECT role FROM accesses WHERE room_id = $1 AND user_id = $2`, roomID, userID).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		return rooms.NoRole, nil
	}
	return rooms.ParseRole(name), err
}

// asJudged returns ErrChanged if the actor has another role by now.
func asJudged(ctx context.Context, tx pgx.Tx, roomID string, by accesses.Actor) error {
	role, err := roleIn(ctx, tx, roomID, by.UserID)
	if err == nil && role != by.Role {
		return accesses.ErrChanged
	}
	return err
}

// scanAccess reads an access, and what stands behind it.
func scanAccess(row pgx.Row, more ...any) (rooms.Access, error) {
	var a rooms.Access
	var role string
	err := row.Scan(append([]any{&a.ID, &a.RoomID, &a.UserID, &role, &a.CreatedAt}, more...)...)
	a.Role = rooms.ParseRole(role)
	return a, err
}

// accessFault is fault for statements on one access.
func accessFault(doing string, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return accesses.NotFound()
	}
	if constraint, ok := postgres.IsUnique(err); ok && constraint == "accesses_room_user_key" {
		return accesses.Taken()
	}
	if _, ok := postgres.IsForeignKey(err); ok {
		return rooms.NotFound()
	}
	return fault(doing, err)
}
