package contract

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/testkit"
)

// TestDevelopmentLiveKit starts LiveKit as make run configures it, on other
// ports: it must take the media of browsers on this machine, and of nobody else.
func TestDevelopmentLiveKit(t *testing.T) {
	const script = ". deploy/devstack/common.sh && livekit_key && livekit_config"
	show := exec.CommandContext(t.Context(), "bash", "-euc", script)
	show.Dir = testkit.RepoRoot(t)
	show.Env = append(os.Environ(), "DATA_DIR="+t.TempDir())
	config, err := show.Output()
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	signals, media := testkit.FreePort(t), testkit.FreePort(t)
	own := strings.NewReplacer("port: 7880", fmt.Sprint("port: ", signals), "udp_port: 7882", fmt.Sprint("udp_port: ", media))
	file := filepath.Join(t.TempDir(), "livekit.yaml")
	if err := os.WriteFile(file, []byte(own.Replace(string(config))), 0o600); err != nil {
		t.Fatal(err)
	}
	livekit := &process{t: t, bin: filepath.Join(testkit.RepoRoot(t), "bin", "livekit-server"), args: []string{"--config", file}, logs: &tail{}}
	livekit.start()
	t.Cleanup(livekit.kill)
	testkit.Eventually(t, 30*time.Second, func() error {
		if !taken(t, "tcp4", "127.0.0.1", signals) {
			return fmt.Errorf("LiveKit does not listen:\n%s", lastLines(livekit.logs.String(), 5))
		}
		return nil
	})
	if !taken(t, "udp4", "127.0.0.1", media) {
		t.Error("LiveKit takes no media on loopback")
	}
	for _, ip := range outerAddresses(t) {
		if taken(t, "tcp4", ip, signals) || taken(t, "udp4", ip, media) {
			t.Errorf("LiveKit can be reached at %s", ip)
		}
	}
}

// taken tells whether somebody listens at an address of this machine.
func taken(t *testing.T, network, ip string, port int) bool {
	t.Helper()
	var (
		config net.ListenConfig
		socket interface{ Close() error }
		err    error
		addr   = net.JoinHostPort(ip, strconv.Itoa(port))
	)
	if network == "udp4" {
		socket, err = config.ListenPacket(t.Context(), network, addr)
	} else {
		socket, err = config.Listen(t.Context(), network, addr)
	}
	if err == nil {
		_ = socket.Close()
		return false
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatal(err)
	}
	return true
}

// outerAddresses are this machine's addresses that others can reach.
func outerAddresses(t *testing.T) []string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	var outer []string
	for _, addr := range addrs {
		if network, ok := addr.(*net.IPNet); ok && network.IP.To4() != nil && !network.IP.IsLoopback() {
			outer = append(outer, network.IP.String())
		}
	}
	return outer
}
