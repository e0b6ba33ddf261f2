package terminal

import (
	"time"

	"trunkline/ledger"
)

// Nodes lists proxies with their last sign of life and what they hold.
func Nodes(nodes []ledger.Node) *Table {
	t := &Table{Columns: []string{"node", "identity", "seen", "recorded_till_hold", "accounted_till_hold", "overdue_holds", "disputed", "given_up"}, Of: "proxies"}
	for i := range nodes {
		n := &nodes[i]
		t.Add(n.Name, n.ID, n.Seen.UTC().Format(time.RFC3339), ordinal(n.Clean), ordinal(n.Settled), figure(n.Overdue), moment(n.Disputed), n.Why)
	}
	return t
}

// ordinal is the number of a hold; -1 is none.
func ordinal(n int64) string {
	if n < 0 {
		return ""
	}
	return figure(n)
}

// NodeEvents lists what became of proxies and what was done about them.
func NodeEvents(events []ledger.NodeEvent) *Table {
	t := &Table{Columns: []string{"at", "node", "identity", "what", "reason"}, Of: "events"}
	for _, e := range events {
		t.Add(e.At.UTC().Format(time.RFC3339), e.Name, e.Node, e.What, e.Reason)
	}
	return t
}
