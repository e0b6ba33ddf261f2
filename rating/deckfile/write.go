package deckfile

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

// writtenColumns are those of Write; what it writes, Load reads back as the same deck.
func writtenColumns() []Column {
	return []Column{
		Prefix, Destination, Rate, ConnectFee, Initial, Next, EffectiveFrom, EffectiveTo, Currency,
		MinCharge, Grace, AttemptFee, Origin, Period, Blocked, Increment,
	}
}

// Write writes rates as CSV in UTF-8 with commas, points and RFC 3339, one line for each.
func Write(w io.Writer, rates iter.Seq[rating.Rate], currency money.Currency) error {
	out := csv.NewWriter(w)
	columns := writtenColumns()
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = string(c)
	}
	if err := out.Write(cells); err != nil {
		return err
	}
	for r := range rates {
		for i, c := range columns {
			cells[i] = cellOf(&r, c, currency)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func cellOf(r *rating.Rate, c Column, currency money.Currency) string {
	switch c {
	case Prefix:
		return prefixText(r.Prefix)
	case Destination:
		return r.Destination
	case Rate:
		return r.PerMinute.String()
	case ConnectFee:
		return r.ConnectFee.String()
	case AttemptFee:
		return r.AttemptFee.String()
	case MinCharge:
		return r.MinCharge.String()
	case Initial:
		return strconv.Itoa(int(r.Increment.Initial))
	case Next:
		return strconv.Itoa(int(r.Increment.Next))
	case Increment:
		return fromZeroText(r.Increment)
	case Grace:
		return strconv.Itoa(int(r.Grace))
	case EffectiveFrom:
		return dateText(r.From)
	case EffectiveTo:
		return dateText(r.Till)
	case Currency:
		return currency.String()
	case Origin:
		return r.Origin.Digits()
	case Period:
		return r.Period
	case Blocked:
		return blockedText(r.Blocked)
	case Area, CodeTo, Network, FirstRate, Status, Category:
		return ""
	}
	return ""
}

// everyNumber is how the prefix of all numbers is written, as in tariffs.
const everyNumber = "any"

func prefixText(p e164.Prefix) string {
	if p.IsZero() {
		return everyNumber
	}
	return p.Digits()
}

// fromZeroText fills the increment column only where two numbers do not say all.
func fromZeroText(i rating.Increment) string {
	if i.FromZero {
		return i.String()
	}
	return ""
}

func dateText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func blockedText(blocked bool) string {
	if blocked {
		return "yes"
	}
	return ""
}

// TermsText says in short in which steps a rate is billed, and which fees it has.
func TermsText(r *rating.Rate) string {
	if r.Blocked {
		return "blocked"
	}
	text := r.Increment.String()
	if !r.ConnectFee.IsZero() {
		text += " + " + r.ConnectFee.String()
	}
	return text
}
