package clickhouse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
	"trunkline/reports"
)

// groupRow is one row of an answer.
type groupRow struct {
	scan, stretch              uint8
	owner                      string // The tenant that the row is of, where those of several are looked at.
	mask                       uint64
	keys                       []string // Of all columns of the scan; those of other groupings are empty.
	saleCurrency, costCurrency string
	sums                       reports.Sums
	pdd                        map[uint8]int64
	sale, cost                 decimal.Decimal
}

// dealer gives each question the rows that are its own.
type dealer struct {
	questions []reports.GroupQuery
	scans     []*scan
	mergers   []merger
	rows      []int // That each scan gave.
}

func newDealer(scans []*scan, questions []reports.GroupQuery) *dealer {
	d := &dealer{questions, scans, make([]merger, len(questions)), make([]int, len(scans))}
	for i := range d.mergers {
		d.mergers[i].places = make(map[string]int)
	}
	return d
}

func (d *dealer) deal(g *groupRow) error {
	s := d.scans[g.scan]
	if d.rows[g.scan]++; d.rows[g.scan] == s.limit(d.questions) { // It was cut off.
		return tooMany(d.questions[s.wants[0].query].Limit)
	}
	for _, w := range s.wants {
		q := &d.questions[w.query]
		if s.stretches[g.stretch] != w.stretch || s.mask(q.By) != g.mask || s.shared() && q.Tenant != g.owner {
			continue
		}
		keys := make([]string, len(q.By))
		for i, by := range q.By {
			keys[i] = g.keys[slices.Index(s.dims, by)]
		}
		m := &d.mergers[w.query]
		if err := m.add(keys, g); err != nil {
			return err
		}
		if len(m.groups) > q.Limit {
			return tooMany(q.Limit)
		}
	}
	return nil
}

func tooMany(limit int) error {
	return fmt.Errorf("%w: more than %d groups: narrow the filter, or group by less", reports.ErrQuery, limit)
}

// groups are the answers, in the order of the questions.
func (d *dealer) groups() [][]reports.Group {
	out := make([][]reports.Group, len(d.mergers))
	for i := range d.mergers {
		out[i] = d.mergers[i].groups
	}
	return out
}

// merger puts rows of one group together: those of other scans, and of other currencies.
type merger struct {
	places map[string]int
	groups []reports.Group
}

func (m *merger) add(keys []string, g *groupRow) error {
	name := strings.Join(keys, "\x00")
	i, ok := m.places[name]
	if !ok {
		i = len(m.groups)
		m.places[name] = i
		m.groups = append(m.groups, reports.Group{Keys: keys, Sums: reports.Sums{
			PDD: make(reports.Histogram), Sale: make(reports.Purse), Cost: make(reports.Purse),
		}})
	}
	to := &m.groups[i].Sums
	to.Legs += g.sums.Legs
	to.Seizures += g.sums.Seizures
	to.Answered += g.sums.Answered
	to.Effective += g.sums.Effective
	to.Limited += g.sums.Limited
	to.Crowded += g.sums.Crowded
	to.Micros += g.sums.Micros
	to.Billed += g.sums.Billed
	to.PDD.Add(g.pdd)
	if err := putIn(to.Sale, g.saleCurrency, g.sale); err != nil {
		return err
	}
	return putIn(to.Cost, g.costCurrency, g.cost)
}

func putIn(p reports.Purse, code string, d decimal.Decimal) error {
	if code == "" {
		return nil
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		return err
	}
	a, err := money.FromDecimal(d, money.HalfEven)
	if err != nil {
		return err
	}
	return p.Add(c, a)
}
