package provision

import (
	"cmp"
	"maps"
	"slices"

	"trunkline/internal/money"
)

// ReportingCurrency is the one that margins and figures of the whole house are told in: the operator's, else that of most clients,
// else that of most carriers; of equals the first by its code. Zero: there is nobody who pays.
func (o *Operator) ReportingCurrency() money.Currency {
	if !o.Reporting.IsZero() {
		return o.Reporting
	}
	counts := make(map[money.Currency]int)
	for i := range o.Tenants {
		counts[o.Tenants[i].Currency]++
	}
	if len(counts) == 0 {
		for i := range o.Carriers {
			counts[o.Carriers[i].Currency]++
		}
	}
	all := slices.SortedFunc(maps.Keys(counts), func(a, b money.Currency) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.String(), b.String()))
	})
	if len(all) == 0 {
		return money.Currency{}
	}
	return all[0]
}
