package clickhouse

import (
	"context"
	"sync"
	"time"

	"trunkline/reports"
)

const (
	// alone is how many statements run before those who come are asked for together.
	alone = 2
	// gathering is how long they wait for that, at most; they are asked as soon as one of those statements is answered.
	gathering = 150 * time.Millisecond
	// together is how many people's questions are one statement, at most.
	together = 64
	// mostScans is how many scans one statement has, at most: each costs as much as a statement by itself.
	mostScans = 24
	// answering bounds a statement that is nobody's own.
	answering = 2 * time.Minute
)

// gatherer puts the questions of people who ask at the same moment together. A statement costs the server 10 to 25 ms however few rows it
// reads, so that fifty clients who open their first page at once waited for fifty of them. Who comes while nobody asks waits for nobody.
type gatherer struct {
	mu      sync.Mutex
	running int
	waiting []*asked
}

// asked is what one of them asks.
type asked struct {
	questions []reports.GroupQuery
	done      chan struct{}
	groups    [][]reports.Group
	err       error
}

// Groups implements reports.StatsStore. What several people ask at the same time is one statement; each gets what is their own.
func (s *Store) Groups(ctx context.Context, questions []reports.GroupQuery) ([][]reports.Group, error) {
	g := &s.gather
	g.mu.Lock()
	if g.running < alone && len(g.waiting) == 0 {
		g.running++
		g.mu.Unlock()
		defer s.answered(ctx)
		return s.groups(ctx, questions)
	}
	a := &asked{questions: questions, done: make(chan struct{})}
	g.waiting = append(g.waiting, a)
	if len(g.waiting) == 1 {
		time.AfterFunc(gathering, func() { s.askGathered(context.WithoutCancel(ctx)) })
	}
	g.mu.Unlock()
	select {
	case <-a.done:
		return a.groups, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answered ends a statement, and asks what has come together meanwhile.
func (s *Store) answered(ctx context.Context) {
	s.gather.mu.Lock()
	s.gather.running--
	waits := len(s.gather.waiting) > 0
	s.gather.mu.Unlock()
	if waits {
		go s.askGathered(context.WithoutCancel(ctx))
	}
}

// askGathered asks what has come together.
func (s *Store) askGathered(ctx context.Context) {
	s.gather.mu.Lock()
	all := s.gather.waiting
	s.gather.waiting = nil
	if len(all) > 0 {
		s.gather.running++
	}
	s.gather.mu.Unlock()
	if len(all) == 0 { // Others have asked it.
		return
	}
	defer s.answered(ctx)
	ctx, cancel := context.WithTimeout(ctx, answering)
	defer cancel()
	for len(all) > 0 {
		n := min(together, len(all))
		s.askTogether(ctx, all[:n])
		all = all[n:]
	}
}

// askTogether asks for several people by one statement. Where it fails, each is asked for alone: what is wrong with one of them, or too much,
// is not the others'.
func (s *Store) askTogether(ctx context.Context, all []*asked) {
	var questions []reports.GroupQuery
	for _, a := range all {
		questions = append(questions, a.questions...)
	}
	if half := len(all) / 2; half > 0 && len(plan(questions)) > mostScans { // They have little in common.
		s.askTogether(ctx, all[:half])
		s.askTogether(ctx, all[half:])
		return
	}
	groups, err := s.groups(ctx, questions)
	for _, a := range all {
		switch {
		case err == nil:
			a.groups, groups = groups[:len(a.questions)], groups[len(a.questions):]
		case len(all) == 1:
			a.err = err
		default:
			a.groups, a.err = s.groups(ctx, a.questions)
		}
		close(a.done)
	}
}
