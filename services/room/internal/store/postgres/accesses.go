package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Accesses implements rooms.AccessStore.
func (s *Store) Accesses(ctx context.Context, roomIDs []string) ([]rooms.Access, error) {
	rows, err := s.db.Pool().Query(ctx, `SELECT id, room_id, user_id, role, created_at FROM accesses
		WHERE room_id = ANY ($1::uuid[]) ORDER BY created_at DESC, id`, roomIDs)
	if err != nil {
		return nil, fault("list accesses", err)
	}
	accesses, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (rooms.Access, error) {
		var a rooms.Access
		var role string
		err := row.Scan(&a.ID, &a.RoomID, &a.UserID, &role, &a.CreatedAt)
		a.Role = rooms.ParseRole(role)
		return a, err
	})
	return accesses, fault("list accesses", err)
}
