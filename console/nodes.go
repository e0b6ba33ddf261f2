package console

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"trunkline/access"
	"trunkline/ledger"
)

// Nodes are the proxies that hold money for calls.
type Nodes interface {
	Nodes(ctx context.Context) ([]ledger.Node, error)
	// NodeEvents returns what became of proxies, the latest first.
	NodeEvents(ctx context.Context, limit int) ([]ledger.NodeEvent, error)
	// Resolve says that one of two processes with one identity is stopped for good; ledger.ErrNoNode.
	Resolve(ctx context.Context, node, reason string) error
	// GiveUp says that the journal and the spool of a proxy are lost; ledger.ErrNoNode.
	GiveUp(ctx context.Context, node, reason string) error
	// Note keeps what became of a proxy, or what was done about it.
	Note(ctx context.Context, id, name, what, reason string) error
}

// Incidents are faults of the stores that somebody has to deal with.
type Incidents interface {
	// List returns them, the newest first; only those that are open, or all.
	List(ctx context.Context, open bool) ([]Incident, error)
	// Close closes one, with what was done, and reports whether it was open.
	Close(ctx context.Context, id int64, note string) (bool, error)
}

// Incident is something that did not match: a store that went back in time, a topic that was made anew, legs that are missing.
type Incident struct {
	ID      int64
	Kind    string
	Subject string
	Detail  string
	Noticed time.Time
	Healed  time.Time // Zero: it is open.
	Outcome string
}

// Incidents returns the faults of the stores that somebody has to deal with, or with all also those that are over, the newest first. Their
// texts say what was held for a call.
func (c *Console) Incidents(ctx context.Context, who *access.Principal, all bool) ([]Incident, error) {
	if err := c.mayOfAll(who, access.ReadCost); err != nil { // They tell of all clients and carriers.
		return nil, err
	}
	return c.d.Incidents.List(ctx, !all)
}

// CloseIncident says that an incident was dealt with by hand.
func (c *Console) CloseIncident(ctx context.Context, who *access.Principal, id int64, why string) error {
	if err := c.mayOfAll(who, access.WriteMoney); err != nil {
		return err
	}
	why, err := reason(why)
	if err != nil {
		return err
	}
	closed, err := c.d.Incidents.Close(ctx, id, why+" ("+who.By()+")")
	if err != nil {
		return err
	}
	if !closed {
		return fmt.Errorf("%w: there is no open incident %d", ErrNotFound, id)
	}
	return c.log(ctx, who, access.AuditEvent{Action: "close incident", Object: "incident " + strconv.FormatInt(id, 10), After: why})
}

// NoteDamage keeps what was done about a damaged part of the journal or the spool of a proxy.
func (c *Console) NoteDamage(ctx context.Context, who *access.Principal, id, what, why string) error {
	if err := c.mayOfAll(who, access.WriteMoney); err != nil {
		return err
	}
	nodes, err := c.d.Nodes.Nodes(ctx)
	if err != nil {
		return err
	}
	name := id
	for i := range nodes {
		if nodes[i].ID == id {
			name = nodes[i].Name
		}
	}
	if err := c.d.Nodes.Note(ctx, id, name, what, why); err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Action: what, Object: "node " + name, After: why})
}

// Nodes returns the proxies with their last sign of life and what they hold for calls that must be over.
func (c *Console) Nodes(ctx context.Context, who *access.Principal) ([]ledger.Node, error) {
	if err := c.mayOfAll(who, access.ReadOverview); err != nil {
		return nil, err
	}
	return c.d.Nodes.Nodes(ctx)
}

// NodeEvents returns what became of proxies and what was done about them, the latest first, up to MaxLines.
func (c *Console) NodeEvents(ctx context.Context, who *access.Principal, limit int) ([]ledger.NodeEvent, error) {
	if err := c.mayOfAll(who, access.ReadOverview); err != nil {
		return nil, err
	}
	if limit < 1 || limit > MaxLines {
		return nil, invalid("limit: use 1 to %d", MaxLines)
	}
	return c.d.Nodes.NodeEvents(ctx, limit)
}

// ResolveNode says that one of two processes with one identity is stopped for good, so that what the other holds is given back
// again when its calls are over.
func (c *Console) ResolveNode(ctx context.Context, who *access.Principal, node, why string) error {
	return c.onNode(ctx, who, node, "resolve node", why, Nodes.Resolve)
}

// GiveUpNode says that the journal and the spool of a proxy are lost, and with them the legs of its last calls: nobody is charged for
// them, and what is held for them is given back as soon as they must be over.
func (c *Console) GiveUpNode(ctx context.Context, who *access.Principal, node, why string) error {
	return c.onNode(ctx, who, node, "give up node", why, Nodes.GiveUp)
}

func (c *Console) onNode(
	ctx context.Context, who *access.Principal, node, action, why string, do func(n Nodes, ctx context.Context, node, reason string) error,
) error {
	if err := c.mayOfAll(who, access.WriteMoney); err != nil {
		return err
	}
	why, err := reason(why)
	if err != nil {
		return err
	}
	err = do(c.d.Nodes, ctx, node, why)
	if errors.Is(err, ledger.ErrNoNode) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Action: action, Object: "node " + node, After: why})
}
