package sqlite_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/parleymeet/parley/services/room/internal/store/sqlite"
	"github.com/parleymeet/parley/services/room/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "room.db"), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := store.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		return store
	})
}
