package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"google.golang.org/grpc"

	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/bench/internal/child"
	"github.com/parleymeet/parley/services/bench/internal/peer"
)

// OperatorEmail is who runs the suite, by the development log-in.
const OperatorEmail = "operator@example.org"

const livekitSecret = "a secret that LiveKit finds long enough" // #nosec G101 -- signs tokens that nobody takes

// settings are those of every deployment. LiveKit itself is not needed: nobody
// enters a room here.
func settings() map[string]string {
	return map[string]string{
		"LIVEKIT_URL": "ws://127.0.0.1:7880", "LIVEKIT_API_KEY": "bench", "LIVEKIT_API_SECRET": livekitSecret,
		"DEVELOPMENT_LOGIN": "true", "OPERATOR_EMAILS": OperatorEmail, "TRUSTED_PROXIES": "127.0.0.0/8",
	}
}

// Split is the suite as five processes with mutual TLS, on PostgreSQL and Redis.
type Split struct {
	lab *Lab
	env map[string]string
	// HTTP is the gateway's address: http://127.0.0.1:port.
	HTTP string
	// Redis is the URL of the SIP bus; Database is telephony's.
	Redis, Database string
	// Certs is the directory of certificates.
	Certs     string
	addresses map[string]string
	running   map[string]running
}

// running is a service that was started.
type running struct {
	process *child.Process
	admin   string // where its metrics are
}

// Split starts the five services on PostgreSQL and waits until they are ready.
func (l *Lab) Split(ctx context.Context) (*Split, error) {
	database, err := l.Database(ctx)
	if err != nil {
		return nil, err
	}
	return l.SplitOn(ctx, database)
}

// SplitOn is Split on the databases that a DATABASE_URL names.
func (l *Lab) SplitOn(ctx context.Context, database string) (*Split, error) {
	certs, err := l.Dir()
	if err != nil {
		return nil, err
	}
	s := &Split{lab: l, addresses: map[string]string{}, Certs: certs, Database: database}
	script := filepath.Join(l.root, "deploy", "certs", "make-certs")
	if out, err := exec.CommandContext(ctx, script, s.Certs).CombinedOutput(); err != nil { // #nosec G204 -- our own script
		return nil, fmt.Errorf("make-certs: %w\n%s", err, out)
	}
	if s.Redis, err = l.Redis(ctx); err != nil {
		return nil, err
	}
	s.env = settings()
	maps.Copy(s.env, map[string]string{
		"DATABASE_URL": s.Database, "SIP_REDIS_URL": s.Redis, "SECRET_KEY": secret.Generate(),
		"TLS_CA_FILE": filepath.Join(s.Certs, "ca.crt"),
	})
	for service, setting := range map[string]string{
		identity.CallerAuth: "AUTH_ADDR", identity.CallerRoom: "ROOM_ADDR", identity.CallerTelephony: "TELEPHONY_ADDR",
		identity.CallerToken: "TOKEN_ADDR", identity.CallerGateway: "HTTP_ADDR",
	} {
		address, err := FreeAddress(ctx)
		if err != nil {
			return nil, err
		}
		s.addresses[service], s.env[setting] = address, address
	}
	s.HTTP = "http://" + s.addresses[identity.CallerGateway]
	for _, service := range []string{
		identity.CallerAuth, identity.CallerToken, identity.CallerTelephony, identity.CallerRoom, identity.CallerGateway,
	} {
		if err := s.run(ctx, service); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// SecondTelephony starts another telephony service beside the suite's, with a
// database and a bus of its own. It asks the same room and token services.
func (s *Split) SecondTelephony(ctx context.Context) (*Split, error) {
	second := &Split{lab: s.lab, Certs: s.Certs, env: maps.Clone(s.env), addresses: maps.Clone(s.addresses)}
	var err error
	if second.Redis, err = s.lab.Redis(ctx); err != nil {
		return nil, err
	}
	if second.Database, err = s.lab.Database(ctx); err != nil {
		return nil, err
	}
	address, err := FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	second.addresses[identity.CallerTelephony] = address
	maps.Copy(second.env, map[string]string{
		"DATABASE_URL": second.Database, "SIP_REDIS_URL": second.Redis, "TELEPHONY_ADDR": address,
	})
	return second, second.run(ctx, identity.CallerTelephony)
}

// run starts one service and waits until it is ready.
func (s *Split) run(ctx context.Context, service string) error {
	path, err := s.lab.Binary("parley-" + service)
	if err != nil {
		return err
	}
	admin, err := FreeAddress(ctx)
	if err != nil {
		return err
	}
	env := maps.Clone(s.env)
	maps.Copy(env, map[string]string{
		"ADMIN_ADDR":    admin,
		"TLS_CERT_FILE": filepath.Join(s.Certs, service+".crt"), "TLS_KEY_FILE": filepath.Join(s.Certs, service+".key"),
	})
	p, err := s.lab.Start(ctx, path, nil, env)
	if err != nil {
		return err
	}
	if s.running == nil {
		s.running = map[string]running{}
	}
	s.running[service] = running{process: p, admin: admin}
	return waitReady(ctx, p, admin)
}

// PID returns the process id of a service.
func (s *Split) PID(service string) int { return s.running[service].process.PID() }

// Counter returns the value of a service's metric without labels.
func (s *Split) Counter(ctx context.Context, service, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.running[service].admin+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.Join(fmt.Errorf("%s has no metric %s", service, name), lines.Err())
}

func waitReady(ctx context.Context, p *child.Process, admin string) error {
	return p.WaitUntil(ctx, askInterval, func() error { return Answers(ctx, "http://"+admin+"/readyz") })
}

// Answers returns nil when a GET of the URL is answered with 200.
func Answers(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}

// Dial returns a connection to a service, with the caller's certificate. It
// ends with the lab.
func (s *Split) Dial(caller, service string) (*grpc.ClientConn, error) {
	return s.DialAddress(caller, service, s.addresses[service])
}

// DialAddress is Dial to whatever has the service's certificate at the address.
func (s *Split) DialAddress(caller, service, address string) (*grpc.ClientConn, error) {
	tls, err := peer.TLS(s.Certs, caller)
	if err != nil {
		return nil, err
	}
	conn, err := grpcx.Dial(address, tls.Client(service))
	if err != nil {
		return nil, err
	}
	s.lab.onClose(func() { _ = conn.Close() })
	return conn, nil
}

// Standalone is the suite in one process.
type Standalone struct {
	HTTP string
	// Admin is where health, metrics and profiles are: 127.0.0.1:port.
	Admin   string
	Process *child.Process
}

// WaitReady waits until it is ready.
func (s *Standalone) WaitReady(ctx context.Context) error { return waitReady(ctx, s.Process, s.Admin) }

// Standalone starts `parley serve` with its data in dir. It does not wait for
// it. database is the URL of a PostgreSQL database, empty for SQLite in dir.
func (l *Lab) Standalone(ctx context.Context, dir, database string) (*Standalone, error) {
	return l.StandaloneOnBus(ctx, dir, database, "")
}

// StandaloneOnBus is Standalone with the SIP bus of a Redis, if it is not empty.
func (l *Lab) StandaloneOnBus(ctx context.Context, dir, database, redis string) (*Standalone, error) {
	path, err := l.Binary("parley")
	if err != nil {
		return nil, err
	}
	env := settings()
	env["DATA_DIR"] = dir
	if database != "" {
		env["DATABASE_URL"] = database
	}
	if redis != "" {
		env["SIP_REDIS_URL"] = redis
	}
	for _, setting := range []string{"HTTP_ADDR", "GRPC_ADDR", "ADMIN_ADDR", "SIP_BUS_ADDR"} {
		if env[setting], err = FreeAddress(ctx); err != nil {
			return nil, err
		}
	}
	p, err := l.Start(ctx, path, []string{"serve"}, env)
	if err != nil {
		return nil, err
	}
	return &Standalone{HTTP: "http://" + env["HTTP_ADDR"], Process: p, Admin: env["ADMIN_ADDR"]}, nil
}
