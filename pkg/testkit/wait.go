package testkit

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
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

// Ports are taken from below those that systems give to connections that go out,
// of which any might come between the choice of a port and its use.
const firstPort, lastPort = 10_000, 32_000

// givenPorts are those that this process has returned already.
var givenPorts sync.Map

// FreePort returns a port of 127.0.0.1 that is free for both TCP and UDP, and
// another one each time. It is not reserved: another process may take it before
// the caller binds it.
func FreePort(t testing.TB) int {
	t.Helper()
	const tries = 100
	var last error
	for range tries {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if _, given := givenPorts.LoadOrStore(port, true); given {
			continue
		}
		if last = tryPort(port); last == nil {
			return port
		}
	}
	t.Fatalf("no free port: %v", last)
	return 0
}

// tryPort returns nil when the port is free.
func tryPort(port int) error {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	tcp, err := net.Listen("tcp4", address)
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp4", address)
	if err != nil {
		return errors.Join(err, tcp.Close())
	}
	return errors.Join(tcp.Close(), udp.Close())
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
