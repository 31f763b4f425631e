package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PostgresServer is a PostgreSQL server of one test, for tests that stop it. Its
// data outlives a stop and is deleted when the test ends.
type PostgresServer struct {
	// URL is that of its superuser and an empty database.
	URL string

	t    testing.TB
	bin  string // postgres
	dir  string
	port int
	as   *syscall.Credential // nil: this user
	proc *process            // nil while stopped
}

// StartPostgres starts an empty PostgreSQL server. It answers when StartPostgres
// returns and is stopped when the test ends.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	// Debian keeps the programs of each version in a folder of its own.
	newest, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.Reverse(newest)
	initdb := binary(t, "initdb", "", newest...)
	s := &PostgresServer{t: t, bin: filepath.Join(filepath.Dir(initdb), "postgres")}
	if err := s.create(initdb); err != nil {
		t.Fatalf("create a PostgreSQL cluster: %v", err)
	}
	t.Cleanup(s.Stop)
	var err error
	for range startTries {
		s.port = FreePort(t)
		s.URL = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port)
		if err = s.start(); err == nil {
			return s
		}
	}
	t.Fatalf("postgres on port %d: %v", s.port, err)
	return nil
}

// create makes the data directory. PostgreSQL refuses to run as root, so root
// does it as the user that the package made.
func (s *PostgresServer) create(initdb string) error {
	var err error
	if s.dir, err = os.MkdirTemp("", "parley-postgres-*"); err != nil {
		return err
	}
	s.t.Cleanup(func() { _ = os.RemoveAll(s.dir) })
	if os.Getuid() == 0 {
		if s.as, err = postgresUser(); err != nil {
			return err
		}
		if err := os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return err
		}
	}
	cmd := exec.Command(initdb, "-D", s.dir, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	cmd.Dir, cmd.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: s.as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func postgresUser() (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// Start starts the stopped server again, on the same port and with its data. It
// does nothing while the server runs.
func (s *PostgresServer) Start() {
	s.t.Helper()
	if s.proc != nil {
		return
	}
	if err := s.start(); err != nil {
		s.t.Fatalf("postgres on port %d: %v", s.port, err)
	}
}

// Stop stops the server and ends its connections, as a restart does. It does
// nothing while the server is stopped.
func (s *PostgresServer) Stop() {
	if s.proc == nil {
		return
	}
	// The signal of a fast shutdown; the one that stop sends would wait for clients.
	_ = s.proc.cmd.Process.Signal(syscall.SIGINT)
	s.proc.stop(stopTimeout)
	s.proc = nil
}

func (s *PostgresServer) start() error {
	proc, err := startProcessAs(s.as, s.bin, "-D", s.dir, "-p", strconv.Itoa(s.port), "-h", "127.0.0.1", "-k", "",
		"-F", "-c", "max_connections=200")
	if err != nil {
		return err
	}
	if err := proc.waitUntil(func() error { return s.answers() }); err != nil {
		proc.stop(stopTimeout)
		return err
	}
	s.proc = proc
	return nil
}

func (s *PostgresServer) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
