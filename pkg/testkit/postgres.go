package testkit

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	databaseEnv     = "TEST_DATABASE_URL"
	databaseTimeout = 30 * time.Second
)

// Postgres creates an empty database for this test and returns its URL. It is
// dropped when the test ends, whatever is still connected. The server is the
// one of TEST_DATABASE_URL, whose user may create databases.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(databaseEnv)
	if server == "" {
		t.Fatalf("%s is not set; run the tests with `make test`, which starts a PostgreSQL server", databaseEnv)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL", databaseEnv) // the error would print the password
	}
	name := "parley_test_" + strings.ToLower(rand.Text())
	// template0 may be copied by many at once, template1 only while nobody is
	// connected to it.
	execPostgres(t, server, "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() { execPostgres(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}

// execPostgres runs one statement on its own connection. It does not use the
// test's context, which has ended when the test is cleaned up.
func execPostgres(t testing.TB, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to %s: %v; run the tests with `make test`, which starts a PostgreSQL server", databaseEnv, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
