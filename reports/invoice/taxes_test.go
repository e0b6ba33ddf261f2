package invoice_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/money"
	"trunkline/reports"
	"trunkline/reports/invoice"
	"trunkline/reports/invoice/tax"
)

// byTime is a world whose calls are known by the time that is asked for.
type byTime struct {
	*world

	parts map[string][]reports.Usage // By where a part begins.
}

func (b *byTime) UsageOf(_ context.Context, _ []string, _ map[reports.HomeKey]reports.Home, from, _ time.Time) (map[string][]reports.Usage, error) {
	return map[string][]reports.Usage{"beauty": b.parts[from.UTC().Format(time.RFC3339)]}, nil
}

func (b *byTime) LateUsageOf(_ context.Context, _ []string, _ map[reports.HomeKey]reports.Home, _, _, before time.Time) (map[string][]reports.Usage, error) {
	return map[string][]reports.Usage{"beauty": b.parts["late "+before.UTC().Format(time.RFC3339)]}, nil
}

func local(sale string) []reports.Usage {
	return []reports.Usage{{Branch: "moscow", Class: reports.Local, Currency: rub(), Calls: 1, Attempts: 1, Seconds: 60, Sale: money.MustParseAmount(sale)}}
}

// taxedDraft makes the draft of the period of a tenant that begins on a day of October 2026, under a rule of tax.
func taxedDraft(tb testing.TB, startDay int, rule tax.Rule, parts map[string][]reports.Usage) *invoice.Document {
	tb.Helper()
	w, _, c := newWorld(tb)
	w.profiles[""] = invoice.Profile{Tax: rule, StartDay: startDay}
	snapshot, _ := compile(tb)
	b := &byTime{world: w, parts: parts}
	closer := invoice.NewCloser(invoice.Config{Usage: b, Calls: w, Postings: w, Counter: w, Readings: w, Ready: w, Archive: w, Snapshot: snapshot, Clock: c})
	d, err := closer.Draft(tb.Context(), "beauty", "2026-10")
	require.NoError(tb, err)
	foots(tb, d)
	var net, taxes money.Amount
	for i := range d.Taxes {
		net, err = net.Add(d.Taxes[i].Net)
		require.NoError(tb, err)
		taxes, err = taxes.Add(d.Taxes[i].Tax)
		require.NoError(tb, err)
	}
	require.Equal(tb, d.Net, net)
	require.Equal(tb, d.Tax, taxes)
	return d
}

func linesOf(d *invoice.Document, kind invoice.LineKind) (out []invoice.Line) {
	for i := range d.Lines {
		if d.Lines[i].Kind == kind {
			out = append(out, d.Lines[i])
		}
	}
	return out
}

// TestTaxByDayOfService changes the rate in the middle of a period: calls are taxed by their day, and fees by each day that
// they are for.
func TestTaxByDayOfService(t *testing.T) {
	t.Parallel()
	rule := tax.Rule{Name: "НДС", Rates: []tax.Rate{{Percent: "20"}, {Since: "2026-10-16", Percent: "22"}}}
	d := taxedDraft(t, 1, rule, map[string][]reports.Usage{"2026-09-30T21:00:00Z": local("100.004"), "2026-10-15T21:00:00Z": local("50")})
	usage := linesOf(d, invoice.UsageLine)
	require.Len(t, usage, 2)
	require.Equal(t, []string{"20", "22"}, []string{usage[0].TaxPercent, usage[1].TaxPercent})
	require.Equal(t, "usage/local/2", usage[1].Key)
	fees := linesOf(d, invoice.FeeLine)
	require.Equal(t, "48.39", fees[0].Amount.String(), "100 for 15 of 31 days")
	require.Equal(t, "51.61", fees[1].Amount.String())
	require.Contains(t, fees[0].Reason, "15 of 31 days, НДС 20 %")
	require.Equal(t, "2026-10-15T21:00:00Z", fees[0].Till.Format(time.RFC3339))
	require.Len(t, d.Taxes, 2)
	require.Equal(t, "НДС 20 %", d.Taxes[0].Text(d))
	require.Empty(t, d.TaxRate, "it has two")
	require.Len(t, linesOf(d, invoice.TaxLine), 2)
	require.Len(t, linesOf(d, invoice.RoundingLine), 1, "only one of both is not in whole coins")
	require.Equal(t, money.MustParseAmount("150.004"), d.Usage)

	var pdf bytes.Buffer
	require.NoError(t, invoice.WritePDF(&pdf, invoice.Issued{Document: d}, invoice.Brand{Colour: "#000000"}, nil))
	var xlsx bytes.Buffer
	require.NoError(t, invoice.WriteXLSX(&xlsx, invoice.Issued{Document: d}, nil))
}

// TestTaxOfDecemberInJanuary closes December after the rate went up: what was served in December has December's rate, and a
// period that crosses the year has both.
func TestTaxOfDecemberInJanuary(t *testing.T) {
	t.Parallel()
	rule := tax.Rule{Rates: []tax.Rate{{Percent: "20"}, {Since: "2026-11-01", Percent: "22"}}} // Now is 2026-11-02.
	d := taxedDraft(t, 1, rule, map[string][]reports.Usage{"2026-09-30T21:00:00Z": local("100")})
	require.Equal(t, "20", d.TaxRate)
	require.Len(t, d.Taxes, 1)
	d = taxedDraft(t, 15, rule, map[string][]reports.Usage{"2026-10-14T21:00:00Z": local("100"), "2026-10-31T21:00:00Z": local("10")})
	require.Len(t, d.Taxes, 2)
}

// TestLateCallsHaveTheTaxOfTheirDay has calls of September that came when September was closed, and count in October.
func TestLateCallsHaveTheTaxOfTheirDay(t *testing.T) {
	t.Parallel()
	rule := tax.Rule{Rates: []tax.Rate{{Percent: "18"}, {Since: "2026-09-01", Percent: "20"}, {Since: "2026-10-01", Percent: "22"}}}
	d := taxedDraft(t, 1, rule, map[string][]reports.Usage{
		"2026-09-30T21:00:00Z": local("100"), "late 2026-09-30T21:00:00Z": local("30"), "late 2026-08-31T21:00:00Z": local("10"),
	})
	byRate := make(map[string]string)
	for _, l := range linesOf(d, invoice.UsageLine) {
		byRate[l.TaxPercent] += l.Amount.String()
	}
	require.Equal(t, map[string]string{"18": "10", "20": "20", "22": "70"}, byRate)
	require.Equal(t, money.MustParseAmount("100"), d.Usage, "each call once")
}

// TestTaxesOfLines has a rate for most, another one for a fee, nothing for calls abroad, and one that the buyer owes.
func TestTaxesOfLines(t *testing.T) {
	t.Parallel()
	rule := tax.Rule{Rate: tax.Rate{Percent: "19"}, Items: []tax.Item{
		{For: []string{"storage"}, Rate: tax.Rate{Percent: "7"}},
		{For: []string{"usage"}, Rate: tax.Rate{Exempt: tax.Text{"de": "§ 4 UStG", "ru": "ст. 149 НК РФ"}}},
		{For: []string{"number"}, Rate: tax.Rate{ReverseCharge: true}},
	}}
	d := taxedDraft(t, 1, rule, map[string][]reports.Usage{"2026-09-30T21:00:00Z": local("10.5")})
	byText := make(map[string]string)
	for i := range d.Taxes {
		byText[d.Taxes[i].Text(d)] = d.Taxes[i].Net.String() + " " + d.Taxes[i].Tax.String()
	}
	require.Equal(t, map[string]string{
		"без налога: ст. 149 НК РФ": "10.5 0", "VAT 19 %": "250 47.5", "налог исчисляет покупатель": "500 0", "VAT 7 %": "20 1.4",
	}, byText)
	require.Equal(t, "829.4", d.Total.String())

	w, closer, _ := newWorld(t)
	w.profiles[""] = invoice.Profile{Tax: rule}
	results, err := closer.Run(t.Context(), october())
	require.NoError(t, err)
	require.Equal(t, invoice.NoTaxID, results[0].Refusals[0].Code)
	beauty := w.profiles["beauty"]
	beauty.Buyer = invoice.Party{TaxID: "1650000002"}
	w.profiles["beauty"] = beauty
	results, err = closer.Run(t.Context(), october())
	require.NoError(t, err)
	require.Empty(t, results[0].Refusals)
	creditsFoot(t, results[0].Issued.Document)
}

// TestInclusiveTaxesOfDays splits what the prices contain.
func TestInclusiveTaxesOfDays(t *testing.T) {
	t.Parallel()
	rule := tax.Rule{Inclusive: true, Rates: []tax.Rate{{Percent: "20"}, {Since: "2026-10-16", Percent: "22"}}}
	d := taxedDraft(t, 1, rule, map[string][]reports.Usage{"2026-09-30T21:00:00Z": local("120"), "2026-10-15T21:00:00Z": local("122")})
	require.Empty(t, linesOf(d, invoice.TaxLine))
	require.Equal(t, "1012", d.Total.String())
	// 120 and 372.59 of the fees at 20 %, and 122 and 397.41 at 22 %: each fee is split in whole coins.
	require.Equal(t, "82.1", d.Taxes[0].Tax.String())
	require.Equal(t, "93.66", d.Taxes[1].Tax.String())
}

// creditsFoot credits a part and all of a document: the taxes of the note add up, and those of the whole are those of the document.
func creditsFoot(tb testing.TB, d *invoice.Document) {
	tb.Helper()
	whole, err := invoice.Credit(d, d.Total, "all", d.Issued)
	require.NoError(tb, err)
	require.Equal(tb, d.Tax.Neg(), whole.Tax)
	part, err := invoice.Credit(d, money.MustParseAmount("100"), "a part", d.Issued)
	require.NoError(tb, err)
	require.Equal(tb, "-100", part.Total.String())
	for _, note := range []*invoice.Document{whole, part} {
		var sum money.Amount
		for i := range note.Taxes {
			sum, err = money.Sum(sum, note.Taxes[i].Net, note.Taxes[i].Tax)
			require.NoError(tb, err)
		}
		require.Equal(tb, note.Total, sum)
	}
}

// anyTax draws a rule: one rate, or one that changes in the middle of October, and now and then another one for a fee.
func anyTax(t *rapid.T) tax.Rule {
	percent := func(what string) string { return rapid.SampledFrom([]string{"0", "20", "18.5", "7"}).Draw(t, what) }
	rule := tax.Rule{Rate: tax.Rate{Percent: percent("tax")}, Inclusive: rapid.Bool().Draw(t, "inclusive")}
	if rapid.Bool().Draw(t, "changes") {
		rule.Rates, rule.Rate = []tax.Rate{rule.Rate, {Since: "2026-10-07", Percent: percent("next")}}, tax.Rate{}
	}
	if rapid.Bool().Draw(t, "item") {
		rule.Items = []tax.Item{{For: []string{"number"}, Rate: tax.Rate{Percent: percent("of numbers")}}}
	}
	return rule
}
