package rating

import (
	"errors"
	"strconv"

	"trunkline/internal/money"
)

func (c *compiler) allowances(docs []allowanceDoc) []Allowance {
	out := make([]Allowance, 0, len(docs))
	for i := range docs {
		doc, key := &docs[i], "allowances["+strconv.Itoa(i)+"]"
		a := Allowance{
			Name:              doc.Name.value,
			Per:               parse(c, doc.Per, key+".per", ParseScope),
			Match:             c.match(&doc.matchDoc, key),
			Cycle:             parse(c, doc.Cycle, key+".cycle", ParseCycle),
			Prorate:           c.yes(doc.Prorate, key+".prorate"),
			RollOver:          c.number(doc.RollOver, key+".roll_over", MaxRollOver),
			ValidDays:         c.number(doc.ValidDays, key+".valid_days", 36600),
			From:              c.moment(doc.From, key+".effective_from"),
			Till:              c.moment(doc.Till, key+".effective_to"),
			ChargesConnectFee: either(c, doc.ConnectFee, key+".connect_fee", "covered", false, "charged", true),
		}
		given := 0
		for _, s := range []scalar{doc.Seconds, doc.Calls, doc.Money} {
			if s.given() {
				given++
			}
		}
		if given != 1 {
			c.fail(doc.Name, key, errors.New("want one of seconds, calls and money"))
		}
		switch {
		case doc.Seconds.given():
			a.Measure, a.Amount = Seconds, c.seconds(doc.Seconds, key+".seconds")
		case doc.Calls.given():
			a.Measure, a.Amount = Calls, c.count(doc.Calls, key+".calls")
		case doc.Money.given():
			a.Measure, a.Amount = Money, parse(c, doc.Money, key+".money", money.ParseAmount).Micros()
		}
		out = append(out, a)
	}
	return out
}

func (c *compiler) tiers(docs []tierDoc) []Tier {
	out := make([]Tier, 0, len(docs))
	for i := range docs {
		doc, key := &docs[i], "tiers["+strconv.Itoa(i)+"]"
		t := Tier{
			Name:    doc.Name.value,
			Mode:    either(c, doc.Mode, key+".mode", "graduated", Graduated, "whole", WholeVolume),
			Measure: either(c, doc.By, key+".by", "seconds", TierSeconds, "calls", TierCalls),
			Per:     parse(c, doc.Per, key+".per", ParseScope),
			Match:   c.match(&doc.matchDoc, key),
			Cycle:   parse(c, doc.Cycle, key+".cycle", ParseCycle),
		}
		for j := range doc.Steps {
			t.Steps = append(t.Steps, c.step(&doc.Steps[j], t.Measure, key+".steps["+strconv.Itoa(j)+"]"))
		}
		out = append(out, t)
	}
	return out
}

func (c *compiler) step(doc *stepDoc, by Measure, key string) Step {
	s := Step{Discount: c.percent(doc.Discount, key+".discount")}
	if by == TierCalls {
		s.From = c.count(doc.From, key+".from")
	} else {
		s.From = c.seconds(doc.From, key+".from")
	}
	if doc.Rate.given() {
		rate := parse(c, doc.Rate, key+".rate", money.ParseRate)
		s.Rate = &rate
	}
	if doc.Rate.given() && doc.Discount.given() {
		c.fail(doc.Rate, key, errors.New("want rate or discount, not both"))
	}
	return s
}

// className reads a class of numbers.
func className(s string) (string, error) { return ClassName(s), nil }

func (c *compiler) fees(docs []feeDoc) []Fee {
	out := make([]Fee, 0, len(docs))
	for i := range docs {
		doc, key := &docs[i], "fees["+strconv.Itoa(i)+"]"
		if !doc.Amount.given() {
			c.fail(doc.Name, key+".amount", errRequired)
		}
		f := Fee{
			Name: doc.Name.value, Text: doc.Text.value, PerUnit: doc.Per.value,
			Amount:   parse(c, doc.Amount, key+".amount", money.ParseAmount),
			OneOff:   either(c, doc.Kind, key+".kind", "recurring", false, "one_off", true),
			Classes:  parseAll(c, doc.Classes, key+".classes", className),
			Regions:  parseAll(c, doc.Regions, key+".regions", plainText),
			Free:     c.count(doc.Free, key+".free"),
			Unit:     c.count(doc.Unit, key+".unit"),
			Prorate:  c.yes(doc.Prorate, key+".prorate"),
			Advance:  either(c, doc.Bill, key+".bill", "arrears", false, "advance", true),
			When:     parse(c, doc.When, key+".when", ParseCondition),
			FreeWhen: parse(c, doc.FreeWhen, key+".free_when", ParseCondition),
		}
		if f.PerUnit == "tenant" {
			f.PerUnit = ""
		}
		if doc.From.given() {
			f.From = c.moment(doc.From, key+".effective_from")
		}
		if doc.Till.given() {
			f.Till = c.moment(doc.Till, key+".effective_to")
		}
		out = append(out, f)
	}
	return out
}
