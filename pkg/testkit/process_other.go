//go:build !linux

package testkit

import "syscall"

// dieWithParent does nothing here: only Linux ties a child's life to its
// parent's. The test's cleanup still stops it.
func dieWithParent() *syscall.SysProcAttr { return nil }
