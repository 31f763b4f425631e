package postgres

import (
	"log/slog"
	"testing"

	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/telephony/internal/store/storetest"
)

func open(t *testing.T) storetest.Store {
	t.Helper()
	s, err := Open(t.Context(), testkit.Postgres(t), "parley_telephony", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}

func TestFillTrunk(t *testing.T) {
	t.Parallel()
	storetest.FillTrunk(t, open(t))
}
