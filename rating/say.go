package rating

import (
	"strconv"
	"time"

	"trunkline/internal/money"
)

// sayMatch names the rate that was found.
func (p *pricing) sayMatch() {
	c := &p.charge
	where := "the carrier's cost and the margin"
	if c.Deck != "" {
		where = "deck " + c.Deck
	}
	since := ""
	if !c.RateFrom.IsZero() {
		since = ", in force from " + c.RateFrom.Format(time.RFC3339)
	}
	period := ""
	if p.line.period != 0 {
		period = ` in the period "` + p.t.spec.Calendar.names[p.line.period] + `"`
	}
	name := c.Destination
	if name == "" {
		name = "no name"
	}
	p.say("match", "The number ", p.call.To.String(), " has the prefix ", c.Prefix.String(), " (", name, ") in ", where,
		since, period, ": ", c.PerMinute.String(), p.unit(), " a minute in steps of ", c.Increment.String(), " s.")
}

// sayDuration tells how the duration became billed seconds.
func (p *pricing) sayDuration(seconds int64) {
	inc := p.charge.Increment
	detail := strconv.Itoa(int(inc.Initial)) + " s at once"
	if rest := p.charge.Billed - int64(inc.Initial); rest > 0 && !inc.FromZero {
		detail += " and " + strconv.FormatInt(rest/int64(inc.Next), 10) + " x " + strconv.Itoa(int(inc.Next)) + " s"
	}
	p.say("duration", "It lasted ", p.call.Duration.String(), ", counted as ", strconv.FormatInt(seconds, 10),
		" s and billed as ", strconv.FormatInt(p.charge.Billed, 10), " s (", detail, ").")
}

// sayPiece tells the price of a stretch of the call.
func (p *pricing) sayPiece(at, seconds, nanos int64) {
	from := time.Unix(at, 0).UTC().Format(time.RFC3339)
	p.say("usage", strconv.FormatInt(seconds, 10), " s from ", from, " at ", money.PerMinute(nanos).String(), " a minute.")
}

// sayCovered tells what an allowance paid.
func (p *pricing) sayCovered(a *Allowance, seconds int64) {
	p.say("allowance", `The allowance "`, a.Name, `" pays for `, strconv.FormatInt(seconds, 10), " s.")
}

// sayTotal adds the parts up.
func (p *pricing) sayTotal() {
	c, r := &p.charge, p.t.spec.Rounding
	for _, n := range []struct {
		note Notes
		text string
	}{
		{NoteUnanswered, "The call was not answered: there is nothing to pay for the time."},
		{NoteRoundedOff, "Its duration rounds to no second: there is nothing to pay for the time."},
		{NoteGrace, "It was shorter than the grace time: there is nothing to pay for it."},
		{NoteOnNet, "Both ends belong to the same client: the call is free."},
		{NoteInbound, "The tariff charges nothing for inbound calls."},
	} {
		if c.Notes&n.note != 0 {
			p.say("free", n.text)
		}
	}
	if c.Usage.Sign() != 0 {
		p.say("rounding", "Usage is rounded once, ", r.Money.String(), " to ", strconv.Itoa(r.Scale), " places: ", c.Usage.Format(r.Scale), ".")
	}
	parts := []string{}
	for _, part := range []struct {
		name   string
		amount money.Amount
	}{
		{"attempt fee ", c.AttemptFee},
		{"connect fee ", c.ConnectFee},
		{"usage ", c.Usage},
		{"top-up to the minimum charge ", c.TopUp},
		{"correction of the volume tier ", c.Adjustment},
		{"paid by allowances ", c.Credit.Neg()},
	} {
		if part.amount.IsZero() {
			continue
		}
		if len(parts) > 0 {
			parts = append(parts, ", ")
		}
		parts = append(parts, part.name, part.amount.Format(r.Scale))
	}
	if len(parts) > 0 {
		parts = append(parts, "; ")
	}
	parts = append(parts, "total ", c.Total.Format(r.Scale), p.unit(), ".")
	p.say("total", parts...)
}

// unit returns the currency behind a figure, if there is one.
func (p *pricing) unit() string {
	if c := p.charge.Currency; !c.IsZero() {
		return " " + c.String()
	}
	return ""
}
