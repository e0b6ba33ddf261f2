//go:build !linux

package embedded

import (
	"os/exec"
	"syscall"
)

// setParentDeath does nothing: only Linux has embedded engines that are processes.
func setParentDeath(*exec.Cmd, syscall.Signal) {}
