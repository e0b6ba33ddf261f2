package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"trunkline/console"
	"trunkline/ledger"
	"trunkline/provision"
)

// books are the closed months of the rows.
type books struct{ *Rows }

// Close implements console.Books.
func (b books) Close(_ context.Context, c ledger.Closing) (ledger.Closing, error) {
	b.did("close books")
	c.At = b.clock.Now()
	return c, nil
}

// Closings implements console.Books.
func (books) Closings(context.Context, ledger.Account) ([]ledger.Closing, error) { return nil, nil }

// rerating is that of the rows: every order has the same report.
type rerating struct{ *Rows }

// Preview implements console.Rerating.
func (r rerating) Preview(context.Context, console.RerateOrder) (console.RerateReport, error) {
	return r.Repriced, nil
}

// Apply implements console.Rerating.
func (r rerating) Apply(_ context.Context, o console.RerateOrder, by string) (console.RerateReport, error) {
	r.did("rerate")
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.Repriced
	out.Run = int64(len(r.Reruns) + 1)
	r.Reruns = append([]console.RerateRun{{
		ID: out.Run, Begun: r.clock.Now(), Scope: o.Scope(), From: o.From, Till: o.Till, Legs: out.Changed, State: "done", Reason: o.Reason, By: by,
	}}, r.Reruns...)
	return out, nil
}

// Runs implements console.Rerating.
func (r rerating) Runs(context.Context) ([]console.RerateRun, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.Reruns), nil
}

// Undo implements console.Rerating.
func (r rerating) Undo(context.Context, int64, string, string) (int, error) {
	r.did("undo rerate")
	return 1, nil
}

// nodes are the proxies of the rows.
type nodes struct{ *Rows }

// Nodes implements console.Nodes.
func (n nodes) Nodes(context.Context) ([]ledger.Node, error) { return slices.Clone(n.Proxies), nil }

// NodeEvents implements console.Nodes.
func (n nodes) NodeEvents(_ context.Context, limit int) ([]ledger.NodeEvent, error) {
	return slices.Clone(n.Events[:min(limit, len(n.Events))]), nil
}

// Resolve implements console.Nodes.
func (n nodes) Resolve(context.Context, string, string) error {
	n.did("resolve node")
	return nil
}

// GiveUp implements console.Nodes. With proxies in the rows it knows no others.
func (n nodes) GiveUp(_ context.Context, node, why string) error {
	for i := range n.Proxies {
		if p := &n.Proxies[i]; p.Name == node || p.ID == node {
			p.Why, p.GivenUp = why, n.clock.Now()
			n.did("give up node")
			return nil
		}
	}
	if len(n.Proxies) > 0 {
		return fmt.Errorf("%w: %s", ledger.ErrNoNode, node)
	}
	n.did("give up node")
	return nil
}

// Note implements console.Nodes.
func (n nodes) Note(context.Context, string, string, string, string) error {
	n.did("note")
	return nil
}

// exchange is that of the rows.
type exchange struct{ *Rows }

// Fetch implements console.Exchange.
func (x exchange) Fetch(context.Context, string, bool, string) (string, int, error) {
	x.did("fetch rates")
	return "ecb", 0, nil
}

// Rates implements console.Exchange.
func (x exchange) Rates(_ context.Context, since time.Time, limit int) ([]console.KeptRate, error) {
	list := slices.DeleteFunc(slices.Clone(x.Kept), func(k console.KeptRate) bool { return k.Since.Before(since) })
	return list[:min(limit, len(list))], nil
}

// Fetches implements console.Exchange.
func (x exchange) Fetches(_ context.Context, limit int) ([]console.RateFetch, error) {
	return slices.Clone(x.Fetched[:min(limit, len(x.Fetched))]), nil
}

// Versions implements console.History.
func (s *Setup) Versions(ctx context.Context, kind provision.Kind, id string) ([]console.ObjectVersion, error) {
	s.mu.Lock()
	kept := slices.Clone(s.past[provision.Name{Kind: string(kind), ID: id}])
	s.mu.Unlock()
	if len(kept) > 0 {
		slices.Reverse(kept)
		return kept, nil
	}
	objects, err := s.Objects(ctx, kind, id)
	out := make([]console.ObjectVersion, len(objects))
	for i := range objects {
		out[i] = console.ObjectVersion{Revision: 1, At: s.clock.Now(), By: "cli:root", Spec: objects[i].Spec}
	}
	return out, err
}

// incidents are those of the rows. Without any, number 1 is open.
type incidents struct{ *Rows }

// List implements console.Incidents.
func (i incidents) List(_ context.Context, open bool) ([]console.Incident, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(i.Broken), func(one console.Incident) bool { return open && !one.Healed.IsZero() }), nil
}

// Close implements console.Incidents.
func (i incidents) Close(_ context.Context, id int64, note string) (bool, error) {
	i.did("close incident")
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := range i.Broken {
		if one := &i.Broken[n]; one.ID == id && one.Healed.IsZero() {
			one.Healed, one.Outcome = i.clock.Now(), note
			return true, nil
		}
	}
	return id == 1 && len(i.Broken) == 0, nil
}
