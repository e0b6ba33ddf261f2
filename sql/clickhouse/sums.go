package clickhouse

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
	"trunkline/ledger"
)

// Dimension is something that sums can be grouped by.
type Dimension string

// The dimensions: columns of the table.
const (
	ByTenant      Dimension = "tenant"
	ByBranch      Dimension = "branch"
	ByExtension   Dimension = "extension"
	ByNumber      Dimension = "number"
	ByDirection   Dimension = "direction"
	ByDestination Dimension = "destination"
	ByCountry     Dimension = "country"
	ByCarrier     Dimension = "carrier"
	ByGateway     Dimension = "gateway"
	ByKind        Dimension = "kind"
)

// Dimensions returns all of them.
func Dimensions() []Dimension {
	return []Dimension{
		ByTenant, ByBranch, ByExtension, ByNumber, ByDirection, ByDestination, ByCountry, ByCarrier, ByGateway, ByKind,
	}
}

// Sum is one group of legs. Sale and cost in different currencies are in groups of their own.
type Sum struct {
	Keys         []string // The values of the dimensions, in their order.
	SaleCurrency money.Currency
	CostCurrency money.Currency
	Legs         int64
	Answered     int64
	Duration     time.Duration
	Billed       int64 // Seconds.
	Sale         money.Amount
	Cost         money.Amount
}

// Sums returns the sums of the legs that the filter wants, per value of the dimensions, in their order. The filter's
// limit bounds the number of groups; 0 is MaxRows.
func (s *Store) Sums(ctx context.Context, f Filter, by ...Dimension) ([]Sum, error) {
	keys := make([]string, 0, len(by))
	for _, d := range by {
		if !slices.Contains(Dimensions(), d) {
			return nil, fmt.Errorf("sums by %q: want some of %v", d, Dimensions())
		}
		keys = append(keys, "toString("+string(d)+")")
	}
	where, err := f.condition()
	if err != nil {
		return nil, err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = MaxRows
	}
	where.args = append(where.args, min(limit, MaxRows))
	query := "SELECT CAST([" + strings.Join(keys, ", ") + "] AS Array(String)) AS keys, sale_currency, cost_currency, " +
		"sum(toInt64(sign)), sum(toInt64(sign) * (connect > 0)), sum(sign * duration_us), sum(sign * billed), " +
		"sum(sale * sign), sum(cost * sign) FROM cdr WHERE " + where.String() +
		" GROUP BY keys, sale_currency, cost_currency ORDER BY keys, sale_currency, cost_currency LIMIT ?"
	rows, err := s.db.conn.Query(ctx, query, where.args...)
	if err != nil {
		return nil, fmt.Errorf("sums of calls: %w", err)
	}
	defer rows.Close()
	var out []Sum
	for rows.Next() {
		var sum Sum
		var saleCurrency, costCurrency string
		var micros int64
		var sale, cost decimal.Decimal
		if err := rows.Scan(&sum.Keys, &saleCurrency, &costCurrency, &sum.Legs, &sum.Answered, &micros, &sum.Billed, &sale, &cost); err != nil {
			return nil, fmt.Errorf("sums of calls: %w", err)
		}
		sum.Duration = time.Duration(micros) * time.Microsecond
		if err := sum.setMoney(saleCurrency, costCurrency, sale, cost); err != nil {
			return nil, fmt.Errorf("sums of calls: %w", err)
		}
		out = append(out, sum)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sums of calls: %w", err)
	}
	return out, nil
}

func (s *Sum) setMoney(saleCurrency, costCurrency string, sale, cost decimal.Decimal) (err error) {
	if err := s.SaleCurrency.UnmarshalText([]byte(saleCurrency)); err != nil {
		return err
	}
	if err := s.CostCurrency.UnmarshalText([]byte(costCurrency)); err != nil {
		return err
	}
	if s.Sale, err = money.FromDecimal(sale, money.HalfUp); err != nil {
		return err
	}
	s.Cost, err = money.FromDecimal(cost, money.HalfUp)
	return err
}

// UsageSums returns, per account of a tenant or carrier, what the calls that count in [from, till) came to.
func (s *Store) UsageSums(ctx context.Context, from, till time.Time) ([]ledger.UsageSum, error) {
	return s.UsageSumsOf(ctx, from, till, math.MaxInt64, nil, nil)
}

// UsageSumsOf returns UsageSums of the batches up to last that are not among some, without some UTC days.
func (s *Store) UsageSumsOf(ctx context.Context, from, till time.Time, last int64, without []int64, days []time.Time) ([]ledger.UsageSum, error) {
	const of = `slot >= toDateTime(?, 'UTC') AND slot < toDateTime(?, 'UTC') AND batch <= ? AND NOT has(CAST(? AS Array(Int64)), batch) AND NOT has(CAST(? AS Array(Date)), toDate(slot))`
	const query = `
SELECT 'tenant' AS kind, toString(tenant) AS owner, toString(sale_currency) AS currency, sum(sale * sign) AS amount, sum(toInt64(sign)) AS legs
FROM cdr WHERE sale_currency <> '' AND ` + of + ` GROUP BY owner, currency
UNION ALL
SELECT 'carrier', toString(carrier) AS owner, toString(cost_currency) AS currency, sum(cost * sign), sum(toInt64(sign))
FROM cdr WHERE cost_currency <> '' AND ` + of + ` GROUP BY owner, currency`
	if without == nil {
		without = []int64{}
	}
	skipped := make([]string, len(days))
	for i, d := range days {
		skipped[i] = d.UTC().Format(time.DateOnly)
	}
	rows, err := s.db.conn.Query(ctx, query, from.Unix(), till.Unix(), last, without, skipped, from.Unix(), till.Unix(), last, without, skipped)
	if err != nil {
		return nil, fmt.Errorf("sums of calls by account: %w", err)
	}
	defer rows.Close()
	var out []ledger.UsageSum
	for rows.Next() {
		var kind, owner, currency string
		var amount decimal.Decimal
		var sum ledger.UsageSum
		if err := rows.Scan(&kind, &owner, &currency, &amount, &sum.Legs); err != nil {
			return nil, fmt.Errorf("sums of calls by account: %w", err)
		}
		if sum.Account, err = ledger.ParseAccount(kind + "/" + owner + "/" + currency); err != nil {
			return nil, fmt.Errorf("sums of calls by account: %w", err)
		}
		if sum.Amount, err = money.FromDecimal(amount, money.HalfUp); err != nil {
			return nil, fmt.Errorf("sums of calls by account: %w", err)
		}
		out = append(out, sum)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sums of calls by account: %w", err)
	}
	return out, nil
}
