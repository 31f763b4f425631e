package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	neturl "net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/parleymeet/parley/pkg/postgres"
	"github.com/parleymeet/parley/pkg/testkit"
)

const firstMigration = `-- +goose Up
CREATE TABLE rooms (id text PRIMARY KEY, seats int NOT NULL DEFAULT 0, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE guests (id text PRIMARY KEY, room text NOT NULL CONSTRAINT guests_room REFERENCES rooms (id));
INSERT INTO rooms (id) VALUES ('a'), ('b');
`

const secondMigration = `-- +goose Up
ALTER TABLE rooms ADD COLUMN note text;
`

func migrations(texts ...string) fs.FS {
	names := []string{"0001_first.sql", "0002_second.sql"}
	files := fstest.MapFS{}
	for i, text := range texts {
		files[names[i]] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func open(t *testing.T, cfg postgres.Config) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func migrated(t *testing.T) *postgres.DB {
	t.Helper()
	db := open(t, postgres.Config{URL: testkit.Postgres(t), Schema: "room", Migrations: migrations(firstMigration)})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func queryString(t *testing.T, db *postgres.DB, query string) string {
	t.Helper()
	var s string
	if err := db.Pool().QueryRow(t.Context(), query).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

func TestOpenErrorsHideThePassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	tests := []struct {
		name string
		cfg  postgres.Config
	}{
		{"no url", postgres.Config{Schema: "room"}},
		{"other scheme", postgres.Config{Schema: "room", URL: "mysql://u:" + secret + "@h/db"}},
		{"bad port", postgres.Config{Schema: "room", URL: "postgres://u:" + secret + "@h:port/db"}},
		{"bad escape", postgres.Config{Schema: "room", URL: "postgres://u:" + secret + "%zz@h/db"}},
		{"slash in password", postgres.Config{Schema: "room", URL: "postgres://u:" + secret + "/x@h:port/db"}},
		{"bad sslmode", postgres.Config{Schema: "room", URL: "postgres://u:" + secret + "@h/db?sslmode=" + secret}},
		{"bad pool size", postgres.Config{Schema: "room", URL: "postgres://h/db?pool_max_conns=x&password=" + secret}},
		{"no schema", postgres.Config{URL: "postgres://u:" + secret + "@h/db"}},
		{"schema to quote", postgres.Config{Schema: `a"; DROP`, URL: "postgres://u:" + secret + "@h/db"}},
		{"long schema", postgres.Config{Schema: strings.Repeat("a", 64), URL: "postgres://u:" + secret + "@h/db"}},
		{"no migration files", postgres.Config{Schema: "room", URL: "postgres://h/db", Migrations: fstest.MapFS{}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			db, err := postgres.Open(t.Context(), test.cfg)
			if err == nil {
				db.Close()
				t.Fatal("opened")
			}
			for ; err != nil; err = errors.Unwrap(err) {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the password is in %q", err)
				}
			}
		})
	}
}

// withQuery adds parameters to a database URL that may have some already.
func withQuery(t *testing.T, databaseURL, query string) string {
	t.Helper()
	u, err := neturl.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	return u.String()
}

func TestConnectionSettings(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	tests := []struct {
		name    string
		cfg     postgres.Config
		timeout string
		conns   int32 // 0: not tested
	}{
		{"defaults", postgres.Config{URL: url}, "5s", 0},
		{"configured", postgres.Config{URL: url, StatementTimeout: 250 * time.Millisecond, MaxConns: 3}, "250ms", 3},
		{"in the URL", postgres.Config{URL: withQuery(t, url, "statement_timeout=7000&pool_max_conns=2")}, "7s", 2},
		{"both", postgres.Config{URL: withQuery(t, url, "statement_timeout=7000"), StatementTimeout: time.Nanosecond}, "1ms", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Schema = "room"
			db := open(t, test.cfg)
			if got := queryString(t, db, "SHOW search_path"); got != "room" {
				t.Errorf("search_path %q", got)
			}
			if got := queryString(t, db, "SHOW statement_timeout"); got != test.timeout {
				t.Errorf("statement_timeout %q, want %q", got, test.timeout)
			}
			if got := queryString(t, db, "SHOW idle_in_transaction_session_timeout"); got != "30s" {
				t.Errorf("idle_in_transaction_session_timeout %q", got)
			}
			if got := db.Pool().Config().MaxConns; test.conns != 0 && got != test.conns {
				t.Errorf("%d connections, want %d", got, test.conns)
			}
		})
	}
}

func TestReadyFollowsMigrations(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	old := open(t, postgres.Config{URL: url, Schema: "room", Migrations: migrations(firstMigration)})
	next := open(t, postgres.Config{URL: url, Schema: "room", Migrations: migrations(firstMigration, secondMigration)})
	steps := []struct {
		name               string
		migrate            *postgres.DB
		oldReady, newReady bool
	}{
		{"empty", nil, false, false},
		{"first", old, true, false},
		{"second", next, true, true}, // the older binary reads the newer schema
		{"again", next, true, true},
	}
	for _, step := range steps {
		if step.migrate != nil {
			if err := step.migrate.Migrate(t.Context()); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
		}
		if err := old.Ready(t.Context()); (err == nil) != step.oldReady {
			t.Errorf("%s: old: %v", step.name, err)
		}
		if err := next.Ready(t.Context()); (err == nil) != step.newReady {
			t.Errorf("%s: new: %v", step.name, err)
		}
	}
	var at time.Time
	if err := old.Pool().QueryRow(t.Context(), "SELECT at FROM rooms LIMIT 1").Scan(&at); err != nil {
		t.Fatal(err)
	}
	if at.Location() != time.UTC {
		t.Errorf("read %v, want UTC", at)
	}
}

func TestConcurrentMigrations(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	var wg sync.WaitGroup
	for _, schema := range []string{"room", "room", "room", "telephony"} {
		db := open(t, postgres.Config{URL: url, Schema: schema, Migrations: migrations(firstMigration, secondMigration)})
		wg.Go(func() {
			if err := db.Migrate(t.Context()); err != nil {
				t.Errorf("%s: %v", schema, err)
			}
		})
	}
	wg.Wait()
	for _, schema := range []string{"room", "telephony"} {
		db := open(t, postgres.Config{URL: url, Schema: schema})
		if got := queryString(t, db, "SELECT count(*)::text FROM goose_db_version"); got != "3" { // goose's own zero, and two
			t.Errorf("%s: %s versions recorded, want 3", schema, got)
		}
	}
}

func TestSchemasAreSeparate(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	room := open(t, postgres.Config{URL: url, Schema: "room", Migrations: migrations(firstMigration)})
	recording := open(t, postgres.Config{URL: url, Schema: "recording", Migrations: migrations("-- +goose Up\nCREATE TABLE rooms (other int);\n")})
	for _, db := range []*postgres.DB{room, recording} {
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := queryString(t, room, "SELECT count(*)::text FROM rooms"); got != "2" {
		t.Errorf("room sees %s rooms, want its 2", got)
	}
	if got := queryString(t, recording, "SELECT count(*)::text FROM rooms"); got != "0" {
		t.Errorf("recording sees %s rooms, want its 0", got)
	}
	if _, err := recording.Pool().Exec(t.Context(), "SELECT * FROM guests"); err == nil {
		t.Error("recording sees a table of room")
	}
}

// A user without the right to create schemas can migrate one made for it.
func TestMigrateNeedsNoRightToCreateSchemas(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	owner := open(t, postgres.Config{URL: url, Schema: "public"})
	role := "parley_test_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	for _, statement := range []string{
		"CREATE ROLE " + role + " LOGIN PASSWORD 'pw'",
		"CREATE SCHEMA room AUTHORIZATION " + role,
	} {
		if _, err := owner.Pool().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if _, err := owner.Pool().Exec(context.Background(), "DROP SCHEMA room CASCADE; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	cfg := owner.Pool().Config().ConnConfig
	db := open(t, postgres.Config{
		URL:    "postgres://" + role + ":pw@" + cfg.Host + ":" + strconv.Itoa(int(cfg.Port)) + "/" + cfg.Database,
		Schema: "room", Migrations: migrations(firstMigration),
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestServerDown(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	db := open(t, postgres.Config{
		URL:        "postgres://u:hunter2@127.0.0.1:" + strconv.Itoa(testkit.FreePort(t)) + "/db?sslmode=disable",
		Schema:     "room",
		Migrations: migrations(firstMigration),
		Logger:     slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err := db.Ready(t.Context()); !postgres.IsUnavailable(err) {
		t.Errorf("Ready: %v, want unavailable", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	err := db.MigrateWithRetry(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !postgres.IsUnavailable(err) {
		t.Errorf("MigrateWithRetry: %v, want both the deadline and the failure", err)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings about one failure:\n%s", n, &log)
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Error("the password was logged")
	}
}

// A service that starts before its database becomes ready without a restart.
func TestMigrateWithRetrySucceedsLater(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	admin := open(t, postgres.Config{URL: url, Schema: "room"})
	// A table in the way of the migration stands for whatever is not ready yet.
	if _, err := admin.Pool().Exec(t.Context(), "CREATE SCHEMA room; CREATE TABLE guests ()"); err != nil {
		t.Fatal(err)
	}
	db := open(t, postgres.Config{URL: url, Schema: "room", Migrations: migrations(firstMigration)})
	done := make(chan error, 1)
	go func() { done <- db.MigrateWithRetry(t.Context()) }()
	testkit.Eventually(t, 10*time.Second, func() error { // until the first attempt failed
		return admin.Pool().QueryRow(t.Context(), "SELECT FROM goose_db_version").Scan()
	})
	if err := db.Ready(t.Context()); err == nil {
		t.Error("ready before it is migrated")
	}
	if _, err := admin.Pool().Exec(t.Context(), "DROP TABLE guests"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := db.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}
