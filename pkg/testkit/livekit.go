package testkit

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

const (
	// livekitEnv names another LiveKit binary than the repository's.
	livekitEnv = "LIVEKIT_SERVER_BIN"

	// livekitGrace lets a stopping node leave Redis, which it does first. It
	// would then wait for its participants, which a test need not.
	livekitGrace = 500 * time.Millisecond
)

// LiveKitOptions changes how LiveKit starts. The zero value is one node by
// itself.
type LiveKitOptions struct {
	// RedisAddr is host:port of the Redis that nodes and the SIP service share.
	RedisAddr string

	// KeepsMuted makes LiveKit refuse to unmute participants from outside, as it
	// does unless it is configured to.
	KeepsMuted bool

	// WebhookURLs receive LiveKit's events, signed with the server's API key.
	WebhookURLs []string
}

// LiveKitServer is a running LiveKit server.
type LiveKitServer struct {
	URL       string // of signalling, ws://127.0.0.1:port
	APIURL    string // of the server API, http://127.0.0.1:port
	APIKey    string
	APISecret string

	bin, config string
	proc        *process
}

// LiveKit starts a LiveKit server for this test on loopback. It answers when
// LiveKit returns and is stopped when the test ends. When the test fails, the
// end of the server's log is shown. Stop and Start make it go and come back.
func LiveKit(t testing.TB, opts LiveKitOptions) *LiveKitServer {
	t.Helper()
	bin := binary(t, "livekit-server", livekitEnv, filepath.Join(RepoRoot(t), "bin", "livekit-server"))
	var err error
	for range startTries {
		s := &LiveKitServer{APIKey: "testkey", APISecret: rand.Text() + rand.Text(), bin: bin}
		port := FreePort(t)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		s.URL, s.APIURL = "ws://"+addr, "http://"+addr
		s.config = writeLiveKitConfig(t, s, opts, port)
		if err = s.start(); err != nil {
			continue
		}
		t.Cleanup(func() {
			s.Stop()
			if t.Failed() {
				t.Logf("end of LiveKit's log:\n%s", s.proc.out.tail())
			}
		})
		return s
	}
	t.Fatalf("livekit-server: %v", err)
	return nil
}

// Start starts a stopped server again, at the same addresses and without the
// rooms that it had.
func (s *LiveKitServer) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatalf("livekit-server: %v", err)
	}
}

// Stop ends the server; whoever is in a room is cut off.
func (s *LiveKitServer) Stop() { s.proc.stop(livekitGrace) }

// start returns when the server answers.
func (s *LiveKitServer) start() error {
	proc, err := startProcess(s.bin, "--config", s.config)
	if err != nil {
		return err
	}
	if err := proc.waitUntil(func() error { return httpAnswers(s.APIURL) }); err != nil {
		proc.stop(livekitGrace)
		return err
	}
	s.proc = proc
	return nil
}

// writeLiveKitConfig writes the server's configuration and returns its path. It
// is JSON, which is YAML too and needs no library.
func writeLiveKitConfig(t testing.TB, s *LiveKitServer, opts LiveKitOptions, port int) string {
	t.Helper()
	config := map[string]any{
		"port":           port,
		"bind_addresses": []string{"127.0.0.1"},
		"keys":           map[string]string{s.APIKey: s.APISecret},
		"logging":        map[string]any{"level": "warn", "pion_level": "error"},
		"room":           map[string]any{"auto_create": true, "enable_remote_unmute": !opts.KeepsMuted},
		"rtc": map[string]any{
			"tcp_port":        0, // it would listen on every interface
			"udp_port":        FreePort(t),
			"use_external_ip": false,
			"node_ip":         "127.0.0.1",
			// Media must stay on loopback, which LiveKit leaves out unless told.
			"enable_loopback_candidate": true,
			"interfaces":                map[string]any{"includes": []string{"lo", "lo0"}},
		},
	}
	if opts.RedisAddr != "" {
		config["redis"] = map[string]string{"address": opts.RedisAddr}
	}
	if len(opts.WebhookURLs) > 0 {
		config["webhook"] = map[string]any{"api_key": s.APIKey, "urls": opts.WebhookURLs}
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatalf("encode LiveKit's configuration: %v", err)
	}
	path := filepath.Join(t.TempDir(), "livekit.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatalf("write LiveKit's configuration: %v", err)
	}
	return path
}

// httpAnswers returns nil when a GET of url gives status 200.
func httpAnswers(url string) error {
	client := http.Client{Timeout: pingTimeout}
	defer client.CloseIdleConnections()
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}
