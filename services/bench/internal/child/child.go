package child

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// grace is how long a child may take to end by itself.
const grace = 5 * time.Second

// Spec says what to run.
type Spec struct {
	Path string
	Args []string
	// Env is added to PATH and HOME; nothing else of our environment is passed on.
	Env map[string]string
	// Log is a file that takes all that the child prints.
	Log string
}

// Process is a running child.
type Process struct {
	spec Spec
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
	err  error         // why it ended; read after done
}

// Start starts a child.
func Start(ctx context.Context, spec Spec) (*Process, error) {
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, spec.Path, spec.Args...) // #nosec G204 -- our own programs
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for name, value := range spec.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	p := &Process{spec: spec, cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ties the child to this thread, not to the process. The
		// lock keeps the thread alive and for this child alone until it ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		defer func() { _ = log.Close() }()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(spec.Path), err)
	}
	return p, nil
}

// PID returns the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// WaitUntil asks every interval until answers returns nil. It fails when the
// child ends, when ctx does, and after a minute.
func (p *Process) WaitUntil(ctx context.Context, interval time.Duration, answers func() error) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		err := answers()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return fmt.Errorf("%s ended (%v):\n%s", filepath.Base(p.spec.Path), p.err, p.tail()) //nolint:errorlint // nil after a clean exit
		case <-deadline:
			return fmt.Errorf("%s does not answer: %w\n%s", filepath.Base(p.spec.Path), err, p.tail())
		}
	}
}

// tail returns the end of what the child printed.
func (p *Process) tail() string {
	text, err := os.ReadFile(p.spec.Log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// Stop asks the child to end, kills it if it does not, and returns when it has ended.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // refused when it has already ended, which is what is wanted
	select {
	case <-p.done:
	case <-time.After(grace):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}
