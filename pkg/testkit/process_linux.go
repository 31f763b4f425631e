package testkit

import "syscall"

// dieWithParent makes the kernel kill the child when the thread that started it
// ends, so a test process that is killed leaves nothing behind.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
