package deckfile

import (
	"errors"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/columns"
)

// Units of fixed-point numbers within one another.
const (
	nanosInMicro = 1000
	minute       = 60
)

// rate reads everything of a row but its codes.
func (r *rowReader) rate(at places, mark cell.Mark) rating.Rate {
	out := rating.Rate{Line: r.line, Destination: r.name()}
	if text := r.of(r.cells, at.period); !cell.AnyTime(text) {
		out.Period = strings.Clone(text)
	}
	r.checkCurrency()
	out.ConnectFee, out.AttemptFee, out.MinCharge = r.amount(ConnectFee, at.connect), r.amount(AttemptFee, at.attempt), r.amount(MinCharge, at.minimum)
	out.Grace = r.seconds(Grace, at.grace, 0)
	out.Increment = r.increment(at)
	out.From, out.Till = r.moment(EffectiveFrom, at.from).Time, r.till()
	if out.From.IsZero() {
		out.From = r.opts.Effective
	}
	text := r.of(r.cells, at.rate)
	if !hasDigit(text) {
		priced, said := r.word(text)
		if mark == cell.Blocked || said && (priced == cell.Blocked || priced == cell.Closed) {
			out.Blocked = true
			return out
		}
	}
	out.Blocked = mark == cell.Blocked
	out.PerMinute = r.perMinute(Rate, text)
	for _, also := range at.dearest {
		if other := r.of(r.cells, also); other != "" {
			if p := r.perMinute(Rate, other); p.Cmp(out.PerMinute) > 0 {
				out.PerMinute = p
			}
		}
	}
	if first := r.of(r.cells, at.first); first != "" && !r.failed {
		out.ConnectFee = r.firstStep(&out, r.perMinute(FirstRate, first))
	}
	return out
}

// name is the destination, and the network behind it where the list has them apart.
func (r *rowReader) name() string {
	name, network := r.of(r.cells, r.at.destination), r.of(r.cells, r.at.network)
	if name == "" || network == "" || strings.Contains(name, network) {
		return strings.Clone(name + network)
	}
	return name + " " + network
}

// perMinute reads a price and turns it into one per minute of the deck's currency.
func (r *rowReader) perMinute(c Column, text string) money.Rate {
	r.checkSign(text)
	if m := r.mapping; (m.Seconds == 0 || m.Seconds == minute) && !m.Cents && r.opts.Answers.Exchange.IsZero() {
		rate, err := cell.Rate(text, m.Decimal, r.spreadsheet)
		if err != nil {
			r.fault(c, text, reason(err), "write a price per minute with at most 9 decimal places, for example 0"+m.Decimal+"0125")
		}
		return rate
	}
	d, err := cell.Decimal(text, r.mapping.Decimal, r.spreadsheet)
	if err != nil {
		r.fault(c, text, reason(err), "write a price, for example 0"+r.mapping.Decimal+"0125")
		return money.Rate{}
	}
	if s := r.mapping.Seconds; s > 0 {
		d = d.Mul(decimal.NewFromInt(minute)).DivRound(decimal.NewFromInt(int64(s)), 2*money.RateScale)
	}
	rate, err := money.RateFromDecimal(r.converted(d, r.mapping.Cents), money.HalfEven)
	if err != nil {
		r.fault(c, text, reason(err), "write a smaller price")
	}
	return rate
}

// converted turns hundredths into units, and these into the currency of the deck.
func (r *rowReader) converted(d decimal.Decimal, cents bool) decimal.Decimal {
	if cents {
		d = d.Shift(-2)
	}
	if !r.opts.Answers.Exchange.IsZero() {
		d = d.Mul(r.opts.Answers.Exchange)
	}
	return d
}

// checkSign refuses a price with the sign of another currency than that of the list.
func (r *rowReader) checkSign(text string) {
	if text == "" || text[0] >= '0' && text[0] <= '9' && text[len(text)-1] >= '0' && text[len(text)-1] <= '9' || !r.opts.Answers.Exchange.IsZero() {
		return
	}
	_, code := cell.CutCurrency(text)
	if code == "" || code == "$" && (r.report.Currency.IsZero() || strings.HasSuffix(r.report.Currency.String(), "D")) {
		return
	}
	c, err := money.ParseCurrency(code)
	switch {
	case err == nil && r.report.Currency.IsZero():
		r.report.Currency = c
	case err != nil || c != r.report.Currency:
		r.fault(Rate, text, "the list is in "+r.report.Currency.String(), "one list has one currency")
	}
}

// firstStep is the connect fee that makes a first step dearer: (first - next) x initial / 60, exactly. Every call costs the same so.
func (r *rowReader) firstStep(rate *rating.Rate, first money.Rate) money.Amount {
	more := first.Nanos() - rate.PerMinute.Nanos()
	seconds := int64(rate.Increment.Initial)
	switch {
	case r.failed || more == 0 || seconds == 0:
		return rate.ConnectFee
	case r.mapping.FirstPrice != columns.ByConnectFee:
		r.fault(FirstRate, first.String(), "the first step has another price than the next ones", "say --first-price connect_fee to keep the difference as a connect fee")
	case more < 0:
		r.fault(FirstRate, first.String(), "the first step is cheaper than the next ones, which no connect fee can say", "ask the carrier for one price")
	case more*seconds%(minute*nanosInMicro) != 0:
		r.fault(FirstRate, first.String(), "what the first step costs more has more than 6 decimal places", "ask the carrier for a connect fee")
	default:
		fee, err := rate.ConnectFee.Add(money.FromMicros(more * seconds / (minute * nanosInMicro)))
		if err != nil {
			r.fault(FirstRate, first.String(), err.Error(), "write a smaller price")
		}
		return fee
	}
	return rate.ConnectFee
}

func (r *rowReader) amount(c Column, at int) money.Amount {
	text := r.of(r.cells, at)
	if text == "" || text == "-" {
		return money.Amount{}
	}
	var a money.Amount
	var err error
	if r.mapping.Cents || !r.opts.Answers.Exchange.IsZero() {
		var d decimal.Decimal
		if d, err = cell.Decimal(text, r.mapping.Decimal, r.spreadsheet); err == nil {
			a, err = money.FromDecimal(r.converted(d, r.mapping.Cents), money.HalfEven)
		}
	} else {
		a, err = cell.Amount(text, r.mapping.Decimal, r.spreadsheet)
	}
	if err != nil {
		r.fault(c, text, reason(err), "write an amount with at most 6 decimal places")
	}
	return a
}

func (r *rowReader) seconds(c Column, at int, otherwise int32) int32 {
	text := r.of(r.cells, at)
	if text == "" {
		return otherwise
	}
	n, err := cell.Seconds(text)
	if err != nil {
		r.fault(c, text, "not a whole number of seconds", "write seconds, for example 60")
	}
	return n
}

// increment reads "30/6" in one column, or two columns; what is missing is what the list usually has.
func (r *rowReader) increment(at places) rating.Increment {
	if text := r.of(r.cells, at.increment); text != "" {
		inc, err := cell.Increment(text)
		if err != nil {
			r.fault(Increment, text, reason(err), "write it as 30/6")
			return r.steps
		}
		first, next := r.of(r.cells, at.initial), r.of(r.cells, at.next)
		if first != "" && next != "" && (r.seconds(Initial, at.initial, 0) != inc.Initial || r.seconds(Next, at.next, 0) != inc.Next) {
			r.fault(Increment, text, "other columns say "+first+"/"+next, "make them say the same")
		}
		return inc
	}
	inc := r.steps
	inc.Initial, inc.Next = r.seconds(Initial, at.initial, inc.Initial), r.seconds(Next, at.next, inc.Next)
	if err := inc.Validate(); err != nil {
		r.fault(Initial, inc.String(), reason(err), "write seconds, for example 60 and 60")
		return rating.PerMinuteSteps()
	}
	return inc
}

// moment reads a date. One that could be read in two ways is only taken where the list says which.
func (r *rowReader) moment(c Column, at int) cell.Moment {
	text := r.of(r.cells, at)
	if text == "" {
		return cell.Moment{}
	}
	if m, known := r.moments[text]; known {
		return m
	}
	m, err := cell.ParseMoment(text, r.mapping.Dates, r.location)
	switch {
	case err != nil:
		r.fault(c, text, "not a date", "write it as 2026-03-31")
		return m
	case m.Either && r.mapping.Dates == cell.Unsaid:
		r.fault(c, text, "the day could be the month", "say --dates dmy or --dates mdy")
		return m
	case m.Decides != cell.Unsaid && r.mapping.Dates != cell.Unsaid && m.Decides != r.mapping.Dates:
		r.fault(c, text, "day and month stand the other way round than in the rest of the list", "write it as 2026-03-31")
		return m
	}
	if r.days1904 && !strings.ContainsAny(text, "-/:") && !m.Time.IsZero() {
		m.Time = m.Time.In(r.location).AddDate(4, 0, 1).UTC() // Days from 1904 on.
	}
	if len(r.moments) < maxDates {
		r.moments[strings.Clone(text)] = m
	}
	return m
}

// till reads an end. A day is the last one on which the rate holds, unless the list counts otherwise; the last second of a day is
// its end.
func (r *rowReader) till() time.Time {
	m := r.moment(EffectiveTo, r.at.till)
	if m.Time.IsZero() {
		return m.Time
	}
	local := m.Time.In(r.location)
	switch {
	case m.DayOnly && r.mapping.Ends != columns.EndsExclusive:
		return local.AddDate(0, 0, 1).UTC()
	case local.Minute() == 59 && (local.Second() == 59 || local.Second() == 0) && local.Hour() == 23:
		return time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, r.location).UTC()
	}
	return m.Time
}

// reason is the cause of an error without the value, which the fault has already.
func reason(err error) string {
	for _, known := range []error{money.ErrSyntax, money.ErrPrecision, money.ErrOverflow, cell.ErrNumber, rating.ErrIncrement} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}
