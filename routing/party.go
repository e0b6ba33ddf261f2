package routing

import (
	"cmp"

	"trunkline/provision"
)

// party is whoever makes or forwards a call: an extension, or a branch, or a whole tenant.
type party struct {
	tenant    *provision.Tenant
	branch    *provision.Branch    // Never nil.
	extension *provision.Extension // Never nil.
	trunk     *provision.Trunk     // Of a call that the tenant's own switch brings.
}

func (rt *Table) party(tenant, branch, extension string) (party, bool) {
	t, ok := rt.setup.Tenant(tenant)
	if !ok || t.Inactive {
		return party{}, false
	}
	called, _ := rt.setup.Subscriber(t.ID, extension)
	return party{
		tenant: t, branch: cmp.Or(rt.branch(t.ID, branch), &provision.Branch{}),
		extension: cmp.Or(called.Extension, &provision.Extension{}),
	}, true
}

// useTrunk notes the trunk that the call comes by; an empty id is none.
func (p *party) useTrunk(trunk string) {
	for i := range p.tenant.Trunks {
		if t := &p.tenant.Trunks[i]; t.ID == trunk {
			p.trunk = t
		}
	}
}

func (p *party) tariff() string { return cmp.Or(p.extension.Tariff, p.branch.Tariff, p.tenant.Tariff) }

// dial resolves what the party dials.
func (rt *Table) dial(p *party, dialled string) Dialled {
	plan, _ := rt.setup.DialPlanByID(cmp.Or(p.extension.DialPlan, p.branch.DialPlan, p.tenant.DialPlan))
	d := Dial(plan, dialled, cmp.Or(p.extension.Area, p.branch.Area))
	if d.Rule < 0 && !d.Emergency {
		if _, ok := rt.setup.Subscriber(p.tenant.ID, dialled); ok {
			d.Extension = dialled
		}
	}
	return d
}

// capacities are the bounds that a call of the party takes a place of.
func (p *party) capacities() []Capacity {
	out := make([]Capacity, 0, 4)
	bound := func(key string, calls, perSecond int) {
		if calls > 0 || perSecond > 0 {
			out = append(out, Capacity{key, calls, perSecond})
		}
	}
	bound("tenant/"+p.tenant.ID, p.tenant.MaxCalls, p.tenant.MaxCPS)
	bound("branch/"+p.tenant.ID+"/"+p.branch.ID, p.branch.MaxCalls, p.branch.MaxCPS)
	bound("extension/"+p.tenant.ID+"/"+p.extension.ID, p.extension.MaxCalls, p.extension.MaxCPS)
	if p.trunk != nil {
		bound("trunk/"+p.tenant.ID+"/"+p.trunk.ID, p.trunk.MaxCalls, p.trunk.MaxCPS)
	}
	return out
}
