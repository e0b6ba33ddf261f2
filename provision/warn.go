package provision

import (
	"cmp"
	"fmt"
)

// Warnings tells what is valid and probably not meant, one *Fault each.
func (b *Bundle) Warnings() []*Fault {
	return append(b.sharedAddresses(), b.weak...)
}

// sharedAddresses finds addresses from which the calls of several may come, which nothing but the narrower range tells apart.
func (b *Bundle) sharedAddresses() []*Fault {
	var out []*Fault
	owners := make(map[string]string)
	claim := func(field, who string, sources []string) {
		for _, source := range sources {
			prefix, err := parseSource(source)
			if err != nil {
				continue
			}
			key := prefix.Masked().String()
			if other, ok := owners[key]; ok && other != who {
				out = append(out, b.warning(field, fmt.Sprintf("%s is an address of %s too: a call from there is taken for one of the two", source, other),
					"give each of them addresses of its own in sources"))
			}
			owners[key] = cmp.Or(owners[key], who)
		}
	}
	o := &b.Operator
	for i := range o.Gateways {
		claim(fmt.Sprintf("gateways[%d].sources", i), "gateway "+o.Gateways[i].ID, gatewaySources(&o.Gateways[i]))
	}
	for i := range o.Tenants {
		for j := range o.Tenants[i].Trunks {
			t := &o.Tenants[i].Trunks[j]
			claim(fmt.Sprintf("tenants[%d].trunks[%d].sources", i, j), "trunk "+o.Tenants[i].ID+"/"+t.ID, t.Sources)
		}
	}
	return out
}

func (b *Bundle) warning(field, problem, remedy string) *Fault {
	return &Fault{File: b.source, Line: lineOf(b.node, field), Field: field, Problem: problem, Remedy: remedy}
}
