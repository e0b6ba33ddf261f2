package inventory

import (
	"cmp"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Change is what is said anew of numbers; what is zero, or nil, stays as it is.
type Change struct {
	Status                                  Status // With it tenant and until are set anew, too.
	Class, Tenant, Supplier, Contract, Note string
	Until                                   time.Time
	Setup, Monthly                          *money.Amount
	Currency                                money.Currency
}

// Apply returns numbers as they are after a change: those that are known, changed, and the others, free unless a status is given.
func (c *Change) Apply(known []Number, numbers []e164.Number) []Number {
	at := make(map[e164.Number]Number, len(known))
	for i := range known {
		at[known[i].Number] = known[i]
	}
	list := make([]Number, 0, len(numbers))
	for _, number := range numbers {
		n := at[number]
		n.Number = number
		c.one(&n)
		list = append(list, n)
	}
	return list
}

func (c *Change) one(n *Number) {
	if c.Status != "" {
		n.Status, n.Tenant, n.Until = c.Status, c.Tenant, time.Time{}
	}
	n.Status, n.Tenant = cmp.Or(n.Status, Free), cmp.Or(c.Tenant, n.Tenant)
	n.Class, n.Supplier, n.Contract, n.Note = cmp.Or(c.Class, n.Class), cmp.Or(c.Supplier, n.Supplier), cmp.Or(c.Contract, n.Contract), cmp.Or(c.Note, n.Note)
	if !c.Until.IsZero() {
		n.Until = c.Until
	}
	if c.Setup != nil {
		n.Setup = *c.Setup
	}
	if c.Monthly != nil {
		n.Monthly = *c.Monthly
	}
	n.Currency = cmp.Or(c.Currency, n.Currency)
}
