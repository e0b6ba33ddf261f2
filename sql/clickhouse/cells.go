package clickhouse

import (
	"fmt"
	"strings"
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/reports"
)

// cellKey is what rows of the table of sums are told apart by.
type cellKey struct {
	grain                                                grain
	kind, direction                                      int8
	cause                                                uint8
	at                                                   int64 // Unix seconds of the beginning of the hour, day or month.
	batch, key                                           int64
	tenant, branch, extension, number, area, destination string
	country, carrier, gateway                            string
	saleCurrency, costCurrency                           money.Currency
}

// cell is what a row of the table of sums has come to.
type cell struct {
	legs, seizures, answered, effective, limited, crowded, micros, billed, covered int64

	pdd        reports.Histogram
	sale, cost money.Amount
}

// cells are rows of the table of sums, in the order in which they were made.
type cells struct {
	places map[cellKey]int
	keys   []cellKey
	sums   []cell
}

// sumUp sums records, by all grains.
func sumUp(records []cdr.Record) (*cells, error) {
	c := &cells{places: make(map[cellKey]int, 2*len(records))}
	for i := range records {
		if err := c.record(&records[i]); err != nil {
			return nil, err
		}
	}
	for i := range c.keys { // What is coarser is summed from the hours: there are fewer of them.
		if c.keys[i].grain != hourGrain {
			continue
		}
		for _, key := range coarser(c.keys[i]) {
			if err := c.add(key, c.sums[i]); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// record adds a record to its hour, to what is charged for, and to its batch.
func (c *cells) record(r *cdr.Record) error {
	one, err := cellOf(r)
	if err != nil {
		return err
	}
	if err := c.add(hourOf(r), one); err != nil {
		return err
	}
	mark := cellKey{grain: batchGrain, kind: int8(cdr.Ingress), direction: int8(calls.Outbound), at: monthOf(r).Unix(), batch: r.Batch, key: r.BatchKey}
	if err := c.add(mark, cell{legs: 1, sale: one.sale, cost: one.cost}); err != nil {
		return err
	}
	key, charged := usageOf(r)
	if !charged {
		return nil
	}
	return c.add(key, cell{legs: one.legs, answered: one.answered, billed: one.billed, covered: int64(r.Sign) * r.Covered, sale: one.sale})
}

// monthOf returns the beginning of the month, in UTC, that a record counts in.
func monthOf(r *cdr.Record) time.Time {
	slot := r.Slot.UTC()
	return time.Date(slot.Year(), slot.Month(), 1, 0, 0, 0, 0, time.UTC)
}

func hourOf(r *cdr.Record) cellKey {
	return cellKey{
		grain: hourGrain, kind: int8(r.Kind), direction: int8(r.Direction), cause: r.Cause, at: r.Slot.Truncate(time.Hour).Unix(), //nolint:gosec // Of closed sets.
		tenant: r.Tenant, branch: r.Branch, extension: r.Extension, number: r.Number, destination: r.Destination,
		country: r.Country, carrier: r.Carrier, gateway: r.Gateway, saleCurrency: r.SaleCurrency, costCurrency: r.CostCurrency,
	}
}

// areaDigits is how much of a called number tells local, long-distance and mobile calls apart.
const areaDigits = 7

// usageOf returns where a record is charged for; false: it is not.
func usageOf(r *cdr.Record) (cellKey, bool) {
	inside := r.Direction == calls.Internal
	if r.Kind != cdr.Ingress || inside && r.Sale.IsZero() {
		return cellKey{}, false
	}
	key := cellKey{
		grain: usageGrain, kind: int8(cdr.Ingress), direction: int8(calls.Outbound), at: r.Slot.Truncate(time.Hour).Unix(),
		tenant: r.Tenant, branch: r.Branch, destination: r.Destination, saleCurrency: r.SaleCurrency,
	}
	if r.Direction == calls.Inbound {
		key.direction = int8(calls.Inbound)
	}
	if !inside {
		to := r.To.Digits()
		key.area = to[:min(len(to), areaDigits)]
	}
	return key, true
}

// coarser returns the rows that are summed from one of an hour.
func coarser(hour cellKey) [4]cellKey {
	house := cellKey{grain: houseGrain, kind: hour.kind, direction: hour.direction, at: hour.at, saleCurrency: hour.saleCurrency, costCurrency: hour.costCurrency}
	tenant, traffic := house, house
	tenant.grain, tenant.tenant, tenant.branch = tenantGrain, hour.tenant, hour.branch
	traffic.grain, traffic.country, traffic.carrier, traffic.gateway, traffic.cause = trafficGrain, hour.country, hour.carrier, hour.gateway, hour.cause
	day := tenant
	day.grain, day.extension, day.number, day.country = dayGrain, hour.extension, hour.number, hour.country
	day.at -= day.at % int64((24 * time.Hour).Seconds())
	return [4]cellKey{day, traffic, tenant, house}
}

// cellOf returns what one record adds to the sums that it is in.
func cellOf(r *cdr.Record) (c cell, err error) {
	sign := int64(r.Sign)
	of := func(yes bool) int64 {
		if yes {
			return sign
		}
		return 0
	}
	seizure, answered := r.SIPStatus != 401 && r.SIPStatus != 407, !r.Connect.IsZero()
	c = cell{
		legs: sign, seizures: of(seizure), answered: of(answered), effective: of(answered || seizure && endedByUser(r.Cause)),
		limited: of(limited(r)), crowded: of(r.Reason == "capacity" || r.Reason == "cps"),
		micros: sign * r.Duration().Microseconds(), billed: sign * r.Billed,
	}
	if delay := r.PDD().Truncate(time.Microsecond); delay > 0 {
		c.pdd = reports.Histogram{reports.ClassOf(delay): sign}
	}
	if c.sale, err = r.Sale.Mul(sign); err != nil {
		return c, fmt.Errorf("sums: leg %s: %w", r.ID(), err)
	}
	if c.cost, err = r.Cost.Mul(sign); err != nil {
		return c, fmt.Errorf("sums: leg %s: %w", r.ID(), err)
	}
	return c, nil
}

// endedByUser reports whether a Q.850 cause says that the network did its part (ITU-T E.425, NER).
func endedByUser(cause uint8) bool { return cause >= 16 && cause <= 19 || cause == 21 }

// limited reports whether a call was refused or ended because money or a limit was used up.
func limited(r *cdr.Record) bool {
	return r.ReleasedBy == cdr.SideLimit || strings.HasPrefix(r.Reason, "limit") || r.Reason == "balance"
}

// add adds to a row.
func (c *cells) add(key cellKey, one cell) (err error) {
	at, there := c.places[key]
	if !there {
		at = len(c.keys)
		c.places[key], c.keys = at, append(c.keys, key)
		c.sums = append(c.sums, cell{})
	}
	to := &c.sums[at]
	to.legs += one.legs
	to.seizures += one.seizures
	to.answered += one.answered
	to.effective += one.effective
	to.limited += one.limited
	to.crowded += one.crowded
	to.micros += one.micros
	to.billed += one.billed
	to.covered += one.covered
	if to.pdd == nil && len(one.pdd) > 0 {
		to.pdd = make(reports.Histogram, len(one.pdd))
	}
	to.pdd.Add(one.pdd)
	if to.sale, err = to.sale.Add(one.sale); err != nil {
		return fmt.Errorf("sums of sales: %w", err)
	}
	if to.cost, err = to.cost.Add(one.cost); err != nil {
		return fmt.Errorf("sums of costs: %w", err)
	}
	return nil
}
