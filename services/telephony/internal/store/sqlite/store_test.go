package sqlite

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleymeet/parley/services/telephony/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		return open(t)
	})
}

func open(t *testing.T) *Store {
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
}

// TestArmedPINsHaveAnIndex: neither counting nor draining reads the whole table.
func TestArmedPINsHaveAnIndex(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, query := range map[string]string{
		"count": armedPINs, "what is left": selectPINs + currentOn, "whether it is over": finishDrain,
	} {
		rows, err := s.Read().QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+query, 1, 2, 3)
		plan, err := collect(rows, err, func(rows *sql.Rows) (step string, err error) {
			var a, b, c int
			return step, rows.Scan(&a, &b, &c, &step)
		})
		if err != nil || !strings.Contains(strings.Join(plan, "\n"), "pins_armed (trunk_id=?") {
			t.Errorf("%s: %v\n%s", name, err, strings.Join(plan, "\n"))
		}
	}
}
