package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/field"
)

// Order is what rows are sorted by; the zero value puts parts of time in their order, and else most legs first.
type Order string

// The orders. All but OrderKey put the most first.
const (
	OrderKey      Order = "key"
	OrderLegs     Order = "legs"
	OrderAnswered Order = "answered"
	OrderDuration Order = "duration"
	OrderSale     Order = "sale" // Of rows with several currencies the highest amount counts.
	OrderCost     Order = "cost"
)

func (o Order) check() error {
	switch o {
	case "", OrderKey, OrderLegs, OrderAnswered, OrderDuration, OrderSale, OrderCost:
		return nil
	}
	return fmt.Errorf("%w: order %q: want key, legs, answered, duration, sale or cost", ErrQuery, o)
}

// Access says whom the figure is shown to by which rows are ordered.
func (o Order) Access() field.Access {
	switch o {
	case OrderSale:
		return classOf("client,sale")
	case OrderCost:
		return classOf("cost")
	case OrderKey, OrderLegs, OrderAnswered, OrderDuration:
	}
	return classOf("client")
}

// builder puts the groups of one or two periods together.
type builder struct {
	q     *Question
	rows  map[string]*Row
	order []*Row
}

func newBuilder(q *Question, groups []Group) *builder {
	b := &builder{q: q, rows: make(map[string]*Row, len(groups))}
	for i := range groups {
		r := &Row{Keys: groups[i].Keys, Groups: 1, sums: groups[i].Sums}
		b.rows[strings.Join(r.Keys, "\x00")] = r
		b.order = append(b.order, r)
	}
	return b
}

// compare puts the groups of the other period beside those of the same name. Hours, days and months have the same name
// where they are as far from the beginning of their periods.
func (b *builder) compare(groups []Group) {
	for i := range groups {
		keys := slices.Clone(groups[i].Keys)
		for j, d := range b.q.By {
			keys[j] = b.shift(d, keys[j])
		}
		name := strings.Join(keys, "\x00")
		r, ok := b.rows[name]
		if !ok {
			r = &Row{Keys: keys, Groups: 1}
			b.rows[name] = r
			b.order = append(b.order, r)
		}
		r.before = groups[i].Sums
	}
}

// shift moves an hour, day or month of the period that is compared with to its place in the period.
func (b *builder) shift(d Dimension, key string) string {
	from, back := b.q.Period.From.In(b.q.Period.Zone), b.q.CompareTo.From.In(b.q.CompareTo.Zone)
	switch d {
	case ByHour:
		if at, err := time.Parse(time.RFC3339, key); err == nil {
			return at.Add(b.q.Period.From.Sub(b.q.CompareTo.From)).UTC().Format(time.RFC3339)
		}
	case ByDay:
		if at, err := time.Parse(time.DateOnly, key); err == nil {
			return at.AddDate(0, 0, DayNumber(from, from.Location())-DayNumber(back, back.Location())).Format(time.DateOnly)
		}
	case ByMonth:
		if at, err := time.Parse("2006-01", key); err == nil {
			return at.AddDate(0, (from.Year()-back.Year())*12+int(from.Month()-back.Month()), 0).Format("2006-01")
		}
	case ByTenant, ByBranch, ByExtension, ByNumber, ByDirection, ByDestination, ByCountry, ByCarrier, ByGateway, ByCause, ByStatus, ByCaller, ByCalled,
		ByWeekday, ByHourOfDay:
	}
	return key
}

// finish sorts, takes the top ones, and makes the figures.
func (b *builder) finish(a *Answer, r *reckoner) error {
	slices.SortFunc(b.order, b.less)
	total := &Row{Keys: []string{}, Groups: len(b.order)}
	rows := b.order
	if b.q.Top > 0 && len(rows) > b.q.Top {
		other := &Row{Keys: make([]string, len(b.q.By)), Other: true}
		for _, row := range rows[b.q.Top:] {
			if err := other.include(row); err != nil {
				return err
			}
			other.Groups++
		}
		rows = append(slices.Clone(rows[:b.q.Top]), other)
	}
	for _, row := range append(slices.Clone(rows), total) {
		if row != total {
			if err := total.include(row); err != nil {
				return err
			}
		}
		if err := row.reckon(r, b.q.Compare); err != nil {
			return err
		}
	}
	a.Rows, a.Total = make([]Row, len(rows)), *total
	for i, row := range rows {
		a.Rows[i] = *row
	}
	return nil
}

// reckon makes the figures of a row's sums.
func (r *Row) reckon(by *reckoner, compare bool) (err error) {
	if r.Figures, err = by.figures(&r.sums); err != nil || !compare {
		return err
	}
	before, err := by.figures(&r.before)
	r.Before = &before
	return err
}

func (r *Row) include(other *Row) error {
	if err := r.sums.add(&other.sums); err != nil {
		return err
	}
	return r.before.add(&other.before)
}

func (b *builder) less(x, y *Row) int {
	o := b.q.Order
	if o == "" && !slices.ContainsFunc(b.q.By, Dimension.Timed) {
		o = OrderLegs
	}
	return cmp.Or(compareSums(o, &y.sums, &x.sums), compareKeys(x.Keys, y.Keys))
}

func compareSums(o Order, x, y *Sums) int {
	switch o {
	case OrderLegs:
		return cmp.Compare(x.Legs, y.Legs)
	case OrderAnswered:
		return cmp.Compare(x.Answered, y.Answered)
	case OrderDuration:
		return cmp.Compare(x.Micros, y.Micros)
	case OrderSale:
		return cmp.Compare(highest(x.Sale), highest(y.Sale))
	case OrderCost:
		return cmp.Compare(highest(x.Cost), highest(y.Cost))
	case OrderKey:
	}
	return 0
}

func highest(p Purse) int64 {
	var most int64
	for _, a := range p {
		most = max(most, a.Micros())
	}
	return most
}

// compareKeys puts numbers by their size and all else by its letters.
func compareKeys(x, y []string) int {
	for i := range x {
		a, errA := strconv.Atoi(x[i])
		b, errB := strconv.Atoi(y[i])
		if errA == nil && errB == nil && a != b {
			return cmp.Compare(a, b)
		}
		if c := cmp.Compare(x[i], y[i]); c != 0 {
			return c
		}
	}
	return 0
}
