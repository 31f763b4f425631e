package testkit

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const pollInterval = 20 * time.Millisecond

// Eventually calls check every 20 ms until it returns nil. After timeout it
// fails the test with check's last error. At least one call is made.
func Eventually(t testing.TB, timeout time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for {
		err := check()
		if err == nil {
			return
		}
		if !time.Now().Before(deadline) {
			t.Fatalf("not within %v: %v", timeout, err)
		}
		time.Sleep(pollInterval)
	}
}

// FreePort returns a port of 127.0.0.1 that is free for both TCP and UDP. It is
// not reserved: another process may take it before the caller binds it.
func FreePort(t testing.TB) int {
	t.Helper()
	const tries = 20
	var last error
	for range tries {
		port, err := freePort()
		if err == nil {
			return port
		}
		last = err
	}
	t.Fatalf("no free port: %v", last)
	return 0
}

func freePort() (int, error) {
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = tcp.Close() }()
	udp, err := net.ListenPacket("udp4", tcp.Addr().String())
	if err != nil {
		return 0, err
	}
	defer func() { _ = udp.Close() }()
	return tcp.Addr().(*net.TCPAddr).Port, nil
}

// RepoRoot returns the repository's folder, the nearest one at or above the
// working directory that has a go.work file.
func RepoRoot(t testing.TB) string {
	t.Helper()
	start, err := os.Getwd()
	if err != nil {
		t.Fatalf("working directory: %v", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatalf("no go.work at or above %s", start)
		}
	}
}
