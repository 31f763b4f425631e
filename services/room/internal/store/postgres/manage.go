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
func (s *Store) AddAccess(ctx context.Context, a rooms.Access) error {
	_, err := s.db.Pool().Exec(ctx, `INSERT INTO accesses (id, room_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)`,
		a.ID, a.RoomID, a.UserID, a.Role.String(), a.CreatedAt)
	return accessFault("add access", err)
}

// ChangeAccess implements accesses.Store.
func (s *Store) ChangeAccess(ctx context.Context, seen rooms.Access, role rooms.Role) error {
	return s.replaceAccess(ctx, seen, role, `UPDATE accesses SET role = $2 WHERE id = $1`, seen.ID, role.String())
}

// RemoveAccess implements accesses.Store.
func (s *Store) RemoveAccess(ctx context.Context, seen rooms.Access) error {
	return s.replaceAccess(ctx, seen, rooms.NoRole, `DELETE FROM accesses WHERE id = $1`, seen.ID)
}

// replaceAccess runs the statement if the access is as it was seen, and if an
// owner remains. The lock of the room makes such changes come one after another,
// so that each sees what the one before it left.
func (s *Store) replaceAccess(ctx context.Context, seen rooms.Access, role rooms.Role, statement string, args ...any) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM rooms WHERE id = $1 FOR NO KEY UPDATE`, seen.RoomID); err != nil {
			return err
		}
		var is string
		var others int
		err := tx.QueryRow(ctx, `SELECT role, (SELECT count(*) FROM accesses o
			WHERE o.room_id = a.room_id AND o.role = 'owner' AND o.id <> a.id) FROM accesses a WHERE id = $1 FOR UPDATE`, seen.ID).Scan(&is, &others)
		switch {
		case err != nil:
			return err
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
