package memory

import (
	"context"
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

// rerating is that of the rows: nothing changes.
type rerating struct{ *Rows }

// Preview implements console.Rerating.
func (rerating) Preview(context.Context, console.RerateOrder) (console.RerateReport, error) {
	return console.RerateReport{}, nil
}

// Apply implements console.Rerating.
func (r rerating) Apply(context.Context, console.RerateOrder, string) (console.RerateReport, error) {
	r.did("rerate")
	return console.RerateReport{Run: 1}, nil
}

// Runs implements console.Rerating.
func (rerating) Runs(context.Context) ([]console.RerateRun, error) { return nil, nil }

// Undo implements console.Rerating.
func (r rerating) Undo(context.Context, int64, string, string) (int, error) {
	r.did("undo rerate")
	return 1, nil
}

// nodes are the proxies of the rows: none.
type nodes struct{ *Rows }

// Nodes implements console.Nodes.
func (nodes) Nodes(context.Context) ([]ledger.Node, error) { return nil, nil }

// NodeEvents implements console.Nodes.
func (nodes) NodeEvents(context.Context, int) ([]ledger.NodeEvent, error) { return nil, nil }

// Resolve implements console.Nodes.
func (n nodes) Resolve(context.Context, string, string) error {
	n.did("resolve node")
	return nil
}

// GiveUp implements console.Nodes.
func (n nodes) GiveUp(context.Context, string, string) error {
	n.did("give up node")
	return nil
}

// exchange is that of the rows: it knows no rates.
type exchange struct{ *Rows }

// Fetch implements console.Exchange.
func (x exchange) Fetch(context.Context, string, bool, string) (string, int, error) {
	x.did("fetch rates")
	return "ecb", 0, nil
}

// Rates implements console.Exchange.
func (exchange) Rates(context.Context, time.Time, int) ([]console.KeptRate, error) { return nil, nil }

// Fetches implements console.Exchange.
func (exchange) Fetches(context.Context, int) ([]console.RateFetch, error) { return nil, nil }

// Versions implements console.History.
func (s *Setup) Versions(ctx context.Context, kind provision.Kind, id string) ([]console.ObjectVersion, error) {
	objects, err := s.Objects(ctx, kind, id)
	out := make([]console.ObjectVersion, len(objects))
	for i := range objects {
		out[i] = console.ObjectVersion{Revision: 1, At: s.clock.Now(), By: "cli:root", Spec: objects[i].Spec}
	}
	return out, err
}

// Note implements console.Nodes.
func (n nodes) Note(context.Context, string, string, string, string) error {
	n.did("note")
	return nil
}

// incidents are those of the rows: one is open.
type incidents struct{ *Rows }

// Close implements console.Incidents.
func (i incidents) Close(_ context.Context, id int64, _ string) (bool, error) {
	i.did("close incident")
	return id == 1, nil
}
