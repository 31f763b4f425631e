package postgres

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/room/internal/lobby"
)

// A question does not wait for the disk; what comes after it does again.
func TestAskCommitsAsynchronously(t *testing.T) {
	t.Parallel()
	store, err := Open(t.Context(), testkit.Postgres(t), "parley_room", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	room := uuid.NewString()
	if _, err := store.db.Pool().Exec(t.Context(), `INSERT INTO rooms (id, name, slug, access_level, configuration, created_at, updated_at)
		VALUES ($1, 'x', 'x', 'restricted', '{}', now(), now())`, room); err != nil {
		t.Fatal(err)
	}
	mode := func(ctx context.Context, tx pgx.Tx) (mode string) {
		if err := tx.QueryRow(ctx, `SHOW synchronous_commit`).Scan(&mode); err != nil {
			t.Error(err)
		}
		return mode
	}
	conn, err := store.db.Pool().Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, ask := range []bool{true, false} {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			want := "on"
			if ask {
				draft := lobby.Draft{Key: lobby.Key{RoomID: room, ParticipantID: "p"}, Identity: "p", Username: "x", Color: "c"}
				entries, err := store.ask(t.Context(), tx, []lobby.Draft{draft}, lobby.Terms{Now: time.Now(), Waiting: time.Second, Return: time.Second})
				if err != nil || entries[0].Status != lobby.Waiting {
					t.Errorf("asked: %v, %v", entries, err)
				}
				want = "off"
			}
			if got := mode(t.Context(), tx); got != want {
				t.Errorf("asked %v: synchronous_commit is %s, want %s", ask, got, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
