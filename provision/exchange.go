package provision

import (
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/rating"
)

// Exchange returns the exchange rates that hold: those of the operator's settings, and of those that were fetched or imported the ones
// between currencies that somebody is charged in. Where both have a rate of one pair and day, that of the settings counts.
func (s *Snapshot) Exchange() []ExchangeRate { return s.exchange }

// BaseRate returns what a carrier's deck asks for a call, in the currency of a tariff that builds on it: the same as routing
// offered the call for. False: the deck has no rate for it, or no exchange rate was known.
func (s *Snapshot) BaseRate(cost *rating.Tariff, call rating.Call, in money.Currency) (*rating.Rate, bool) {
	call.Direction = calls.Outbound
	rate, err := cost.RateOf(call)
	if err != nil {
		return nil, false
	}
	rate, ok := s.world.InCurrency(rate, cost.Currency(), in, call.Connect)
	return &rate, ok
}

type rateKey struct {
	from, to money.Currency
	day      time.Time
}

// ratesOf puts the rates of the settings and others together.
func ratesOf(o *Operator, kept []ExchangeRate) []ExchangeRate {
	out := append([]ExchangeRate(nil), o.Exchange...)
	if len(kept) == 0 {
		return out
	}
	own := make(map[rateKey]bool, len(out))
	for _, r := range out {
		own[rateKey{r.From, r.To, r.Day.UTC()}] = true
	}
	needed := o.currencies()
	quotes := make(map[money.Currency]int) // How many currencies a currency is quoted against.
	for _, r := range kept {
		quotes[r.From]++
		quotes[r.To]++
	}
	most := 0
	for _, n := range quotes {
		most = max(most, n)
	}
	wanted := func(c money.Currency) bool { return needed[c] || quotes[c]*2 > most } // A bank's own currency leads to all others.
	for _, r := range kept {
		if (needed[r.From] || needed[r.To]) && wanted(r.From) && wanted(r.To) && !own[rateKey{r.From, r.To, r.Day.UTC()}] {
			out = append(out, r)
		}
	}
	return out
}

// currencies are those that somebody is charged in.
func (o *Operator) currencies() map[money.Currency]bool {
	out := map[money.Currency]bool{o.ReportingCurrency(): true}
	for i := range o.Tenants {
		out[o.Tenants[i].Currency] = true
	}
	for i := range o.Carriers {
		out[o.Carriers[i].Currency] = true
	}
	for i := range o.Decks {
		out[o.Decks[i].Currency] = true
	}
	for _, r := range o.Exchange {
		out[r.From], out[r.To] = true, true
	}
	return out
}

// rates are those that were fetched or imported.
func (b *Bundle) rates() []ExchangeRate {
	if b.Past == nil {
		return nil
	}
	return b.Past.Rates
}
