package run

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// childEnv makes the test binary play a process of its own: its value is the
// part to play.
const childEnv = "PARLEY_RUN_TEST_CHILD"

func TestMain(m *testing.M) {
	part := os.Getenv(childEnv)
	if part == "" {
		os.Exit(m.Run())
	}
	os.Exit(Main("child", func(ctx context.Context) error { return play(ctx, part) }))
}

// play prints a line at each point where the test acts.
func play(ctx context.Context, part string) error {
	switch part {
	case "fail":
		return errors.New("no trunk for +33123456789")
	case "panic":
		var g Group
		g.Add(Component{Name: "worker", Run: func(context.Context) error { panic("on purpose") }})
		return g.Run(ctx)
	case "graceful":
		var g Group
		g.Add(Component{Name: "worker"})
		fmt.Println("up")
		return g.Run(ctx)
	default: // "stubborn"
		fmt.Println("up")
		<-ctx.Done()
		fmt.Println(context.Cause(ctx))
		select {}
	}
}

// child is a running process that plays a part.
type child struct {
	*exec.Cmd
	lines  *bufio.Scanner
	stderr *bytes.Buffer
}

func startChild(t *testing.T, part string) child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+part)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return child{cmd, bufio.NewScanner(out), &stderr}
}

func (c child) wantLine(t *testing.T, want string) {
	t.Helper()
	if !c.lines.Scan() || c.lines.Text() != want {
		t.Fatalf("child printed %q, want %q; stderr %s", c.lines.Text(), want, c.stderr)
	}
}

func (c child) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := c.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (c child) wantExit(t *testing.T, code int) {
	t.Helper()
	_ = c.Wait() // a code other than 0 is an error here; the code says it all
	if got := c.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d; stderr %s", got, code, c.stderr)
	}
}

func TestFirstSignalStopsGracefully(t *testing.T) {
	t.Parallel()
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		c := startChild(t, "graceful")
		c.wantLine(t, "up")
		c.signal(t, s)
		c.wantExit(t, 0)
		if c.stderr.Len() != 0 {
			t.Errorf("stderr %q", c.stderr)
		}
	}
}

func TestSecondSignalExitsAtOnce(t *testing.T) {
	t.Parallel()
	c := startChild(t, "stubborn")
	c.wantLine(t, "up")
	c.signal(t, syscall.SIGTERM)
	c.wantLine(t, "signal: terminated")
	c.signal(t, syscall.SIGINT)
	c.wantExit(t, 130)
}

func TestMainPrintsTheErrorOnce(t *testing.T) {
	t.Parallel()
	c := startChild(t, "fail")
	c.wantExit(t, 1)
	if got, want := c.stderr.String(), "child: no trunk for +33*******89\n"; got != want {
		t.Errorf("stderr %q, want %q", got, want)
	}
}

func TestPanicEndsTheProcess(t *testing.T) {
	t.Parallel()
	c := startChild(t, "panic")
	c.wantExit(t, 2) // that of the Go runtime
	if !strings.Contains(c.stderr.String(), "panic: on purpose") {
		t.Errorf("stderr %q", c.stderr)
	}
}

type configError struct{}

func (configError) Error() string { return "HTTP_ADDR: missing port" }
func (configError) ExitCode() int { return 2 }

func TestReport(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		err    error
		code   int
		stderr string
	}{
		{"success", t.Context(), nil, 0, ""},
		{"success after a signal", ended, nil, 0, ""},
		{"failure", t.Context(), errors.New("boom"), 1, "p: boom\n"},
		{"failure after a signal", ended, errors.New("boom"), 1, "p: boom\n"},
		{"configuration", t.Context(), fmt.Errorf("read: %w", configError{}), 2, "p: read: HTTP_ADDR: missing port\n"},
		{"configuration, joined", t.Context(), errors.Join(errors.New("a"), configError{}), 2, "p: a\nHTTP_ADDR: missing port\n"},
		{"interrupted", ended, fmt.Errorf("list: %w", context.Canceled), 130, ""},
		{"cancelled for a reason of its own", t.Context(), context.Canceled, 1, "p: context canceled\n"},
	}
	for _, tt := range tests {
		var stderr bytes.Buffer
		if got := report(tt.ctx, &stderr, "p", tt.err); got != tt.code || stderr.String() != tt.stderr {
			t.Errorf("%s: %d %q, want %d %q", tt.name, got, stderr.String(), tt.code, tt.stderr)
		}
	}
}

func TestSignalContextStop(t *testing.T) {
	t.Parallel()
	ctx, stop := SignalContext(t.Context())
	if err := ctx.Err(); err != nil {
		t.Errorf("ended at once: %v", err)
	}
	stop()
	stop() // harmless
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("after stop: %v", ctx.Err())
	}
}
