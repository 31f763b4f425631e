package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/pkg/testkit"
)

// deployment is a running suite.
type deployment struct {
	http      string // http://127.0.0.1:port
	sipRedis  string // URL of the SIP bus
	livekit   *testkit.LiveKitServer
	processes map[string]*process
	operator  []string // environment of the operator's command line
	admin     map[string]string
}

// process is one binary of the suite; it can be killed and started again.
type process struct {
	t    *testing.T
	bin  string
	args []string
	env  []string
	logs *tail

	mu  sync.Mutex
	cmd *exec.Cmd
}

// tail keeps what a process wrote.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// buildDir holds the binaries, built once for all tests of a run.
var buildDir = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "parley-contract-*")
	if err != nil {
		return "", err
	}
	args := []string{"build"}
	if raceEnabled {
		args = append(args, "-race")
	}
	args = append(args, "-o", dir+"/", "./standalone/cmd/parley", "./auth/cmd/parley-auth", "./room/cmd/parley-room",
		"./telephony/cmd/parley-telephony", "./token/cmd/parley-token", "./gateway/cmd/parley-gateway")
	cmd := exec.Command("go", args...)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := buildDir(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func binary(t *testing.T, name string) string {
	t.Helper()
	dir, err := buildDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// start runs the process. It ends with the test.
func (p *process) start() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = exec.Command(p.bin, p.args...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, p.env...)
	p.cmd.Stdout, p.cmd.Stderr = p.logs, p.logs
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// signal ends the process and waits for it.
func (p *process) signal(s os.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(s)
	err := p.cmd.Wait()
	p.cmd = nil
	var exit *exec.ExitError
	if s == syscall.SIGTERM && errors.As(err, &exit) {
		p.t.Errorf("%s did not stop cleanly: %v\n%s", filepath.Base(p.bin), err, lastLines(p.logs.String(), 30))
	}
}

func (p *process) kill() { p.signal(syscall.SIGKILL) }
func (p *process) stop() { p.signal(syscall.SIGTERM) }

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// run adds a process to the deployment and starts it.
func (d *deployment) run(t *testing.T, name, bin string, args []string, env map[string]string) {
	t.Helper()
	p := &process{t: t, bin: binary(t, bin), args: args, logs: &tail{}}
	for key, value := range env {
		p.env = append(p.env, key+"="+value)
	}
	slices.Sort(p.env)
	d.processes[name], d.admin[name] = p, env["ADMIN_ADDR"]
	p.start()
	t.Cleanup(func() {
		p.stop()
		if strings.Contains(p.logs.String(), "DATA RACE") {
			t.Errorf("%s: data race\n%s", name, p.logs.String())
		}
		if t.Failed() {
			t.Logf("end of %s's log:\n%s", name, lastLines(p.logs.String(), 40))
		}
	})
}

// waitReady waits until processes report that they are ready, and that all
// they know of answers.
func (d *deployment) waitReady(t *testing.T, names ...string) {
	t.Helper()
	d.waitFor(t, true, names...)
}

// waitServing waits until processes report that they are ready, whatever their
// peers do.
func (d *deployment) waitServing(t *testing.T, names ...string) {
	t.Helper()
	d.waitFor(t, false, names...)
}

func (d *deployment) waitFor(t *testing.T, peers bool, names ...string) {
	t.Helper()
	for _, name := range names {
		testkit.Eventually(t, 30*time.Second, func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.admin[name]+"/readyz", http.NoBody)
			if err != nil {
				return err
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", name, err, lastLines(d.processes[name].logs.String(), 5))
			}
			defer func() { _ = resp.Body.Close() }()
			var report struct {
				Ready  bool              `json:"ready"`
				Checks map[string]string `json:"checks"`
			}
			if err := json.NewDecoder(resp.Body).Decode(&report); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			for check, state := range report.Checks {
				if peers && state != "ok" {
					return fmt.Errorf("%s: %s is %s", name, check, state)
				}
			}
			if !report.Ready {
				return fmt.Errorf("%s: %s", name, resp.Status)
			}
			return nil
		})
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
}

// common are the settings of every deployment.
func common(livekit *testkit.LiveKitServer) map[string]string {
	return map[string]string{
		"LIVEKIT_URL": livekit.URL, "LIVEKIT_API_URL": livekit.APIURL,
		"LIVEKIT_API_KEY": livekit.APIKey, "LIVEKIT_API_SECRET": livekit.APISecret,
		"OPERATOR_EMAILS": "operator@example.org", "DEVELOPMENT_LOGIN": "true", "LOG_LEVEL": "info", "CONNECTION_TEST_ENABLED": "true",
	}
}

func with(base map[string]string, more ...string) map[string]string {
	env := map[string]string{}
	for key, value := range base {
		env[key] = value
	}
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return env
}

// startLiveKit starts a LiveKit server that posts its events to the gateway; on a
// Redis, if one is given, by which it answers LiveKit SIP.
func startLiveKit(t *testing.T, gateway, redis string) *testkit.LiveKitServer {
	t.Helper()
	return testkit.LiveKit(t, testkit.LiveKitOptions{
		RedisAddr:   strings.TrimPrefix(redis, "redis://"),
		WebhookURLs: []string{"http://" + gateway + "/api/v1.0/rooms/webhooks-livekit/"},
	})
}

// startStandalone starts `parley serve`. databaseURL empty: SQLite in a new directory.
func startStandalone(t *testing.T, databaseURL string, more ...string) *deployment {
	t.Helper()
	dir, bus, address := t.TempDir(), freeAddr(t), freeAddr(t)
	d := &deployment{livekit: startLiveKit(t, address, ""), processes: map[string]*process{}, admin: map[string]string{}}
	d.http, d.sipRedis = "http://"+address, "redis://"+bus
	env := with(common(d.livekit), "DATA_DIR", dir, "HTTP_ADDR", address, "GRPC_ADDR", freeAddr(t),
		"ADMIN_ADDR", freeAddr(t), "SIP_BUS_ADDR", bus)
	if databaseURL != "" {
		env["DATABASE_URL"] = databaseURL
	}
	d.run(t, "parley", "parley", []string{"serve"}, with(env, more...))
	d.operator = []string{"OPERATOR_SOCKET=" + filepath.Join(dir, "operator.sock"), "SIP_REDIS_URL=" + d.sipRedis}
	d.waitReady(t, "parley")
	return d
}

// splitOptions change a split deployment.
type splitOptions struct {
	replicas int      // of room and telephony; 0 means 1
	more     []string // settings for all, name and value in turn
	// redis and database are URLs of those to use; empty for such of its own, a
	// PostgreSQL.
	redis, database string
	// livekitRedis is LiveKit's; empty for a LiveKit without.
	livekitRedis string
}

// startSplit starts each service as a process of its own. With replicas, those
// after the first are named room-2, telephony-2 and so on.
func startSplit(t *testing.T, o splitOptions) *deployment {
	t.Helper()
	address := freeAddr(t)
	d := &deployment{livekit: startLiveKit(t, address, o.livekitRedis), processes: map[string]*process{}, admin: map[string]string{}}
	if d.sipRedis = o.redis; d.sipRedis == "" {
		d.sipRedis = testkit.Redis(t)
	}
	if o.database == "" {
		o.database = testkit.Postgres(t)
	}
	certs := t.TempDir()
	if out, err := exec.Command(filepath.Join(testkit.RepoRoot(t), "deploy/certs/make-certs"), certs).CombinedOutput(); err != nil {
		t.Fatalf("make-certs: %v\n%s", err, out)
	}
	replicas := max(1, o.replicas)
	addresses := map[string][]string{}
	for _, service := range []string{"auth", "token"} {
		addresses[service] = []string{freeAddr(t)}
	}
	for range replicas {
		addresses["room"] = append(addresses["room"], freeAddr(t))
		addresses["telephony"] = append(addresses["telephony"], freeAddr(t))
	}
	d.http = "http://" + address
	env := with(common(d.livekit), "DATABASE_URL", o.database, "SECRET_KEY", secret.Generate(),
		"SIP_REDIS_URL", d.sipRedis, "TLS_CA_FILE", filepath.Join(certs, "ca.crt"), "HTTP_ADDR", address,
		"AUTH_ADDR", addresses["auth"][0], "TOKEN_ADDR", addresses["token"][0],
		"ROOM_ADDR", strings.Join(addresses["room"], ","), "TELEPHONY_ADDR", strings.Join(addresses["telephony"], ","))
	env = with(env, o.more...)
	var names []string
	for _, service := range []string{"auth", "token", "room", "telephony", "gateway"} {
		for i := range max(1, len(addresses[service])) {
			name := service
			if i > 0 {
				name = fmt.Sprintf("%s-%d", service, i+1)
			}
			grpcAddr := ""
			if service != "gateway" {
				grpcAddr = addresses[service][i]
			}
			names = append(names, name)
			d.run(t, name, "parley-"+service, nil, with(env, "GRPC_ADDR", grpcAddr, "ADMIN_ADDR", freeAddr(t),
				"TLS_CERT_FILE", filepath.Join(certs, service+".crt"), "TLS_KEY_FILE", filepath.Join(certs, service+".key")))
		}
	}
	for _, key := range []string{"TLS_CA_FILE", "AUTH_ADDR", "ROOM_ADDR", "TELEPHONY_ADDR", "SIP_REDIS_URL"} {
		d.operator = append(d.operator, key+"="+env[key])
	}
	d.operator = append(d.operator, "TLS_CERT_FILE="+filepath.Join(certs, "operator.crt"), "TLS_KEY_FILE="+filepath.Join(certs, "operator.key"))
	d.waitReady(t, names...)
	return d
}

// parley runs the operator's command line and returns what it printed.
func (d *deployment) parley(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t, "parley"), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, d.operator...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mustParley is parley for commands that must succeed.
func (d *deployment) mustParley(t *testing.T, args ...string) string {
	t.Helper()
	out, err := d.parley(t, args...)
	if err != nil {
		t.Fatalf("parley %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}
