package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/sqlite"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Access implements accesses.Store.
func (s *Store) Access(ctx context.Context, id, userID string) (a rooms.Access, mine rooms.Role, err error) {
	var own string
	a, err = scanAccess(s.db.Read().QueryRowContext(ctx, `SELECT a.id, a.room_id, a.user_id, a.role, a.created_at, coalesce(m.role, '')
		FROM accesses a LEFT JOIN accesses m ON m.room_id = a.room_id AND m.user_id = ? WHERE a.id = ?`, userID, id), &own)
	return a, rooms.ParseRole(own), accessFault("find access", err)
}

// Administered implements accesses.Store.
func (s *Store) Administered(ctx context.Context, q accesses.Query) (page []rooms.Access, total int, err error) {
	const from = ` FROM accesses m JOIN accesses a ON a.room_id = m.room_id
		WHERE m.user_id = ? AND m.role IN ('administrator', 'owner')`
	where, args := from, []any{q.UserID}
	if q.After.ID != "" {
		where += ` AND (a.created_at, a.id) < (?, ?)`
		args = append(args, q.After.CreatedAt.UnixMicro(), q.After.ID)
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT a.id, a.room_id, a.user_id, a.role, a.created_at`+where+`
		ORDER BY a.created_at DESC, a.id DESC LIMIT ? OFFSET ?`, append(args, q.Limit, q.Skip)...)
	page, err = collect(rows, err, func(row scanner) (rooms.Access, error) { return scanAccess(row) })
	if err == nil {
		err = s.db.Read().QueryRowContext(ctx, `SELECT count(*)`+from, q.UserID).Scan(&total)
	}
	return page, total, fault("list accesses", err)
}

// AddAccess implements accesses.Store.
func (s *Store) AddAccess(ctx context.Context, by accesses.Actor, a rooms.Access) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := roomIn(ctx, tx, a.RoomID); err != nil {
			return err
		}
		if err := asJudged(ctx, tx, a.RoomID, by); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO accesses (id, room_id, user_id, role, created_at) VALUES (?, ?, ?, ?, ?)`,
			a.ID, a.RoomID, a.UserID, a.Role.String(), a.CreatedAt.UnixMicro())
		return err
	})
	return accessFault("add access", err)
}

// ChangeAccess implements accesses.Store.
func (s *Store) ChangeAccess(ctx context.Context, by accesses.Actor, seen rooms.Access, role rooms.Role) error {
	return s.replaceAccess(ctx, by, seen, role, `UPDATE accesses SET role = ? WHERE id = ?`, role.String(), seen.ID)
}

// RemoveAccess implements accesses.Store.
func (s *Store) RemoveAccess(ctx context.Context, by accesses.Actor, seen rooms.Access) error {
	return s.replaceAccess(ctx, by, seen, rooms.NoRole, `DELETE FROM accesses WHERE id = ?`, seen.ID)
}

// replaceAccess runs the statement if the access is as it was seen, the actor as
// judged, and if an owner remains. Transactions that write come one after another.
func (s *Store) replaceAccess(ctx context.Context, by accesses.Actor, seen rooms.Access, role rooms.Role, statement string, args ...any) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var is string
		var others int
		err := tx.QueryRowContext(ctx, `SELECT role, (SELECT count(*) FROM accesses o
			WHERE o.room_id = a.room_id AND o.role = 'owner' AND o.id <> a.id) FROM accesses a WHERE id = ?`, seen.ID).Scan(&is, &others)
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
		_, err = tx.ExecContext(ctx, statement, args...)
		return err
	})
	return accessFault("change access", err)
}

// roomIn returns ROOM_NOT_FOUND where there is no such room.
func roomIn(ctx context.Context, tx *sql.Tx, id string) error {
	var there bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM rooms WHERE id = ?)`, id).Scan(&there)
	if err == nil && !there {
		return rooms.NotFound()
	}
	return err
}

// roleIn returns the role of a user on a room.
func roleIn(ctx context.Context, tx *sql.Tx, roomID, userID string) (rooms.Role, error) {
	var name string
	err := tx.QueryRowContext(ctx, `SELECT role FROM accesses WHERE room_id = ? AND user_id = ?`, roomID, userID).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return rooms.NoRole, nil
	}
	return rooms.ParseRole(name), err
}

// asJudged returns ErrChanged if the actor has another role by now.
func asJudged(ctx context.Context, tx *sql.Tx, roomID string, by accesses.Actor) error {
	role, err := roleIn(ctx, tx, roomID, by.UserID)
	if err == nil && role != by.Role {
		return accesses.ErrChanged
	}
	return err
}

// scanAccess reads an access, and what stands behind it.
func scanAccess(row scanner, more ...any) (rooms.Access, error) {
	var a rooms.Access
	var role string
	var created int64
	err := row.Scan(append([]any{&a.ID, &a.RoomID, &a.UserID, &role, &created}, more...)...)
	a.Role, a.CreatedAt = rooms.ParseRole(role), instant(created)
	return a, err
}

// accessFault is fault for statements on one access.
func accessFault(doing string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return accesses.NotFound()
	}
	if columns, ok := sqlite.IsUnique(err); ok && columns == "accesses.room_id, accesses.user_id" {
		return accesses.Taken()
	}
	if sqlite.IsForeignKey(err) {
		return rooms.NotFound()
	}
	return fault(doing, err)
}
