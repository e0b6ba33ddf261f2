package invoice

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/reports"
)

// draftInput is all that a document is made of.
type draftInput struct {
	tenant   string
	currency money.Currency
	period   Period
	now      time.Time
	profile  Profile
	timeline *Timeline
	plans    []plan               // The client's first.
	charges  []Charge             // Made by hand, of days around the period.
	branches []reports.BranchInfo // Of the period.
	usage    []UsagePart
	regions  func(number string) []string // Of a number, in E.164.
}

// drafter makes one document.
type drafter struct {
	draftInput
	facts *facts
	scale int
	zone  *time.Location // Of the period.
	doc   *Document
	// weights are the branches of the period with what fees are shared out by.
	weights []reports.BranchWeight
}

// draft makes the document of a period as far as it is known now.
func draft(ctx context.Context, in draftInput, calls CallCounter, readings Readings) (*Document, error) {
	zone, err := time.LoadLocation(in.period.Zone)
	if err != nil {
		return nil, fmt.Errorf("invoice of tenant %s for %s: %w", in.tenant, in.period.Label, err)
	}
	d := &drafter{draftInput: in, scale: in.currency.MinorUnits(), zone: zone, facts: &facts{
		ctx: ctx, calls: calls, readings: readings, account: ledger.Tenant(in.tenant, in.currency), timeline: in.timeline,
		regions: in.regions, known: make(map[rating.FactQuery]int64),
	}}
	d.doc = &Document{
		Kind: KindInvoice, Tenant: in.tenant, Period: in.period, Currency: in.currency, Tariff: in.label(), Language: in.profile.Language,
		Seller: in.profile.Seller, Buyer: in.profile.Buyer, Lines: []Line{}, Branches: []BranchName{},
	}
	for _, b := range in.branches {
		d.doc.Branches = append(d.doc.Branches, BranchName{b.ID, b.Name})
	}
	for _, step := range []func() error{d.usageLines, d.feeLines, d.discountLines, d.chargeLines, d.taxed, d.taxes, d.match} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("invoice of tenant %s for %s: %w", in.tenant, in.period.Label, err)
		}
	}
	return d.doc, nil
}

func (d *drafter) add(l Line) { d.doc.Lines = append(d.doc.Lines, l) }

// usageLines makes a line for every class of calls and every part of the period, and remembers what fees are shared out by.
func (d *drafter) usageLines() error {
	seconds := make(map[string]int64)
	for i := range d.usage {
		if err := d.usagePart(i, seconds); err != nil {
			return err
		}
	}
	seats := d.timeline.Seats(d.period.From, d.period.Till)
	for _, b := range d.timeline.Branches(d.period.From, d.period.Till) {
		d.weights = append(d.weights, reports.BranchWeight{Branch: b, Seconds: seconds[b], Seats: seats[b]})
	}
	return nil
}

// usagePart makes the lines of one part of the period, and adds the seconds of the branches up.
func (d *drafter) usagePart(i int, seconds map[string]int64) error {
	part := &d.usage[i]
	charges, err := reports.UsageCharges(part.Usage, d.currency)
	if err != nil {
		return err
	}
	for _, c := range charges {
		for _, s := range c.Shares {
			seconds[s.Branch] += s.Seconds
		}
		if c.Attempts == 0 && c.Amount.IsZero() {
			continue
		}
		key := "usage/" + c.Class.String()
		if i > 0 {
			key += "/" + strconv.Itoa(i+1)
		}
		d.add(Line{
			Kind: UsageLine, Key: key, Column: c.Class.Column(), Text: classText(c.Class, d.profile.Language),
			From: part.From, Till: part.Till, Reason: lateReason(part), Calls: c.Calls, Seconds: c.Seconds, Covered: c.Covered, Amount: c.Amount, Shares: c.Shares,
		})
		if d.doc.Usage, err = d.doc.Usage.Add(c.Amount); err != nil {
			return err
		}
	}
	return nil
}

// columnOf tells what a fee is for by what it is counted in.
func columnOf(per string) reports.Column {
	switch {
	case per == "number" || per == "numbers" || strings.HasSuffix(per, "_numbers"):
		return reports.ColumnNumbers
	case strings.HasPrefix(per, "record"):
		return reports.ColumnRecording
	case strings.HasPrefix(per, "storage"):
		return reports.ColumnStorage
	}
	return reports.ColumnShared
}

// feeShares shares a fee out: that of a number to where the number is, what is counted by branch by those counts, and all
// else by the tenant's rule.
func (d *drafter) feeShares(l *Line, fee, per string) ([]reports.BranchShare, error) {
	rule := d.profile.Share
	if own, ok := d.profile.Shares[fee]; ok {
		rule = own
	}
	weights := d.weights
	switch {
	case l.Number != "":
		if own := d.timeline.numberWeights(l.Number, l.From, l.Till); len(own) > 0 {
			weights, rule = own, reports.ByMinutes
		}
	case l.Column == reports.ColumnNumbers:
		class, _ := rating.CountedClass(per)
		weights, rule = d.counted(d.timeline.NumbersAt(d.period.Till, class), rule)
	case l.Column == reports.ColumnRecording || l.Column == reports.ColumnStorage:
		counts, err := d.facts.branchReadings(per, d.period.From, d.period.Till)
		if err != nil {
			return nil, err
		}
		weights, rule = d.counted(counts, rule)
	}
	return reports.Allocate(l.Amount, rule, weights, d.shareScale(l.Amount))
}

// counted shares by counts of branches; where none is known by branch it is the rule.
func (d *drafter) counted(counts map[string]int64, rule reports.ShareRule) ([]reports.BranchWeight, reports.ShareRule) {
	weights := make([]reports.BranchWeight, 0, len(counts))
	for _, w := range d.weights {
		if n := counts[w.Branch]; n > 0 {
			weights = append(weights, reports.BranchWeight{Branch: w.Branch, Seconds: n})
		}
	}
	if len(weights) == 0 {
		return d.weights, rule
	}
	return weights, reports.ByMinutes
}

// shareScale is that of the currency's coins, where the amount is in whole coins.
func (d *drafter) shareScale(a money.Amount) int {
	if rounded, err := a.Round(d.scale, money.Down); err == nil && rounded == a {
		return d.scale
	}
	return money.AmountScale
}
