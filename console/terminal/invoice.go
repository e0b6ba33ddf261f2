package terminal

import (
	"fmt"
	"strings"

	"trunkline/reports/invoice"
)

// ClosedPeriods lists what became of tenants' invoices; dry: nothing was stored.
func ClosedPeriods(results []invoice.Result, dry bool) *Table {
	t := &Table{Columns: []string{"tenant", "period", "number", "total", "currency", "state", "reasons"}, Of: "tenants"}
	for i := range results {
		r := &results[i]
		number, total, currency := "", "", ""
		if d := r.Document; d != nil {
			number, total, currency = d.Number, d.Total.Format(d.Currency.MinorUnits()), d.Currency.String()
		}
		var reasons []string
		for _, refusal := range r.Refusals {
			reasons = append(reasons, string(refusal.Code)+": "+refusal.Detail)
		}
		for _, w := range r.Warnings {
			reasons = append(reasons, "warning: "+w)
		}
		t.Add(r.Tenant, r.Period.Label, number, total, currency, resultState(r, dry), strings.Join(reasons, "; "))
	}
	return t
}

func resultState(r *invoice.Result, dry bool) string {
	switch {
	case r.Issued != nil && r.Issued.NewlyIssued:
		return "issued now"
	case r.Issued != nil:
		return string(r.Issued.State)
	case len(r.Refusals) > 0:
		return "refused"
	case r.Empty:
		return "nothing due"
	case dry:
		return "would be issued"
	}
	return string(invoice.StateDraft)
}

// Documents lists invoices and credit notes that were issued.
func Documents(list []invoice.Issued) *Table {
	t := &Table{Columns: []string{"number", "kind", "tenant", "period", "issued", "due", "net", "tax", "total", "currency", "state", "hash"}, Of: "documents"}
	for i := range list {
		d := list[i].Document
		scale := d.Currency.MinorUnits()
		t.Add(d.Number, string(d.Kind), d.Tenant, d.Period.Label, day(d.Issued), day(d.Due), d.Net.Format(scale), d.Tax.Format(scale),
			d.Total.Format(scale), d.Currency.String(), string(list[i].State), list[i].Hash[:12])
	}
	return t
}

// Document lists the lines of a document with its net, tax and total.
func Document(i *invoice.Issued) *Table {
	d := i.Document
	scale := d.Currency.MinorUnits()
	t := &Table{Columns: []string{"kind", "text", "number", "quantity", "calls", "minutes", "amount", "why"}, Of: "lines of " + string(d.Kind) + " " + d.Number + ", " + string(i.State)}
	for n := range d.Lines {
		l := &d.Lines[n]
		why := l.Waived
		if why == "" {
			why = l.Reason
		}
		quantity, calls, minutes := "", "", ""
		if l.Kind == invoice.FeeLine {
			quantity = figure(l.Quantity)
		}
		if l.Kind == invoice.UsageLine {
			calls, minutes = figure(l.Calls), fmt.Sprintf("%d.%02d", l.Seconds/60, l.Seconds%60*100/60)
		}
		t.Add(string(l.Kind), l.Text, l.Number, quantity, calls, minutes, l.Amount.Format(scale), why)
	}
	t.Add("", "net", "", "", "", "", d.Net.Format(scale), "")
	parts := d.TaxParts()
	for n := range parts {
		t.Add("", parts[n].Text(d), "", "", "", "", parts[n].Tax.Format(scale), "on "+parts[n].Net.Format(scale))
	}
	t.Add("", "total, "+d.Currency.String(), "", "", "", "", d.Total.Format(scale), "")
	return t
}

// Charges lists what was charged by hand, with the invoices that it stands on.
func Charges(list []invoice.Charge) *Table {
	t := &Table{Columns: []string{"id", "tenant", "branch", "day", "text", "amount", "made", "by", "key", "invoice"}, Of: "charges"}
	for _, l := range list {
		t.Add(figure(l.ID), l.Tenant, l.Branch, l.Day, l.Text, l.Amount.String(), moment(l.Created), l.By, l.Key, l.Number)
	}
	return t
}
