package sqlite

import (
	"context"
	"encoding/json"

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
	accesses, err := collect(rows, err, func(row scanner) (rooms.Access, error) {
		var a rooms.Access
		var role string
		var created int64
		err := row.Scan(&a.ID, &a.RoomID, &a.UserID, &role, &created)
		a.Role, a.CreatedAt = rooms.ParseRole(role), instant(created)
		return a, err
	})
	return accesses, fault("list accesses", err)
}
