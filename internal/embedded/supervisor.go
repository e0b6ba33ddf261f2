package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	startLimit = 5 * time.Minute       // from the start of a process to its first answer; a recovery after a crash may take long
	readyLimit = 5 * time.Second       // one question of a readiness check
	firstPause = 50 * time.Millisecond // before the first restart
	lastPause  = 10 * time.Second      // the pause doubles up to this
	calmAfter  = 30 * time.Second      // a run of this length makes the next pause the first one again
)

// engine is what the supervisor has to know about an engine.
type engine struct {
	name    string
	address string
	dir     string                                   // the engine's own folder
	command func(context.Context) (*exec.Cmd, error) // a command for one run
	prepare func() error                             // called before each run, with no process of the engine alive
	ready   func(context.Context) error              // nil when the engine answers a query
	leave   func(*process) error                     // asks the process to end in order
	abort   syscall.Signal                           // ends the engine at once; also sent when this process dies
	level   func(line string) slog.Level             // of a line of its output
	log     *slog.Logger
}

// supervisor keeps one engine running from start to Stop.
type supervisor struct {
	engine

	cancel context.CancelFunc
	done   chan struct{} // closed when nothing restarts the engine any more

	mu      sync.Mutex
	health  Health
	current *process
}

// supervise starts the engine and returns when it is ready. ctx limits the start only; the engine runs until Stop.
func supervise(ctx context.Context, e engine) (*supervisor, error) {
	s := &supervisor{engine: e, done: make(chan struct{})}
	s.health = Health{Name: e.name, Address: e.address, State: StateStarting}
	if err := s.run(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", e.name, err)
	}
	watch, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go s.watch(watch)
	return s, nil
}

// Health returns what the engine is doing at the moment.
func (s *supervisor) Health() Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.health
}

// Stop ends the engine in order, or by force when ctx ends first, which is an error. It may be called again.
func (s *supervisor) Stop(ctx context.Context) error {
	s.cancel()
	<-s.done
	s.mu.Lock()
	p := s.current
	s.current = nil
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	err := s.leave(p)
	if err != nil {
		err = errors.Join(err, p.kill())
	}
	err = errors.Join(err, p.end(ctx))
	s.note(func(h *Health) { h.State, h.PID = StateStopped, 0 })
	return err
}

// run starts one process and returns when it is ready; after an error no process is left.
func (s *supervisor) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	lock, err := claim(ctx, s.dir)
	if err != nil {
		return err
	}
	p, err := s.launch(ctx, lock)
	err = errors.Join(err, lock.Close()) // the process has inherited its own
	if err != nil {
		return err
	}
	if err := s.await(ctx, p); err != nil {
		return errors.Join(err, p.kill())
	}
	s.mu.Lock()
	s.current = p
	s.mu.Unlock()
	s.note(func(h *Health) { h.State, h.PID = StateReady, p.cmd.Process.Pid })
	return nil
}

func (s *supervisor) launch(ctx context.Context, lock *os.File) (*process, error) {
	if s.prepare != nil {
		if err := s.prepare(); err != nil {
			return nil, err
		}
	}
	cmd, err := s.command(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	own := cmd.ExtraFiles
	cmd.ExtraFiles = append([]*os.File{lock}, own...)
	defer closeAll(own) // The process has inherited its own.
	p, err := launch(cmd, s.abort, &output{engine: s.name, log: s.log, level: s.level})
	if err != nil {
		return nil, err
	}
	if err := writeHolder(lock, cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, p.kill())
	}
	return p, nil
}

// await asks the engine until it answers, its process ends, or ctx ends.
func (s *supervisor) await(ctx context.Context, p *process) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	last := errors.New("it was not asked yet")
	for {
		select {
		case <-p.done:
			return fmt.Errorf("%w: %w", ErrNotReady, p.failure())
		case <-ctx.Done():
			return fmt.Errorf("%w: %w; the last answer: %w", ErrNotReady, context.Cause(ctx), last)
		case <-tick.C:
		}
		if last = s.ask(ctx); last == nil {
			return nil
		}
	}
}

func (s *supervisor) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	return s.ready(ctx)
}

// watch restarts the engine whenever it dies, until ctx ends.
func (s *supervisor) watch(ctx context.Context) {
	defer close(s.done)
	pause := firstPause
	for {
		calm := time.AfterFunc(calmAfter, func() {})
		select {
		case <-ctx.Done():
			calm.Stop()
			return
		case <-s.current.done:
		}
		if !calm.Stop() {
			pause = firstPause
		}
		s.failed(s.current.failure())
		if !s.restart(ctx, &pause) {
			return
		}
	}
}

// restart tries until the engine is ready again, and reports false when ctx ended before.
func (s *supervisor) restart(ctx context.Context, pause *time.Duration) bool {
	s.mu.Lock()
	s.current = nil
	s.mu.Unlock()
	for {
		wait := time.NewTimer(*pause)
		*pause = min(2**pause, lastPause)
		select {
		case <-ctx.Done():
			wait.Stop()
			s.note(func(h *Health) { h.State = StateStopped })
			return false
		case <-wait.C:
		}
		err := s.run(ctx)
		if err == nil {
			s.note(func(h *Health) { h.Restarts++ })
			s.log.InfoContext(ctx, "engine runs again", "engine", s.name, "address", s.address)
			return true
		}
		s.failed(err)
	}
}

func (s *supervisor) failed(err error) {
	s.note(func(h *Health) { h.State, h.PID, h.LastError = StateRestarting, 0, err.Error() })
	s.log.Error("engine is down, it will be started again", "engine", s.name, "error", err)
}

func (s *supervisor) note(change func(*Health)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.health)
}
