package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

const (
	// outputLimit is how long the output of a dead process is waited for when a process it left behind holds it open.
	outputLimit = 2 * time.Second
	// abortLimit is how long an engine may take to end after its abort signal, before it is killed.
	abortLimit = 6 * time.Second
)

// process is one run of an engine's process.
type process struct {
	cmd   *exec.Cmd
	abort syscall.Signal
	out   *output
	done  chan struct{} // closed when the process is gone
	err   error         // set before done is closed
}

// launch starts cmd and watches it. The process is told to abort when this process dies, however that happens.
//
// The kernel ties that to the thread that started the process, not to the whole program, so one thread stays with the
// process until its end: otherwise the engine would be killed whenever the Go runtime drops the thread.
func launch(cmd *exec.Cmd, abort syscall.Signal, out *output) (*process, error) {
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, outputLimit
	setParentDeath(cmd, abort)
	p := &process{cmd: cmd, abort: abort, out: out, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// failure says how the process ended. It is called after done was closed.
func (p *process) failure() error {
	err := p.err
	if err == nil {
		err = errors.New("exit status 0")
	}
	return fmt.Errorf("%s ended: %w; its last output: %s", p.out.engine, err, p.out.last())
}

// end waits for a process that was asked to leave; when ctx ends first, it aborts the process and says so.
func (p *process) end(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	err := p.kill()
	return errors.Join(fmt.Errorf("%s did not stop in time and was aborted: %w", p.out.engine, context.Cause(ctx)), err)
}

// kill aborts the process and returns when it is gone.
func (p *process) kill() error {
	err := p.signal(p.abort)
	limit := time.NewTimer(abortLimit)
	defer limit.Stop()
	select {
	case <-p.done:
		return err
	case <-limit.C:
	}
	err = errors.Join(err, p.signal(syscall.SIGKILL))
	<-p.done
	return err
}

func (p *process) signal(s syscall.Signal) error {
	err := p.cmd.Process.Signal(s)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", p.out.engine, err)
	}
	return nil
}
