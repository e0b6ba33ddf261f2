package export

import (
	"fmt"
	"slices"

	"trunkline/internal/money"
	"trunkline/reports"
)

// OfAnswer is an answer with typed columns: one of money for each currency.
func OfAnswer(a *reports.Answer) *Table {
	t := &Table{}
	for _, d := range a.By {
		t.Fields = append(t.Fields, Field{Name: string(d)})
	}
	sales, costs := a.Total.Sale.Currencies(), a.Total.Cost.Currencies()
	prefixes := []string{""}
	if a.CompareTo != nil {
		prefixes = append(prefixes, "before_")
		for _, f := range []*reports.Figures{a.Total.Before} {
			sales, costs = union(sales, f.Sale.Currencies()), union(costs, f.Cost.Currencies())
		}
	}
	for _, p := range prefixes {
		for _, name := range []string{"legs", "seizures", "answered", "rejected_limit", "rejected_capacity", "acd_ms", "pdd_p50_ms", "pdd_p95_ms", "pdd_p99_ms", "duration_seconds", "billed_seconds"} {
			t.Fields = append(t.Fields, Field{Name: p + name, Kind: Whole})
		}
		t.Fields = append(t.Fields, Field{Name: p + "asr_percent", Kind: Amount}, Field{Name: p + "ner_percent", Kind: Amount})
		for _, c := range sales {
			t.Fields = append(t.Fields, Field{Name: p + "sale_" + c.String(), Kind: Amount})
		}
		for _, c := range costs {
			t.Fields = append(t.Fields, Field{Name: p + "cost_" + c.String(), Kind: Amount})
		}
		t.Fields = append(t.Fields, Field{Name: p + "margin", Kind: Amount}, Field{Name: p + "margin_currency"})
	}
	for i := range a.Rows {
		r := &a.Rows[i]
		var row []any
		for j := range a.By {
			key := r.Keys[j]
			if r.Other && j == 0 {
				key = fmt.Sprintf("%d others", r.Groups)
			}
			row = append(row, key)
		}
		row = append(row, figureCells(&r.Figures, sales, costs)...)
		if r.Before != nil {
			row = append(row, figureCells(r.Before, sales, costs)...)
		}
		t.Add(row...)
	}
	return t
}

func union(a, b []money.Currency) []money.Currency {
	for _, c := range b {
		if !slices.Contains(a, c) {
			a = append(a, c)
		}
	}
	return a
}

func figureCells(f *reports.Figures, sales, costs []money.Currency) []any {
	row := []any{f.Legs, f.Seizures, f.Answered, f.RejectedLimit, f.RejectedCapacity, int64(f.ACD), int64(f.PDD50), int64(f.PDD95), int64(f.PDD99), f.Duration, f.Billed, part(f.ASR), part(f.NER)}
	for _, c := range sales {
		row = append(row, f.Sale[c])
	}
	for _, c := range costs {
		row = append(row, f.Cost[c])
	}
	if f.Margin == nil {
		return append(row, nil, nil)
	}
	return append(row, f.Margin.Amount, f.Margin.Currency.String())
}

// part is a percentage as a number; nothing where there is no whole.
func part(s reports.Share) any {
	a, err := money.ParseAmount(s.String())
	if err != nil {
		return nil
	}
	return a
}
