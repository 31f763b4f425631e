package postgres_test

import (
	"log/slog"
	"testing"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/auth/internal/store/postgres"
	"github.com/parleymeet/parley/services/auth/internal/store/storetest"
)

func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, "parley_auth", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store {
		s := open(t, testkit.Postgres(t))
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestUnavailable(t *testing.T) {
	s := open(t, "postgres://user@127.0.0.1:1/none")
	if _, err := s.FindUserBySub(t.Context(), "ada"); !apierr.Has(err, apierr.Unavailable) {
		t.Errorf("got %v", err)
	}
}
