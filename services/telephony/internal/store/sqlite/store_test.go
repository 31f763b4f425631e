package sqlite

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/parleymeet/parley/services/telephony/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		s, err := Open(t.Context(), filepath.Join(t.TempDir(), "telephony.db"), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s
	})
}
