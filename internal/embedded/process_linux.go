package embedded

import (
	"os/exec"
	"syscall"
)

// setParentDeath has the kernel signal the process when the thread that starts it ends. The process gets a group of
// its own, so that a Ctrl-C at the terminal reaches only the program, which then stops its engines in order.
func setParentDeath(cmd *exec.Cmd, signal syscall.Signal) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = signal
	cmd.SysProcAttr.Setpgid = true
}
