package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Accesses implements rooms.AccessStore.
func (s *Store) Accesses(ctx context.Context, roomIDs []string) ([]rooms.Access, error) {
	ids, err := json.Marshal(roomIDs) // one parameter, however many rooms
	if err != nil {
		return nil, fault("list accesses", err)
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, room_id, user_id, role, created_at FROM accesses
		WHERE room_id IN (SELECT value FROM json_each(?)) ORDER BY created_at DESC, id`, string(ids))
	accesses, err := collect(rows, err, func(row scanner) (rooms.Access, error) { return scanAccess(row) })
	return accesses, fault("list accesses", err)
}

// SetRole implements moderation.Roles.
func (s *Store) SetRole(ctx context.Context, by string, access rooms.Access) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := roomIn(ctx, tx, access.RoomID); err != nil {
			return err
		}
		if role, err := roleIn(ctx, tx, access.RoomID, by); err != nil {
			return err
		} else if !role.Administers() {
			return apierr.New(apierr.PermissionDenied, "")
		}
		result, err := tx.ExecContext(ctx, `INSERT INTO accesses (id, room_id, user_id, role, created_at)
			VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (room_id, user_id) DO UPDATE SET role = excluded.role WHERE accesses.role <> 'owner'`,
			access.ID, access.RoomID, access.UserID, access.Role.String(), access.CreatedAt.UnixMicro())
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err == nil && n == 0 {
			return apierr.New(apierr.LastOwner, "")
		}
		return err
	})
	return fault("set role", err)
}
