package postgres_test

import (
	"log/slog"
	"testing"

	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/room/internal/store/postgres"
	"github.com/parleymeet/parley/services/room/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		store, err := postgres.Open(t.Context(), testkit.Postgres(t), "parley_room", slog.New(slog.DiscardHandler))
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
