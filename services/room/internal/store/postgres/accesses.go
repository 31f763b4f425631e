package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Accesses implements rooms.AccessStore.
func (s *Store) Accesses(ctx context.Context, roomIDs []string) ([]rooms.Access, error) {
	rows, err := s.db.Pool().Query(ctx, `SELECT id, room_id, user_id, role, created_at FROM accesses
		WHERE room_id = ANY ($1::uuid[]) ORDER BY created_at DESC, id`, roomIDs)
	if err != nil {
		return nil, fault("list accesses", err)
	}
	accesses, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (rooms.Access, error) { return scanAccess(row) })
	return accesses, fault("list accesses", err)
}

// SetRole implements moderation.Roles. An owner that somebody makes meanwhile
// stays one: the row is looked at once more when its lock is had.
func (s *Store) SetRole(ctx context.Context, access rooms.Access) error {
	tag, err := s.db.Pool().Exec(ctx, `INSERT INTO accesses (id, room_id, user_id, role, created_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (room_id, user_id) DO UPDATE SET role = excluded.role WHERE accesses.role <> 'owner'`,
		access.ID, access.RoomID, access.UserID, access.Role.String(), access.CreatedAt)
	if _, gone := postgres.IsForeignKey(err); gone {
		return rooms.NotFound()
	}
	if err == nil && tag.RowsAffected() == 0 {
		return apierr.New(apierr.LastOwner, "")
	}
	return fault("set role", err)
}
