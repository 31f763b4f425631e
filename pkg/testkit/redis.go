package testkit

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"
)

const pingTimeout = time.Second

// RedisServer is a Redis server of one test. Its data lives in memory and is
// lost when it stops.
type RedisServer struct {
	// URL is redis://127.0.0.1:port; Addr is 127.0.0.1:port.
	URL, Addr string

	t    testing.TB
	bin  string
	port int
	proc *process // nil while stopped
}

// Redis starts an empty Redis server for this test and returns its URL.
func Redis(t testing.TB) string {
	t.Helper()
	return StartRedis(t, 0).URL
}

// StartRedis starts an empty Redis server on port, or on a free one when port
// is 0. It answers when StartRedis returns and is stopped when the test ends.
func StartRedis(t testing.TB, port int) *RedisServer {
	t.Helper()
	s := &RedisServer{t: t, bin: binary(t, "redis-server", "")}
	t.Cleanup(s.Stop)
	tries := 1
	if port == 0 {
		tries = startTries
	}
	var err error
	for range tries {
		s.port = port
		if port == 0 {
			s.port = FreePort(t)
		}
		s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
		s.URL = "redis://" + s.Addr
		if err = s.start(); err == nil {
			return s
		}
	}
	t.Fatalf("redis-server on port %d: %v", s.port, err)
	return nil
}

// Start starts the stopped server again, empty, on the same port. It does
// nothing while the server runs.
func (s *RedisServer) Start() {
	s.t.Helper()
	if s.proc != nil {
		return
	}
	if err := s.start(); err != nil {
		s.t.Fatalf("redis-server on port %d: %v", s.port, err)
	}
}

// Stop stops the server and closes its connections. It does nothing while the
// server is stopped.
func (s *RedisServer) Stop() {
	if s.proc == nil {
		return
	}
	s.proc.stop(stopTimeout)
	s.proc = nil
}

func (s *RedisServer) start() error {
	proc, err := startProcess(s.bin, "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--loglevel", "warning")
	if err != nil {
		return err
	}
	if err := proc.waitUntil(func() error { return ping(s.Addr) }); err != nil {
		proc.stop(stopTimeout)
		return err
	}
	s.proc = proc
	return nil
}

// ping asks the Redis server at addr whether it serves.
func ping(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, pingTimeout)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(pingTimeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(conn, "PING\r\n"); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if answer != "+PONG\r\n" {
		return fmt.Errorf("PING answered %q", answer)
	}
	return nil
}
