package pages

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"trunkline/console"
	"trunkline/reports/invoice"
)

// houseProfile stands in addresses for the operator's profile, which is of no client.
const houseProfile = "_operator"

// profilesView are how clients are invoiced.
type profilesView struct {
	House invoice.Profile
	Rows  []profileRow
}

// profileRow is how one client is invoiced.
type profileRow struct {
	Tenant string
	Own    bool // It has a profile of its own.
	invoice.Profile
}

func (p *Pages) profiles(r *request) error {
	all, err := p.o.Console.Profiles(r.Request.Context(), r.who)
	if err != nil {
		return err
	}
	tenants, err := p.tenantsOf(r)
	if err != nil {
		return err
	}
	for _, tenant := range slices.Sorted(maps.Keys(all)) {
		if tenant != "" && !slices.Contains(tenants, tenant) {
			tenants = append(tenants, tenant)
		}
	}
	v := profilesView{House: all[""].Over(invoice.Profile{})}
	for _, tenant := range tenants {
		one, own := all[tenant]
		v.Rows = append(v.Rows, profileRow{tenant, own, one.Over(all[""])})
	}
	return r.show("profiles", "Billing profiles", v)
}

// profileView is the profile of a client, or of the operator, as it is stored and as it is in force.
type profileView struct {
	Tenant  string // Empty: the operator's.
	Address string // Its part of the address.
	Stored  bool
	Text    string // YAML.
	InForce string
}

func (p *Pages) profileView(r *request) (v profileView, err error) {
	all, err := p.o.Console.Profiles(r.Request.Context(), r.who)
	if err != nil {
		return v, err
	}
	if v.Address = r.Param("tenant"); v.Address != houseProfile {
		v.Tenant = v.Address
		tenants, err := p.tenantsOf(r)
		if err != nil {
			return v, err
		}
		if _, stored := all[v.Tenant]; !stored && !slices.Contains(tenants, v.Tenant) {
			return v, fmt.Errorf("%w: there is no client %q", console.ErrNotFound, v.Tenant)
		}
	}
	one, stored := all[v.Tenant]
	v.Stored = stored
	one.Tenant = ""
	if stored {
		if v.Text, err = written(one); err != nil {
			return v, err
		}
	}
	v.InForce, err = written(one.Over(all[""]))
	return v, err
}

// written is a profile as its file has it, without its logo and without whose it is.
func written(one invoice.Profile) (string, error) {
	text, err := yaml.Marshal(one)
	if strings.TrimSpace(string(text)) == "{}" {
		return "", err
	}
	return string(text), err
}

func (p *Pages) profile(r *request) error {
	v, err := p.profileView(r)
	if err != nil {
		return err
	}
	return r.show("profile", "Billing profile", v)
}

func (p *Pages) putProfile(r *request) error {
	text := strings.ReplaceAll(r.PostForm("text"), "\r\n", "\n")
	return r.act("profile", "Billing profile", "/profiles", func() error {
		list, err := invoice.ParseProfiles([]byte(text))
		if err != nil {
			return errors.Join(console.ErrInvalid, fmt.Errorf("text: %w", err))
		}
		if len(list) != 1 {
			return fmt.Errorf("%w: text: give one profile, it has %d", console.ErrInvalid, len(list))
		}
		list[0].Tenant = r.Param("tenant")
		if list[0].Tenant == houseProfile {
			list[0].Tenant = ""
		}
		return p.o.Console.PutProfiles(r.Request.Context(), r.who, list, r.PostForm("correct") == "on")
	}, func() (any, error) {
		v, err := p.profileView(r)
		v.Text = text
		return v, err
	})
}

func (p *Pages) removeProfile(r *request) error {
	tenant := r.Param("tenant")
	if tenant == houseProfile {
		tenant = ""
	}
	return r.act("profile", "Billing profile", "/profiles", func() error {
		return p.o.Console.RemoveProfile(r.Request.Context(), r.who, tenant, r.PostForm("correct") == "on")
	}, func() (any, error) { return p.profileView(r) })
}

// verifyInvoices checks all documents.
func (p *Pages) verifyInvoices(r *request) error {
	n, err := p.o.Console.VerifyInvoices(r.Request.Context(), r.who)
	if err != nil {
		return err
	}
	return r.show("verified", "Invoices", n)
}

// putReadings stores what others count for a client: counters as name=value, with commas or lines between.
func (p *Pages) putReadings(r *request) error {
	tenant := r.Param("tenant")
	return r.act("account", "Account", "/accounts/"+tenant, func() error {
		list, err := readingsOf(r.PostForm("counters"))
		if err != nil {
			return err
		}
		return p.o.Console.PutReadings(r.Request.Context(), r.who, tenant, list)
	}, func() (any, error) { return p.accountView(r) })
}

func readingsOf(text string) ([]invoice.Reading, error) {
	var out []invoice.Reading
	for _, one := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(", ;\r\n", c) }) {
		name, value, ok := strings.Cut(one, "=")
		n, err := strconv.ParseInt(value, 10, 64)
		if !ok || name == "" || err != nil || n < 0 {
			return nil, errors.Join(console.ErrInvalid, fmt.Errorf("counters: %q: want a counter and its value, such as storage_mb=1250", one))
		}
		out = append(out, invoice.Reading{Counter: name, Value: n})
	}
	return out, nil
}
