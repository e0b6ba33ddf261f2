package reports

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/money"
)

// Figures are what is told of a group of legs. Formulas says how each is reckoned.
type Figures struct {
	Legs             int64  `json:"legs" access:"client"`
	Seizures         int64  `json:"seizures" access:"client"`
	Answered         int64  `json:"answered" access:"client"`
	Unanswered       int64  `json:"unanswered" access:"client"`
	RejectedLimit    int64  `json:"rejected_limit" access:"client"`
	RejectedCapacity int64  `json:"rejected_capacity" access:"client"`
	ASR              Share  `json:"asr" access:"client"`
	NER              Share  `json:"ner" access:"client"`
	ACD              Millis `json:"acd_ms" access:"client"`
	PDD50            Millis `json:"pdd_p50_ms" access:"client"`
	PDD95            Millis `json:"pdd_p95_ms" access:"client"`
	PDD99            Millis `json:"pdd_p99_ms" access:"client"`
	Duration         int64  `json:"duration_seconds" access:"client"`
	Billed           int64  `json:"billed_seconds" access:"client"`
	Sale             Purse  `json:"sale,omitzero" access:"client,sale"`
	Cost             Purse  `json:"cost,omitzero" access:"cost"`
	// SaleTotal and CostTotal are sale and cost in the currency that margins are told in; null where a rate is not known.
	SaleTotal   *Worth   `json:"sale_total,omitzero" access:"sale"`
	CostTotal   *Worth   `json:"cost_total,omitzero" access:"cost"`
	Margin      *Worth   `json:"margin,omitzero" access:"sale,cost"`         // Null only where an exchange rate is missing, which MissingRate names.
	MissingRate string   `json:"missing_rate,omitempty" access:"sale,cost"`  // "USD to EUR": the rate without which nothing can be told in one currency.
	MarginPart  *Percent `json:"margin_percent,omitzero" access:"sale,cost"` // Of the sale.
}

// Millis is a length of time that is told in milliseconds.
type Millis int64

// Worth is an amount with its currency.
type Worth struct {
	Currency money.Currency `json:"currency"`
	Amount   money.Amount   `json:"amount"`
}

// Percent is hundredths of a percent.
type Percent int64

// String returns the percentage with two places.
func (p Percent) String() string {
	if p < 0 {
		return "-" + Share{int64(-p), 10_000}.String()
	}
	return Share{int64(p), 10_000}.String()
}

// MarshalJSON writes the percentage as a number.
func (p Percent) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// Formula says what a figure is and how it is reckoned.
type Formula struct {
	Figure  string `json:"figure" access:"client"`
	Formula string `json:"formula" access:"client"`
}

// Formulas returns the formulas of all figures for one side.
func Formulas(side Side) []Formula {
	legs, what := "ingress legs", "calls"
	if side == Attempts {
		legs, what = "egress legs", "attempts"
	}
	return []Formula{
		{"legs", legs + " (" + what + ")"},
		{"seizures", what + " without those that ended in a challenge, 401 or 407"},
		{"answered", what + " with a 200 to the INVITE"},
		{"unanswered", "seizures - answered"},
		{"rejected_limit", what + " refused or ended because money or a limit was used up"},
		{"rejected_capacity", what + " refused because all channels or the calls of a second were in use"},
		{"asr", "answered / seizures of " + what + " (ITU-T E.411)"},
		{"ner", "(answered + ended by a user: Q.850 cause 16 to 19, 21) / seizures of " + what + " (ITU-T E.425)"},
		{"acd", "duration / answered"},
		{"pdd", "INVITE to the first 18x, or to the 200 (RFC 6076, 4.3); percentiles are right to within 5 %"},
		{"duration", "sum of 200 to BYE"},
		{"billed", "sum of seconds after the increments of the price list"},
		{"sale", "sum of what tenants were charged (ingress legs)"},
		{"cost", "sum of what carriers charge (egress legs, all attempts)"},
		{"margin", "sale - cost, in the reporting currency of the house, exchanged at the rates in force at the end of the period"},
	}
}

// Exchange turns money of one currency into another; money.ExchangeTable does.
type Exchange interface {
	Convert(a money.Amount, from, to money.Currency, at time.Time, scale int, mode money.Rounding) (money.Amount, error)
}

// reckoner makes figures of sums.
type reckoner struct {
	into     money.Currency // Zero: none.
	exchange Exchange
	at       time.Time
}

func (r *reckoner) figures(s *Sums) (Figures, error) {
	f := Figures{
		Legs: s.Legs, Seizures: s.Seizures, Answered: s.Answered, Unanswered: s.Seizures - s.Answered, RejectedLimit: s.Limited, RejectedCapacity: s.Crowded,
		ASR: Share{s.Answered, s.Seizures}, NER: Share{s.Effective, s.Seizures},
		PDD50: millis(s.PDD.Percentile(50)), PDD95: millis(s.PDD.Percentile(95)), PDD99: millis(s.PDD.Percentile(99)),
		Duration: s.Micros / 1_000_000, Billed: s.Billed, Sale: s.Sale, Cost: s.Cost,
	}
	if s.Answered > 0 {
		f.ACD = Millis((s.Micros/1000 + s.Answered/2) / s.Answered)
	}
	if f.Sale == nil {
		f.Sale, f.Cost = Purse{}, Purse{}
	}
	return f, r.margin(&f)
}

func millis(d time.Duration) Millis { return Millis(d.Milliseconds()) }

// margin is told in the currency that was named, or in the house's. Where a rate is missing it is named, and the margin is told all the
// same where all money is of one currency.
func (r *reckoner) margin(f *Figures) error {
	only := onlyCurrency(f.Sale, f.Cost)
	into := r.into
	if into.IsZero() {
		into = only
	}
	if into.IsZero() {
		return nil
	}
	err := r.worths(f, into)
	if errors.Is(err, errNoRate) && !only.IsZero() {
		err = r.worths(f, only)
	}
	if errors.Is(err, errNoRate) {
		return nil
	}
	return err
}

// onlyCurrency is the one that all money is of; zero: there are several, or none.
func onlyCurrency(purses ...Purse) (only money.Currency) {
	for _, p := range purses {
		for c := range p {
			if !only.IsZero() && c != only {
				return money.Currency{}
			}
			only = c
		}
	}
	return only
}

var errNoRate = errors.New("an exchange rate is missing")

// worths tells sale, cost and margin in one currency.
func (r *reckoner) worths(f *Figures, into money.Currency) error {
	sale, err := r.total(f, f.Sale, into)
	if err != nil {
		return err
	}
	cost, err := r.total(f, f.Cost, into)
	if err != nil {
		return err
	}
	margin, err := sale.Sub(cost)
	if err != nil {
		return err
	}
	f.SaleTotal, f.CostTotal, f.Margin = &Worth{into, sale}, &Worth{into, cost}, &Worth{into, margin}
	if sale.Sign() > 0 {
		part, err := money.MulDiv(margin.Micros(), 10_000, sale.Micros(), money.HalfUp)
		if err != nil {
			return err
		}
		p := Percent(part)
		f.MarginPart = &p
	}
	return nil
}

func (r *reckoner) total(f *Figures, p Purse, into money.Currency) (money.Amount, error) {
	var total money.Amount
	for _, c := range p.Currencies() {
		a := p[c]
		var err error
		if c != into && !a.IsZero() {
			if a, err = r.convert(a, c, into); err != nil {
				if errors.Is(err, errNoRate) {
					f.MissingRate = c.String() + " to " + into.String()
				}
				return total, err
			}
		}
		if total, err = total.Add(a); err != nil {
			return total, err
		}
	}
	return total, nil
}

func (r *reckoner) convert(a money.Amount, from, to money.Currency) (money.Amount, error) {
	if r.exchange == nil {
		return a, errNoRate
	}
	out, err := r.exchange.Convert(a, from, to, r.at, money.AmountScale, money.HalfEven)
	if errors.Is(err, money.ErrNoExchangeRate) {
		return out, fmt.Errorf("%w: %w", errNoRate, err)
	}
	return out, err
}
