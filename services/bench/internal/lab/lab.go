package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/parleymeet/parley/services/bench/internal/child"
)

const (
	// askInterval is how often a process that starts is asked whether it is up.
	askInterval = 20 * time.Millisecond
	dropTimeout = 30 * time.Second
)

// Lab owns what one figure starts.
type Lab struct {
	root, server, dir string
	closers           []func()
}

// New returns a lab that uses the PostgreSQL server of a superuser's URL. It is
// used from one goroutine.
func New(ctx context.Context, server string) (*Lab, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "parley-bench-*")
	if err != nil {
		return nil, err
	}
	l := &Lab{root: root, server: server, dir: dir}
	l.onClose(func() { _ = os.RemoveAll(dir) })
	var durable string
	err = l.onServer(ctx, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, "SHOW fsync").Scan(&durable) })
	if err == nil && durable != "on" {
		err = errors.New("fsync is off in the PostgreSQL server: its writes would look faster than they are (TEST_FSYNC=on)")
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// repository finds the directory with go.work, from here upward.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run the benchmark in the repository (make bench)")
		}
		dir = filepath.Dir(dir)
	}
}

func (l *Lab) onClose(f func()) { l.closers = append(l.closers, f) }

// Close ends everything, the last first.
func (l *Lab) Close() {
	for _, f := range slices.Backward(l.closers) {
		f()
	}
	l.closers = nil
}

// Dir returns a new directory.
func (l *Lab) Dir() (string, error) { return os.MkdirTemp(l.dir, "data-*") }

// Binary returns the path of one of the suite's programs.
func (l *Lab) Binary(name string) (string, error) {
	path := filepath.Join(l.root, "bin", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("bin/%s is missing: run make build", name)
	}
	return path, nil
}

// Start runs a child that ends with the lab.
func (l *Lab) Start(ctx context.Context, path string, args []string, env map[string]string) (*child.Process, error) {
	log := filepath.Join(l.dir, fmt.Sprintf("%s-%d.log", filepath.Base(path), len(l.closers)))
	p, err := child.Start(ctx, child.Spec{Path: path, Args: args, Env: env, Log: log})
	if err != nil {
		return nil, err
	}
	l.onClose(p.Stop)
	return p, nil
}

// FreeAddress returns an address of this machine on which nobody listens.
func FreeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

func (l *Lab) onServer(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, l.server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return do(conn)
}

// Database makes an empty database and returns its URL.
func (l *Lab) Database(ctx context.Context) (string, error) {
	u, err := url.Parse(l.server)
	if err != nil {
		return "", errors.New("TEST_DATABASE_URL is not a URL") // the error would print the password
	}
	name := "parley_bench_" + strings.ToLower(rand.Text())
	execute := func(ctx context.Context, statement string) error {
		return l.onServer(ctx, func(conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, statement)
			return err
		})
	}
	if err := execute(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", err
	}
	l.onClose(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
		defer cancel()
		_ = execute(ctx, "DROP DATABASE "+name+" WITH (FORCE)") // the server may have ended first
	})
	u.Path = "/" + name
	return u.String(), nil
}

// Redis starts a server without persistence and returns its URL.
func (l *Lab) Redis(ctx context.Context) (string, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", fmt.Errorf("%w (make system installs it)", err)
	}
	address, err := FreeAddress(ctx)
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(address) // an address of ours is well formed
	p, err := l.Start(ctx, path, []string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", l.dir}, nil)
	if err != nil {
		return "", err
	}
	client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	return "redis://" + address, p.WaitUntil(ctx, askInterval, func() error { return client.Ping(ctx).Err() })
}

// StartPeer starts a bare peer, this program under another flag. It does not
// wait for it.
func (l *Lab) StartPeer(ctx context.Context, name, address string, args ...string) (*child.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return l.Start(ctx, self, append([]string{"-peer", name, "-peer-address", address}, args...), nil)
}

// Peer starts a bare peer and waits until it listens on the address, if it has one.
func (l *Lab) Peer(ctx context.Context, name, address string, args ...string) error {
	p, err := l.StartPeer(ctx, name, address, args...)
	if err != nil || address == "" {
		return err
	}
	return p.WaitUntil(ctx, askInterval, func() error {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}
