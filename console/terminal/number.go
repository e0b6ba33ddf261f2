package terminal

import (
	"trunkline/provision/inventory"
)

// Numbers lists telephone numbers of the house.
func Numbers(list []inventory.Number) *Table {
	t := &Table{Columns: []string{"number", "status", "tenant", "until", "class", "supplier", "contract", "setup", "monthly", "currency", "note"}, Of: "numbers"}
	for i := range list {
		n := &list[i]
		t.Add(n.Number.String(), string(n.Status), n.Tenant, moment(n.Until), n.Class, n.Supplier, n.Contract, n.Setup.String(), n.Monthly.String(), n.Currency.String(), n.Note)
	}
	return t
}
