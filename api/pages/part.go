package pages

import (
	"cmp"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
)

func (k kind) of(r *request, id string) console.PartOf {
	return console.PartOf{Tenant: r.Param("id"), Part: k.part, ID: id}
}

// partView is the form of a part in the address, or of a new one.
func (p *Pages) partView(r *request, k kind) (v thingView, err error) {
	d := console.Document{}
	tag, id := "", r.Param("part")
	if id != newID {
		item, err := p.o.Console.Part(r.Request.Context(), r.who, k.of(r, id))
		if err != nil {
			return v, err
		}
		d, tag = item.Document, item.Tag
	}
	if v, err = p.form(r, k, d); err != nil {
		return v, err
	}
	v.New, v.Tag = id == newID, tag
	if !v.New {
		v.ID = id
	}
	v.Kind.Path = "tenants/" + r.Param("id") + "/" + k.Path
	return v, nil
}

func (p *Pages) part(k kind) handler {
	return func(r *request) error {
		v, err := p.partView(r, k)
		if err != nil {
			return err
		}
		return r.show("thing", k.One, v)
	}
}

func (p *Pages) putPart(k kind) handler {
	return func(r *request) error {
		id, create := r.Param("part"), false
		if id == newID {
			id, create = strings.TrimSpace(r.PostForm("id")), true
		}
		d, err := k.read(r)
		if err == nil {
			_, err = p.o.Console.PutPart(r.Request.Context(), r.who, k.of(r, id), console.PartChange{Create: create, Tag: r.PostForm("tag")}, d)
		}
		if err == nil {
			return r.to(cmp.Or(saved(r), "/tenants/"+r.Param("id")+"?tab="+k.Path), "saved")
		}
		if faultsOf(err) == nil || d == nil {
			return err
		}
		v, failure := p.form(r, k, d)
		if failure != nil {
			return failure
		}
		v.ID, v.New, v.Tag, v.Back = id, create, r.PostForm("tag"), saved(r)
		v.Kind.Path = "tenants/" + r.Param("id") + "/" + k.Path
		return r.again("thing", k.One, v, err)
	}
}

func (p *Pages) deletePart(k kind) handler {
	return func(r *request) error {
		err := p.o.Console.DeletePart(r.Request.Context(), r.who, k.of(r, r.Param("part")), "*")
		if err == nil {
			return r.to("/tenants/"+r.Param("id")+"?tab="+k.Path, "deleted")
		}
		v, failure := p.partView(r, k)
		if failure != nil {
			return err
		}
		return r.again("thing", k.One, v, err)
	}
}

// tenantTabs are the parts of a tenant beside its form.
type tenantTabs struct {
	Tab   string
	Tabs  []kind
	Kind  kind
	Rows  []thingRow
	Write bool
}

func tenantExtra(p *Pages, r *request, t console.Thing) (any, error) {
	v := tenantTabs{Tab: r.Query("tab"), Tabs: parts()}
	for _, k := range v.Tabs {
		if k.Path != v.Tab {
			continue
		}
		v.Kind, v.Write = k, r.who.May(k.write)
		items, err := p.o.Console.Parts(r.Request.Context(), r.who, t.ID, k.part)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			row := thingRow{ID: item.ID}
			row.Off, _ = item.Document["inactive"].(bool)
			for _, c := range k.Columns {
				row.Cells = append(row.Cells, cell(item.Document, c))
			}
			v.Rows = append(v.Rows, row)
		}
	}
	return v, nil
}

// wizardView is how far a new client is, in six steps.
type wizardView struct {
	Tenant  string
	Steps   []step
	Done    int
	Example string // A number to try.
	Caller  string // An extension to try it from.
	Answer  *console.RouteAnswer
}

// step is one of them.
type step struct {
	Title, Text string
	Done        bool
	Address     string // Where it is done.
	Have        []string
}

func (p *Pages) wizard(r *request) error {
	ctx, id := r.Request.Context(), r.Param("tenant")
	if err := mayRead(r.who, access.ReadRouting); err != nil {
		return err
	}
	t, err := p.o.Console.Thing(ctx, r.who, provision.KindTenant, id)
	if err != nil {
		return err
	}
	back := "?back=/setup/" + id
	v := wizardView{Tenant: id, Example: r.Query("dialled")}
	gateways, err := p.ids(r, provision.KindGateway)
	if err != nil {
		return err
	}
	routes, err := p.ids(r, provision.KindRoutePlan)
	if err != nil {
		return err
	}
	dials, err := p.ids(r, provision.KindDialPlan)
	if err != nil {
		return err
	}
	employees, err := p.partIDsOf(r, id, console.Extensions)
	if err != nil {
		return err
	}
	numbers, err := p.partIDsOf(r, id, console.Numbers)
	if err != nil {
		return err
	}
	own := cell(t.Document, "route_plan")
	v.Steps = []step{
		{"The client", "Its name, currency, tariff and account; then a branch, and an employee with a SIP password.", len(employees) > 0, "/tenants/" + id + back, employees},
		{"Gateways", "Where calls leave the house and come in.", len(gateways) > 0, "/gateways/" + newID + back, gateways},
		{"Routes", "Which gateways are tried for which numbers.", len(routes) > 0, "/route-plans/" + cmp.Or(own, newID) + back, routes},
		{"Dial plans", "Turns dialled digits into E.164 numbers.", cell(t.Document, "dial_plan") != "", "/dial-plans/" + cmp.Or(cell(t.Document, "dial_plan"), newID) + back, dials},
		{"Numbers", "By which the client is called.", len(numbers) > 0, "/tenants/" + id + "/numbers/" + newID + back, numbers},
		{"Its own route", "A plan of its own, or the default one.", own != "" || len(routes) > 0, "/tenants/" + id + back, []string{cmp.Or(own, r.t("the default plan"))}},
	}
	for _, s := range v.Steps {
		if s.Done {
			v.Done++
		}
	}
	if len(employees) > 0 {
		v.Caller = employees[0]
	}
	if v.Example != "" && v.Caller != "" {
		if v.Answer, err = p.o.Console.Simulate(ctx, r.who, console.RouteQuestion{Tenant: id, Extension: v.Caller, Dialled: v.Example}); err != nil {
			return err
		}
	}
	return r.show("wizard", "New client", v)
}

func (p *Pages) partIDsOf(r *request, tenant string, part console.Part) ([]string, error) {
	items, err := p.o.Console.Parts(r.Request.Context(), r.who, tenant, part)
	out := make([]string, 0, len(items))
	for _, item := range items {
		out = append(out, item.ID)
	}
	return out, err
}
