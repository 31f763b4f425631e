package testkit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 15 * time.Second
	stopTimeout  = 5 * time.Second
	logTail      = 4 << 10 // bytes of a child's output shown when it fails

	// startTries bounds how often a server is started anew because another
	// process took its port between FreePort and the server's bind.
	startTries = 3
)

// process is a running child and what it has printed.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
	err  error         // why it ended; read after done
	out  syncBuffer
}

// startProcess starts name; it ends no later than this process does.
func startProcess(name string, args ...string) (*process, error) {
	return startProcessAs(nil, name, args...)
}

// startProcessAs is startProcess as another user, nil for this one.
func startProcessAs(as *syscall.Credential, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.SysProcAttr = dieWithParent()
	if as != nil {
		if p.cmd.SysProcAttr == nil {
			p.cmd.SysProcAttr = &syscall.SysProcAttr{}
		}
		p.cmd.SysProcAttr.Credential = as
		p.cmd.Dir = "/" // this one may be closed to the user
	}
	started := make(chan error)
	go func() {
		// The kernel ties the child to this thread, not to the process. The
		// lock keeps the thread alive and for this child alone until it ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// waitUntil polls answers until it returns nil. It fails early when the child
// ends.
func (p *process) waitUntil(answers func() error) error {
	deadline := time.After(startTimeout)
	for {
		err := answers()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("ended: %v\n%s", p.err, p.out.tail()) //nolint:errorlint // nil after a clean exit
		case <-deadline:
			return fmt.Errorf("no answer in %v: %w\n%s", startTimeout, err, p.out.tail())
		case <-time.After(pollInterval):
		}
	}
}

// stop asks the child to end, kills it if it has not after grace, and returns
// when it has ended.
func (p *process) stop(grace time.Duration) {
	// A child that has already ended refuses the signal, which is what is wanted.
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(grace):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// binary finds the program name: the file that the environment variable env
// names (unless env is ""), else one of candidates or in PATH.
func binary(t testing.TB, name, env string, candidates ...string) string {
	t.Helper()
	if env != "" && os.Getenv(env) != "" {
		candidates = []string{os.Getenv(env)}
	} else {
		candidates = append(candidates, name)
	}
	var errs []error
	for _, candidate := range candidates {
		path, err := exec.LookPath(candidate)
		if err == nil {
			return path
		}
		errs = append(errs, err)
	}
	t.Fatalf("%s is missing; run the tests with `make test`, which installs it: %v", name, errors.Join(errs...))
	return ""
}

// syncBuffer collects output that is read while the child still writes.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// tail returns the end of the output.
func (b *syncBuffer) tail() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.buf.Bytes()
	return string(all[max(0, len(all)-logTail):])
}
