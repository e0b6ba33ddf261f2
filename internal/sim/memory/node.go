package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/ledger"
)

// node is a proxy, with the name of its last start.
type node struct {
	ledger.Node

	life        string
	settledBeat int64
}

// Register is Ledger.Register of sql/postgres, for proxies that all have identities.
func (s *Store) Register(_ context.Context, life ledger.Life) (ledger.Standing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := s.nodes[life.Node]
	if !s.faults.identities {
		if mine != nil && mine.life != life.Life && mine.life != "" && !slices.Contains(life.Former, mine.life) {
			return ledger.Standing{}, ledger.ErrNodeCopy
		}
		for _, n := range s.nodes {
			if n.Name == life.Name && n.ID != life.Node {
				return ledger.Standing{}, ledger.ErrNodeTaken
			}
		}
	}
	if mine == nil {
		mine = &node{Node: ledger.Node{ID: life.Node, Name: life.Name, Clean: -1, Settled: -1}}
		s.nodes[life.Node] = mine
	}
	mine.Name, mine.life, mine.Seen = life.Name, life.Life, s.clock.Now()
	mine.Beats++
	return s.standing(mine), nil
}

func (s *Store) standing(n *node) ledger.Standing {
	return ledger.Standing{Sequence: s.sequence, Beats: n.Beats, Disputed: !n.Disputed.IsZero()}
}

// Beat is Ledger.Beat of sql/postgres.
func (s *Store) Beat(_ context.Context, life ledger.Life, clean int64) (ledger.Standing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.nodes[life.Node]
	switch {
	case !ok, n.life != life.Life && (n.life == "" || slices.Contains(life.Former, n.life)):
		return ledger.Standing{}, ledger.ErrNoNode
	case n.life != life.Life && !s.faults.identities:
		n.Disputed = s.clock.Now()
		return ledger.Standing{}, ledger.ErrNodeTwice
	}
	n.Seen = s.clock.Now()
	n.Beats++
	if clean <= s.sequence {
		n.Clean = max(n.Clean, clean)
		return s.standing(n), nil
	}
	s.sequence = clean
	for _, h := range s.inOrder() {
		if !h.closed && h.seq <= clean {
			s.sequence++
			h.seq = s.sequence
		}
	}
	return s.standing(n), nil
}

// inOrder returns the holds in the order of their numbers.
func (s *Store) inOrder() []*hold {
	out := make([]*hold, 0, len(s.holds))
	for _, h := range s.holds {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b *hold) int { return cmp.Compare(a.seq, b.seq) })
	return out
}

// Nodes is Ledger.Nodes of sql/postgres, without the count of what is overdue.
func (s *Store) Nodes(context.Context) ([]ledger.Node, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []ledger.Node
	for _, n := range s.nodes {
		out = append(out, n.Node)
	}
	slices.SortFunc(out, func(a, b ledger.Node) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Settled is Ledger.Settled of sql/postgres.
func (s *Store) Settled(_ context.Context, nodes []ledger.Node) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range nodes {
		if mine, ok := s.nodes[n.ID]; ok && mine.Disputed.IsZero() {
			mine.settledBeat = max(mine.settledBeat, n.Beats)
			mine.Settled = max(mine.Settled, min(n.Clean, mine.Clean))
		}
	}
	return nil
}

// Holding reports whether money may still be held for a call: there is a hold for it that is not closed, or the quota that it draws on has as much.
func (s *Store) Holding(call [16]byte, d cdr.Draw) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.holds[call]; ok {
		return !h.closed
	}
	q, ok := s.quotas[uuid.UUID(d.Quota)]
	return ok && !q.closed && !q.left.Money.Less(d.Money)
}
