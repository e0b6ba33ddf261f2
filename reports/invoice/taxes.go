package invoice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/money"
	"trunkline/reports"
	"trunkline/reports/invoice/tax"
)

// TaxPart is what a document says of one tax: on how much, and how much it is.
type TaxPart struct {
	Category tax.Category `json:"category"` // UNCL 5305.
	Percent  string       `json:"percent,omitempty"`
	Reason   string       `json:"reason,omitempty"` // Why nothing is due, in the document's language.
	Net      money.Amount `json:"net"`
	Tax      money.Amount `json:"tax"`
}

// Text names the tax in the language of its document.
func (t *TaxPart) Text(d *Document) string {
	w := words(d.Language)
	switch t.Category {
	case tax.ReverseCharge:
		return w.reverse
	case tax.Exempt:
		return w.exempt + " " + t.Reason
	case tax.Standard, tax.Zero, tax.None:
	}
	return d.TaxName + " " + strings.Replace(t.Percent, ".", point(d.Language), 1) + " %"
}

// TaxParts are the taxes of a document. Those that were issued before documents said so have one, or none.
func (d *Document) TaxParts() []TaxPart {
	if len(d.Taxes) > 0 || d.TaxRate == "" || d.TaxRate == "0" {
		return d.Taxes
	}
	return []TaxPart{{Category: tax.Standard, Percent: d.TaxRate, Net: d.Net, Tax: d.Tax}}
}

// served is the time for which a line was served; its tax is that of the days in it. What has no length is served at once.
type served struct {
	from, till time.Time
}

// taxed gives every line its tax, by the day of what it is for. A fee whose days span a change is split by its days.
func (d *drafter) taxed() error {
	lines := d.doc.Lines
	d.doc.Lines = make([]Line, 0, len(lines))
	for i := range lines {
		if err := d.taxLine(lines[i]); err != nil {
			return err
		}
	}
	return nil
}

func (d *drafter) taxLine(l Line) error {
	spans := d.taxSpans(&l)
	if len(spans) == 1 || l.Amount.IsZero() {
		d.put(l, spans[0].due)
		return nil
	}
	days := make([]int64, len(spans))
	var all int64
	for i, s := range spans {
		days[i] = daysOf(s.from, s.till, d.zone)
		all += days[i]
	}
	parts, err := money.AllocateUnits(l.Amount, days, d.shareScale(l.Amount))
	if err != nil {
		return err
	}
	for i, s := range spans {
		part := l
		part.Key += "/" + strconv.Itoa(i+1)
		part.From, part.Till, part.Amount = s.from.UTC(), s.till.UTC(), parts[i]
		part.Reason += fmt.Sprintf("; %d of %d days, %s", days[i], all, d.taxText(s.due))
		if part.Shares, err = d.spread(parts[i], l.Shares); err != nil {
			return err
		}
		d.put(part, s.due)
	}
	return nil
}

func (d *drafter) put(l Line, due tax.Due) {
	l.TaxCategory, l.TaxPercent = due.Category, percentOf(due)
	l.due = due
	d.add(l)
}

// taxSpan is a part of the time of a line with one tax.
type taxSpan struct {
	from, till time.Time
	due        tax.Due
}

// taxSpans are the parts of a line's time that are taxed each by their own rate.
func (d *drafter) taxSpans(l *Line) []taxSpan {
	rule, names := d.profile.Tax, namesOf(l)
	at := l.served
	if at.from.IsZero() {
		at = served{l.From, l.Till}
	}
	on := func(moment time.Time) tax.Due { return rule.On(moment.In(d.zone).Format(time.DateOnly), names...) }
	out := []taxSpan{{at.from, at.till, on(at.from)}}
	for _, change := range rule.Changes(at.from, at.till, d.zone) {
		last := &out[len(out)-1]
		if due := on(change); due.Key() != last.due.Key() {
			last.till = change
			out = append(out, taxSpan{change, at.till, due})
		}
	}
	return out
}

// namesOf are the names by which items of the rule name a line.
func namesOf(l *Line) []string {
	if l.Kind == UsageLine {
		return []string{"usage", "usage/" + strings.SplitN(l.Key, "/", 3)[1]}
	}
	return []string{l.fee}
}

func percentOf(due tax.Due) string {
	if due.Category == tax.Standard || due.Category == tax.Zero {
		return due.Percent.String()
	}
	return ""
}

// taxText names a tax on a line.
func (d *drafter) taxText(due tax.Due) string {
	switch due.Category {
	case tax.Standard, tax.Zero:
		return d.profile.Tax.Title() + " " + due.Percent.String() + " %"
	case tax.ReverseCharge:
		return words(d.profile.Language).reverse
	case tax.Exempt:
		return words(d.profile.Language).exempt + " " + due.Reason.In(d.profile.Language)
	case tax.None:
	}
	return string(due.Category)
}

// daysOf is how many days of a zone a time touches.
func daysOf(from, till time.Time, zone *time.Location) int64 {
	return int64(reports.DayNumber(till.Add(-1), zone) - reports.DayNumber(from, zone) + 1)
}

// taxGroup are the lines that are taxed together.
type taxGroup struct {
	due  tax.Due
	sum  money.Amount // Of the lines, in whole coins once it is rounded.
	part TaxPart
}

// taxGroups are the groups in the order of their first lines. A document without lines has the group of its last day.
func (d *drafter) taxGroups() ([]*taxGroup, error) {
	var out []*taxGroup
	var err error
	for i := range d.doc.Lines {
		l := &d.doc.Lines[i]
		at := slices.IndexFunc(out, func(g *taxGroup) bool { return g.due.Key() == l.due.Key() })
		if at < 0 {
			at, out = len(out), append(out, &taxGroup{due: l.due})
		}
		if out[at].sum, err = out[at].sum.Add(l.Amount); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		out = append(out, &taxGroup{due: d.profile.Tax.On(d.period.Till.Add(-1).In(d.zone).Format(time.DateOnly))})
	}
	return out, nil
}

// taxes rounds what is taxed together to whole coins, each with a line of its own, and reckons the tax on it. One that the
// prices contain is told, and has no line.
func (d *drafter) taxes() error {
	groups, err := d.taxGroups()
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := d.round(g, len(groups) > 1); err != nil {
			return err
		}
	}
	for _, g := range groups {
		if err := d.tax(g, len(groups) > 1); err != nil {
			return err
		}
	}
	d.doc.TaxName, d.doc.Inclusive = d.profile.Tax.Title(), d.profile.Tax.Inclusive
	if len(groups) == 1 {
		d.doc.TaxRate = groups[0].due.Percent.String()
		if groups[0].due.Category == tax.None {
			return nil
		}
	}
	for _, g := range groups {
		d.doc.Taxes = append(d.doc.Taxes, g.part)
	}
	return nil
}

// round brings the sum of what is taxed together to whole coins with a line of its own.
func (d *drafter) round(g *taxGroup, several bool) error {
	whole, err := g.sum.Round(d.scale, money.HalfUp)
	if err != nil {
		return err
	}
	rest, err := whole.Sub(g.sum)
	if err != nil {
		return err
	}
	g.sum = whole
	if rest.IsZero() {
		return nil
	}
	shares, err := reports.Allocate(rest, reports.ByMinutes, d.weights, money.AmountScale)
	if err != nil {
		return err
	}
	d.put(Line{
		Kind: RoundingLine, Key: g.key("rounding", several), Column: reports.ColumnRounding, Text: words(d.profile.Language).rounding,
		Amount: rest, Reason: "half up to " + strconv.Itoa(d.scale) + " places", Shares: shares,
	}, g.due)
	return nil
}

// key is that of a line of a group; where there is one group it needs no other name.
func (g *taxGroup) key(what string, several bool) string {
	if several {
		return what + "/" + strings.ReplaceAll(g.due.Key(), "/", "-")
	}
	return what
}

func (d *drafter) tax(g *taxGroup, several bool) error {
	rule := money.Tax{Percent: g.due.Percent, Inclusive: d.profile.Tax.Inclusive, Basis: money.PerDocument, Scale: d.scale, Rounding: money.HalfUp}
	_, taxed, err := rule.Apply([]money.Amount{g.sum})
	if err != nil {
		return err
	}
	g.part = TaxPart{Category: g.due.Category, Percent: percentOf(g.due), Net: taxed.Net, Tax: taxed.Tax}
	if g.due.Category == tax.Exempt {
		g.part.Reason = g.due.Reason.In(d.profile.Language)
	}
	if err := d.sumUp(taxed); err != nil || rule.Inclusive || taxed.Tax.IsZero() {
		return err
	}
	weights, err := d.doc.borne(func(l *Line) bool { return l.Kind != TaxLine && l.due.Key() == g.due.Key() })
	if err != nil {
		return err
	}
	shares, err := reports.Allocate(taxed.Tax, reports.ByMinutes, weights, d.scale)
	if err != nil {
		return err
	}
	d.put(Line{Kind: TaxLine, Key: g.key("tax", several), Column: reports.ColumnTax, Text: d.taxText(g.due), Amount: taxed.Tax, Shares: shares}, g.due)
	return nil
}

func (d *drafter) sumUp(t money.Taxed) (err error) {
	if d.doc.Net, err = d.doc.Net.Add(t.Net); err != nil {
		return err
	}
	if d.doc.Tax, err = d.doc.Tax.Add(t.Tax); err != nil {
		return err
	}
	d.doc.Total, err = d.doc.Total.Add(t.Gross)
	return err
}
