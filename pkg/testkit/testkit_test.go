package testkit_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parleymeet/parley/pkg/testkit"
)

// childEnv turns this test binary into the parent of a Redis server that
// TestChildDiesWithTestProcess kills.
const childEnv = "TESTKIT_CHILD"

func TestPostgresGivesSeparateDatabases(t *testing.T) {
	t.Parallel()
	var urls []string
	t.Run("while tests run", func(t *testing.T) {
		urls = append(urls, testkit.Postgres(t), testkit.Postgres(t))
		for _, url := range urls {
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(t.Context()) }()
			// It would fail the second time if the databases were the same.
			if _, err := conn.Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
				t.Fatal(err)
			}
		}
	})
	for _, url := range urls {
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			_ = conn.Close(t.Context())
			t.Error("a database outlived its test")
		}
	}
}

func TestPostgresRestartsWithItsData(t *testing.T) {
	t.Parallel()
	s := testkit.StartPostgres(t)
	execute := func(statement string) error {
		conn, err := pgx.Connect(t.Context(), s.URL)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(t.Context()) }()
		_, err = conn.Exec(t.Context(), statement)
		return err
	}
	idle, err := pgx.Connect(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := execute("CREATE TABLE mine ()"); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	s.Stop() // twice is once
	if idle.Ping(t.Context()) == nil || execute("SELECT 1") == nil {
		t.Fatal("it answers after Stop")
	}
	s.Start()
	if err := execute("SELECT FROM mine"); err != nil {
		t.Error(err)
	}
}

func TestRedisRestartsOnItsPort(t *testing.T) {
	t.Parallel()
	s := testkit.StartRedis(t, 0)
	if got := redis(t, s.Addr, "SET k v"); got != "+OK" {
		t.Fatalf("SET answered %q", got)
	}
	s.Stop()
	s.Stop() // twice is once
	if listens(s.Addr) {
		t.Fatal("it listens after Stop")
	}
	s.Start()
	if got := redis(t, s.Addr, "EXISTS k"); got != ":0" {
		t.Fatalf("EXISTS answered %q, want an empty server", got)
	}
}

func TestLiveKitAnswers(t *testing.T) {
	t.Parallel()
	bus := testkit.StartRedis(t, 0)
	tests := []struct {
		name string
		opts testkit.LiveKitOptions
	}{
		{"alone", testkit.LiveKitOptions{}},
		{"with redis", testkit.LiveKitOptions{RedisAddr: bus.Addr, WebhookURLs: []string{"http://127.0.0.1:1/hook"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var addr string
			t.Run("while a test runs", func(t *testing.T) {
				s := testkit.LiveKit(t, test.opts)
				addr = strings.TrimPrefix(s.URL, "ws://")
				if s.APIURL != "http://"+addr || s.APIKey == "" || len(s.APISecret) < 32 {
					t.Errorf("incomplete: %+v", s)
				}
				if !listens(addr) {
					t.Errorf("nothing listens on %s", addr)
				}
			})
			if listens(addr) {
				t.Error("LiveKit outlived its test")
			}
		})
	}
}

func TestChildDiesWithTestProcess(t *testing.T) {
	if file := os.Getenv(childEnv); file != "" {
		s := testkit.StartRedis(t, 0)
		if err := os.WriteFile(file, []byte(s.Addr), 0o600); err != nil {
			t.Fatal(err)
		}
		select {} // until killed
	}
	file := filepath.Join(t.TempDir(), "addr")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildDiesWithTestProcess$")
	cmd.Env = append(os.Environ(), childEnv+"="+file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var addr string
	testkit.Eventually(t, 20*time.Second, func() error {
		text, err := os.ReadFile(file)
		if addr = string(text); err == nil && addr == "" {
			err = errors.New("no address yet")
		}
		return err
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	testkit.Eventually(t, 5*time.Second, func() error {
		if listens(addr) {
			return errors.New("redis-server outlived the process that started it")
		}
		return nil
	})
}

func TestFailures(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		call func(testing.TB)
		want string
	}{
		{"no database", map[string]string{"TEST_DATABASE_URL": ""},
			func(t testing.TB) { testkit.Postgres(t) }, "make test"},
		{"no redis", map[string]string{"PATH": ""},
			func(t testing.TB) { testkit.Redis(t) }, "make test"},
		{"no livekit", map[string]string{"LIVEKIT_SERVER_BIN": "/nonexistent"},
			func(t testing.TB) { testkit.LiveKit(t, testkit.LiveKitOptions{}) }, "make test"},
		{"never", nil, func(t testing.TB) {
			calls := 0
			testkit.Eventually(t, 50*time.Millisecond, func() error { calls++; return fmt.Errorf("call %d", min(calls, 2)) })
		}, "call 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for key, value := range test.env {
				t.Setenv(key, value)
			}
			if got := fatal(t, test.call); !strings.Contains(got, test.want) {
				t.Errorf("failed with %q, want something with %q", got, test.want)
			}
		})
	}
}

func TestRepoRoot(t *testing.T) {
	if _, err := os.Stat(filepath.Join(testkit.RepoRoot(t), "pkg", "testkit", "doc.go")); err != nil {
		t.Error(err)
	}
}

// listens says whether something accepts connections at addr.
func listens(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// redis sends one inline command and returns the answer's first line.
func redis(t *testing.T, addr, command string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 128)
	n, err := conn.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(answer[:n]))
}

// recorder is a test that records how it fails.
type recorder struct {
	testing.TB
	message string
}

type stopped struct{}

func (r *recorder) Fatalf(format string, args ...any) {
	r.message = fmt.Sprintf(format, args...)
	panic(stopped{})
}

// fatal returns the message with which call ends its test.
func fatal(t *testing.T, call func(testing.TB)) string {
	t.Helper()
	r := &recorder{TB: t}
	func() {
		defer func() {
			if _, ok := recover().(stopped); !ok {
				t.Error("the call did not end its test")
			}
		}()
		call(r)
	}()
	return r.message
}
