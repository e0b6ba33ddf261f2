package invoice

import (
	"slices"
	"strconv"
	"time"

	"trunkline/rating"
	"trunkline/reports"
)

// label names the version that the client was on when the period ended.
func (in *draftInput) label() string { return in.plans[0].last(in.period.Till).Label() }

// feeLines takes the fees of all plans over, with those that are waived.
func (d *drafter) feeLines() error {
	account := rating.Account{Zone: d.zone, Start: d.timeline.start, End: d.timeline.end}
	if account.Start.IsZero() {
		return nil
	}
	var seats []Line // Of extensions with plans of their own: what is alike is one line.
	for i := range d.plans {
		p := &d.plans[i]
		facts := &ownFacts{d.facts, p.owner, d.plans}
		account.TrialEnded = d.trialEnd(p, account, facts)
		lines, err := rating.FeesOf(p.stays, account, d.period.From, d.period.Till, d.now, facts)
		if err != nil {
			return err
		}
		if d.facts.err != nil {
			return d.facts.err
		}
		for k := range lines {
			line, err := d.feeLine(p, &lines[k])
			if err != nil {
				return err
			}
			if p.owner.extension == "" {
				d.add(line)
			} else if seats, err = join(seats, line); err != nil {
				return err
			}
		}
	}
	for _, line := range seats {
		d.add(line)
	}
	n := 0
	for i := range d.doc.Lines {
		if l := &d.doc.Lines[i]; l.Kind == FeeLine {
			l.Key = "fee/" + strconv.Itoa(n) + "/" + l.fee
			n++
		}
	}
	return d.facts.err
}

// feeLine is a fee as a line of the document.
func (d *drafter) feeLine(p *plan, l *rating.FeeLine) (Line, error) {
	price := l.Price
	line := Line{
		Kind: FeeLine, Column: columnOf(l.PerUnit), Text: l.Text, From: l.From, Till: l.Till,
		Quantity: l.Quantity, Free: l.Free, Price: &price, Amount: l.Amount, Reason: l.Reason, Waived: l.Waived,
		fee: l.Fee, served: served{l.Begin, l.End},
	}
	if !l.Number.IsZero() {
		line.Number = l.Number.String()
	}
	if (p.owner == owner{}) {
		var err error
		line.Shares, err = d.feeShares(&line, l.Fee, l.PerUnit)
		return line, err
	}
	branch := d.branchOf(p.owner)
	line.Shares = []reports.BranchShare{{Branch: branch, Amount: l.Amount}}
	if p.owner.branch != "" {
		line.Text += ", " + d.nameOf(branch)
	}
	return line, nil
}

// branchOf is the branch that an owner's fees are borne by: of an extension the one that it was in last.
func (d *drafter) branchOf(o owner) string {
	if o.extension == "" {
		return o.branch
	}
	for _, s := range slices.Backward(d.timeline.extensions[o.extension]) {
		if s.from.Before(d.period.Till) {
			return s.branch
		}
	}
	return ""
}

func (d *drafter) nameOf(branch string) string {
	for _, b := range d.branches {
		if b.ID == branch {
			return b.Name
		}
	}
	return branch
}

// join adds the fee of an extension to the line of those that pay the same for the same time.
func join(lines []Line, l Line) ([]Line, error) {
	for i := range lines {
		own := &lines[i]
		if own.fee != l.fee || own.Text != l.Text || *own.Price != *l.Price || !own.From.Equal(l.From) || !own.Till.Equal(l.Till) ||
			own.Waived != l.Waived || own.Reason != l.Reason || own.served != l.served {
			continue
		}
		var err error
		own.Quantity += l.Quantity
		if own.Amount, err = own.Amount.Add(l.Amount); err != nil {
			return nil, err
		}
		own.Shares, err = addShare(own.Shares, l.Shares[0])
		return lines, err
	}
	return append(lines, l), nil
}

func addShare(shares []reports.BranchShare, s reports.BranchShare) ([]reports.BranchShare, error) {
	for i := range shares {
		if shares[i].Branch == s.Branch {
			sum, err := shares[i].Amount.Add(s.Amount)
			shares[i].Amount = sum
			return shares, err
		}
	}
	return append(shares, s), nil
}

// trialEnd finds the day on which a trial ended, by halving the time since the contract began.
func (d *drafter) trialEnd(p *plan, account rating.Account, facts rating.Facts) time.Time {
	var trial *rating.Tariff
	for i := range p.stays {
		if p.stays[i].Tariff.Spec().Trial != nil {
			trial = p.stays[i].Tariff
		}
	}
	if trial == nil {
		return time.Time{}
	}
	last := d.period.Till
	if d.now.Before(last) {
		last = d.now
	}
	active := func(at time.Time) bool { return trial.TrialAt(account, at, facts).Active }
	if !last.After(account.Start) || active(last) {
		return time.Time{}
	}
	after := func(days int) time.Time { return account.Start.In(d.zone).AddDate(0, 0, days).UTC() }
	low, high := 0, int(last.Sub(account.Start)/(24*time.Hour))+1
	for low < high {
		middle := (low + high) / 2
		if active(after(middle)) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return after(low)
}
