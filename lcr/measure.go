package lcr

import (
	"sync/atomic"

	"trunkline/internal/money"
)

// Measures are the figures that change while plans stay as they are: the gateways' quality, and what is owed to carriers.
// They are worked out elsewhere and put in as whole tables; a decision reads each table once. One set serves all worlds
// of a process. The zero value has no figures, which closes no gate; it is safe for concurrent use.
type Measures struct {
	gateways slots
	carriers slots
	quality  atomic.Pointer[qualityTable]
	debts    atomic.Pointer[[]money.Amount] // By the carrier's slot.
}

// SetQuality replaces the figures of quality. A row with a prefix is for the calls to the numbers that begin with it, one
// without for all calls of the gateway. Gateways without a row have no figures.
func (m *Measures) SetQuality(rows []QualityRow) error {
	t, err := newQualityTable(rows, &m.gateways)
	if err == nil {
		m.quality.Store(t)
	}
	return err
}

// SetDebts replaces what is owed to carriers, by their ids and in their currencies.
func (m *Measures) SetDebts(owed map[string]money.Amount) {
	var table []money.Amount
	for carrier, amount := range owed {
		slot := int(m.carriers.slot(carrier))
		for len(table) <= slot {
			table = append(table, money.Amount{})
		}
		table[slot] = amount
	}
	m.debts.Store(&table)
}

// owed returns what is owed to the carrier of a gateway.
func (m *Measures) owed(g *gateway) money.Amount {
	table := m.debts.Load()
	if table == nil || int(g.debt) >= len(*table) {
		return money.Amount{}
	}
	return (*table)[g.debt]
}
