package pages

import (
	"errors"
	"strconv"

	"trunkline/console"
	"trunkline/ledger"
)

// nodesView are the proxies, and what became of them.
type nodesView struct {
	Nodes  []ledger.Node
	Events []ledger.NodeEvent
}

func (p *Pages) nodesView(r *request) (any, error) {
	var v nodesView
	var err error
	if v.Nodes, err = p.o.Console.Nodes(r.Request.Context(), r.who); err != nil {
		return v, err
	}
	v.Events, err = p.o.Console.NodeEvents(r.Request.Context(), r.who, auditRows)
	return v, err
}

func (p *Pages) nodes(r *request) error {
	v, err := p.nodesView(r)
	if err != nil {
		return err
	}
	return r.show("nodes", "Proxies", v)
}

// onNodes does something about a proxy, and shows them again.
func (p *Pages) onNodes(r *request, do func() error) error {
	return r.act("nodes", "Proxies", "/nodes", do, func() (any, error) { return p.nodesView(r) })
}

func (p *Pages) resolveNode(r *request) error {
	return p.onNodes(r, func() error {
		return p.o.Console.ResolveNode(r.Request.Context(), r.who, r.PostForm("node"), r.PostForm("reason"))
	})
}

func (p *Pages) giveUpNode(r *request) error {
	return p.onNodes(r, func() error {
		return p.o.Console.GiveUpNode(r.Request.Context(), r.who, r.PostForm("node"), r.PostForm("reason"))
	})
}

// incidentsView are faults of the stores.
type incidentsView struct {
	All  bool // Also those that are over.
	List []console.Incident
}

func (p *Pages) incidentsView(r *request) (any, error) {
	v := incidentsView{All: r.Query("all") == "on"}
	var err error
	v.List, err = p.o.Console.Incidents(r.Request.Context(), r.who, v.All)
	return v, err
}

func (p *Pages) incidents(r *request) error {
	v, err := p.incidentsView(r)
	if err != nil {
		return err
	}
	return r.show("incidents", "Incidents", v)
}

func (p *Pages) closeIncident(r *request) error {
	id, err := strconv.ParseInt(r.Param("incident"), 10, 64)
	if err != nil {
		return errors.Join(console.ErrNotFound, err)
	}
	return r.act("incidents", "Incidents", "/incidents", func() error {
		return p.o.Console.CloseIncident(r.Request.Context(), r.who, id, r.PostForm("reason"))
	}, func() (any, error) { return p.incidentsView(r) })
}
