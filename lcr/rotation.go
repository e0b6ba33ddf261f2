package lcr

import (
	"cmp"
	"slices"
	"sync"
)

// Rotations remember whose turn it is under the policies that share calls out. One set serves all worlds of a process, so
// that a change of the plans does not start the sharing anew. The zero value is ready; it is safe for concurrent use.
type Rotations struct {
	mu     sync.Mutex
	byRule map[string]*rotation
}

// of returns the rotation of a rule.
func (r *Rotations) of(rule string) *rotation {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byRule == nil {
		r.byRule = make(map[string]*rotation)
	}
	x, ok := r.byRule[rule]
	if !ok {
		x = new(rotation)
		r.byRule[rule] = x
	}
	return x
}

// rotation is the smooth weighted round robin of one rule: with every call each gateway that could take it gains its
// weight, the richest takes the call and pays what all gained. As long as the same gateways can take the calls, each gets
// exactly its share over every full cycle; one that could not for a while neither loses nor catches up.
type rotation struct {
	slots  slots
	mu     sync.Mutex
	credit []int64 // By slot.
}

// next returns which of the gateways found has the turn; a simulated call leaves the turn where it is.
func (r *rotation) next(targets []target, found []place, simulated bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	best, most, total := 0, int64(0), int64(0)
	for i := range found {
		t := &targets[found[i].target]
		for int(t.turn) >= len(r.credit) {
			r.credit = append(r.credit, 0)
		}
		total += t.weight
		if gained := r.credit[t.turn] + t.weight; i == 0 || gained > most {
			best, most = i, gained
		}
	}
	if simulated {
		return best
	}
	for i := range found {
		t := &targets[found[i].target]
		r.credit[t.turn] += t.weight
	}
	r.credit[targets[found[best].target].turn] -= total
	return best
}

// share puts the gateway whose turn it is first, and the others behind it by their weight.
func (r *rule) share(found []place, simulated bool) {
	if len(found) < 2 {
		return
	}
	first := r.rotation.next(r.targets, found, simulated)
	chosen := found[first]
	copy(found[1:first+1], found[:first])
	found[0] = chosen
	slices.SortStableFunc(found[1:], func(a, b place) int {
		return cmp.Compare(r.targets[b.target].weight, r.targets[a.target].weight)
	})
}

// slots numbers names, once and for all. The zero value is ready; it is safe for concurrent use.
type slots struct {
	mu     sync.Mutex
	byName map[string]int32
}

func (s *slots) slot(name string) int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.byName[name]
	if !ok {
		if s.byName == nil {
			s.byName = make(map[string]int32)
		}
		n = int32(len(s.byName)) //nolint:gosec // Names of gateways and carriers.
		s.byName[name] = n
	}
	return n
}
