package storetest

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/sqlite"
)

// Grant gives users (by role) access to a room in the SQLite file at path, for
// tests of the whole service, which itself makes owners only.
func Grant(t *testing.T, path, roomID string, users map[string]string) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for role, userID := range users {
			_, err := tx.ExecContext(ctx, `INSERT INTO accesses (id, room_id, user_id, role, created_at) VALUES (?, ?, ?, ?, ?)`,
				uuid.NewString(), roomID, userID, role, time.Now().UnixMicro())
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
