package pages

import (
	"errors"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
)

// settingsID is the id of the only settings there are.
const settingsID = "operator"

func settingsKind() kind {
	return kind{
		Path: "settings", One: "Settings", kind: provision.KindSettings, write: access.WriteRouting,
		Fields: []field{
			{Name: "name", Label: "Company name", Type: "text"},
			{Name: "realm", Label: "Realm", Type: "text", Needed: true, Help: "SIP domain of the phones; when it changes, every phone needs a new password"},
			{Name: "blocked", Label: "Blocked prefixes", Type: "list", Help: "nobody may call them"},
			{Name: "risky", Label: "Risky prefixes", Type: "list", Help: "only clients who are allowed to may call them"},
			{Name: "reporting_currency", Label: "Reporting currency", Type: "text", Help: "of margins and figures; empty: that of most clients"},
			{Name: "number_classes", Label: "Classes of numbers", Type: "list", Help: "empty: city, federal, toll-free, multichannel, beautiful, third-party"},
		},
	}
}

// settingsView is the form of the operator's own settings; before they were ever saved it is empty.
func (p *Pages) settingsView(r *request) (thingView, error) {
	t, err := p.o.Console.Thing(r.Request.Context(), r.who, provision.KindSettings, settingsID)
	if errors.Is(err, console.ErrNotFound) {
		t, err = console.Thing{Document: console.Document{}}, nil
	}
	if err != nil {
		return thingView{}, err
	}
	v, err := p.form(r, settingsKind(), t.Document)
	v.Tag = t.Tag
	return v, err
}

func (p *Pages) settings(r *request) error {
	v, err := p.settingsView(r)
	if err != nil {
		return err
	}
	return r.show("settings", "Settings", v)
}

func (p *Pages) putSettings(r *request) error {
	k := settingsKind()
	d, err := k.read(r)
	typed, _ := copied(d) // The console changes what it is given.
	if err == nil {
		_, err = p.o.Console.PutThing(r.Request.Context(), r.who, console.Change{Kind: k.kind, ID: settingsID, Tag: r.PostForm("tag")}, d)
	}
	if err == nil {
		to := saved(r)
		if to == "" {
			to = "/settings"
		}
		return r.to(to, "saved")
	}
	if faultsOf(err) == nil || typed == nil {
		return err
	}
	v, failure := p.form(r, k, typed)
	if failure != nil {
		return failure
	}
	v.Tag, v.Back = r.PostForm("tag"), saved(r)
	return r.again("settings", "Settings", v, err)
}

// beginningView is how far an empty system is from its first call.
type beginningView struct {
	Steps   []step
	Done    int
	Tenants []string
}

// beginning leads from nothing to the first client; the client's own six steps go on from there.
func (p *Pages) beginning(r *request) error {
	const back = "?back=/setup"
	_, err := p.o.Console.Thing(r.Request.Context(), r.who, provision.KindSettings, settingsID)
	if err != nil && !errors.Is(err, console.ErrNotFound) {
		return err
	}
	v := beginningView{Steps: []step{{Title: "Settings", Text: "The name of the house, and the SIP domain of the phones.", Done: err == nil, Address: "/settings" + back}}}
	for _, s := range []struct {
		kind       provision.Kind
		title, why string
		path       string
	}{
		{provision.KindDeck, "Rate sheets", "What a carrier charges, prefix by prefix.", "decks"},
		{provision.KindCarrier, "Carriers", "Carriers you buy termination from. Add their gateways in the next step.", "carriers"},
		{provision.KindGateway, "Gateways", "Where calls leave the house and come in.", "gateways"},
		{provision.KindRoutePlan, "Route plans", "Which gateways are tried for which numbers.", "route-plans"},
		{provision.KindDialPlan, "Dial plans", "Turns dialled digits into E.164 numbers.", "dial-plans"},
		{provision.KindTariff, "Tariffs", "What a client pays.", "tariffs"},
		{provision.KindTenant, "Clients", "A client company with its branches, employees and numbers.", "tenants"},
	} {
		have, err := p.ids(r, s.kind)
		if err != nil {
			return err
		}
		v.Steps = append(v.Steps, step{Title: s.title, Text: s.why, Done: len(have) > 0, Address: "/" + s.path + "/" + newID + back, Have: have})
		if s.kind == provision.KindTenant {
			v.Tenants = have
		}
	}
	for _, s := range v.Steps {
		if s.Done {
			v.Done++
		}
	}
	return r.show("beginning", "First steps", v)
}
