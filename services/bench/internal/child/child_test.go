package child

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func start(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start(t.Context(), Spec{
		Path: "/bin/sh", Args: []string{"-c", script}, Env: map[string]string{"WORD": "hello"},
		Log: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

func TestStop(t *testing.T) {
	t.Parallel()
	p := start(t, "exec sleep 60")
	pid := p.PID()
	p.Stop()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child still runs: %v", err)
	}
	p.Stop() // twice is no error
}

func TestWaitUntil(t *testing.T) {
	t.Parallel()
	running := start(t, "exec sleep 60")
	asked := 0
	err := running.WaitUntil(t.Context(), time.Millisecond, func() error {
		if asked++; asked < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || asked != 3 {
		t.Errorf("asked %d times, %v", asked, err)
	}
	ended := start(t, "echo $WORD; exit 3")
	err = ended.WaitUntil(t.Context(), time.Millisecond, func() error { return errors.New("never") })
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "hello") {
		t.Errorf("a child that ended: %v", err)
	}
}
