package console

import (
	"trunkline/access"
	"trunkline/provision"
)

// Names are what people call the branches and employees of a tenant, by their ids. Those without a name have an empty one.
type Names struct {
	Branches, Employees map[string]string
}

// Names returns the names of a tenant that are in force, as far as they are somebody's to see; ErrNotFound.
func (c *Console) Names(who *access.Principal, tenant string) (Names, error) {
	n := Names{make(map[string]string), make(map[string]string)}
	if err := mayOf(who, access.ReadTenants, tenant); err != nil {
		return n, err
	}
	t, ok := c.d.Snapshot().Tenant(tenant)
	if !ok {
		return n, missing(provision.KindTenant, tenant)
	}
	for i := range t.Branches {
		b := &t.Branches[i]
		if !who.SeesBranch(tenant, b.ID) {
			continue
		}
		n.Branches[b.ID] = b.Name
		for j := range b.Extensions {
			n.Employees[b.Extensions[j].ID] = b.Extensions[j].Name
		}
	}
	return n, nil
}
