package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/apierr"
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

// SetRole implements moderation.Roles.
func (s *Store) SetRole(ctx context.Context, by string, access rooms.Access) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := lockRoom(ctx, tx, access.RoomID); err != nil {
			return err
		}
		if role, err := roleIn(ctx, tx, access.RoomID, by); err != nil {
			return err
		} else if !role.Administers() {
			return apierr.New(apierr.PermissionDenied, "")
		}
		tag, err := tx.Exec(ctx, `INSERT INTO accesses (id, room_id, user_id, role, created_at)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (room_id, user_id) DO UPDATE SET role = excluded.role WHERE accesses.role <> 'owner'`,
			access.ID, access.RoomID, access.UserID, access.Role.String(), access.CreatedAt)
		if err == nil && tag.RowsAffected() == 0 {
			return apierr.New(apierr.LastOwner, "")
		}
		return err
	})
	return fault("set role", err)
}
