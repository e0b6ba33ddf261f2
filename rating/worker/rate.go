package worker

import (
	"errors"
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/ledger"
	"trunkline/rating"
)

// The words for unratable legs beside those of rating.
const (
	ReasonUnreadable = "unreadable" // The message is no leg.
	ReasonTimes      = "bad_times"  // The leg's times make no sense.
	ReasonTenant     = "no_tenant"  // The tenant is not known.
	ReasonTariff     = "no_tariff"  // The tariff is not known.
	ReasonDeck       = "no_deck"    // The carrier's deck is not known.
	ReasonTooLarge   = "too_large"  // Its price is more than the books can hold.
	ReasonRefused    = "refused"    // The ledger cannot take it, for a reason that is in the detail.
)

// The most that the stores take of an amount, in millionths, and of a rate, in billionths: eighteen digits.
const storedMost = 999_999_999_999_999_999

// clockSkew is how far ahead of ours the clock of a proxy may be.
const clockSkew = 24 * time.Hour

// earliest is a time before all calls.
const earliest = 946684800 // 2000-01-01.

// rater prices the legs of one delivery.
type rater struct {
	prices  Prices
	country func(e164.Number) string
	now     time.Time
	fresh   Fresh
	out     Outcome
	totals  totals
	known   map[*rating.Tariff]facts
	used    map[counterOwner]*overlay
}

// counterOwner is who counters of allowances and tiers belong to: one tenant under one tariff.
type counterOwner struct{ tenant, tariff string }

// overlay is what the counters stand at within a delivery: what the store has, and what its calls have used so far.
type overlay struct {
	store rating.Counters
	own   rating.Tally
}

// Used implements rating.Counters.
func (o *overlay) Used(c rating.Counter) int64 { return o.store.Used(c) + o.own[c] }

// facts are what of a tariff is looked at for every leg.
type facts struct {
	name   string // The name of its counters.
	onCost bool   // It builds on the carrier's cost.
	counts bool   // It has allowances or tiers.
}

func (r *rater) rate(f Fresh) (Outcome, error) {
	r.fresh = f
	r.begin(len(f.Legs))
	for _, leg := range f.Legs {
		if err := r.leg(leg); err != nil {
			return Outcome{}, err
		}
	}
	var err error
	r.out.Postings, err = r.totals.postings()
	return r.out, err
}

func (r *rater) begin(legs int) {
	r.out = Outcome{Records: make([]cdr.Record, 0, legs), Limits: make(map[ledger.Counter]ledger.Use)}
	r.totals = make(totals)
	r.known = make(map[*rating.Tariff]facts)
	r.used = make(map[counterOwner]*overlay)
}

// verdict is why a leg cannot be rated; nil: it can.
type verdict struct{ reason, detail string }

func (r *rater) leg(leg *cdr.Leg) error {
	record := cdr.Record{Leg: *leg, Sign: 1, Slot: cdr.SlotOf(leg)}
	if r.country != nil {
		other := leg.To
		if leg.Direction == calls.Inbound {
			other = leg.From
		}
		record.Country = r.country(other)
	}
	v := r.checkTimes(leg)
	var use ledger.Use
	var err error
	if v == nil && leg.Kind == cdr.Ingress {
		use, v, err = r.sell(&record)
	} else if v == nil {
		v, err = r.buy(&record)
	}
	if err != nil {
		return err
	}
	if v == nil {
		v = checkSize(&record)
	}
	if v != nil {
		r.out.DeadLetters = append(r.out.DeadLetters, DeadLetter{Leg: leg, Message: cdr.AppendLeg(nil, leg), Reason: v.reason, Detail: v.detail})
		return nil
	}
	if leg.Kind == cdr.Ingress {
		if err := r.settle(&record, use); err != nil {
			return err
		}
	}
	r.date(&record)
	r.out.Records = append(r.out.Records, record)
	return r.totals.add(&record)
}

// NoteLate marks calls of a period whose books were closed when they came.
const NoteLate = "late: its period is closed"

// date lets a record of a closed period count at the beginning of the open one.
func (r *rater) date(record *cdr.Record) {
	account, ok := accountOf(record)
	if !ok {
		return
	}
	if till, ok := r.fresh.Closed[account]; ok && record.Slot.Before(till) {
		record.Slot, record.Note = till, join(record.Note, NoteLate)
	}
}

// checkSize refuses prices that the store of calls cannot hold.
func checkSize(r *cdr.Record) *verdict {
	for _, n := range []int64{r.Sale.Micros(), r.Cost.Micros(), r.ConnectFee.Micros(), r.PerMinute.Nanos()} {
		if n > storedMost || n < -storedMost {
			return &verdict{ReasonTooLarge, "its price has more than twelve digits before the point: look at its rate"}
		}
	}
	return nil
}

// checkTimes refuses legs that would count in a period that they do not belong to, or last for ever.
func (r *rater) checkTimes(leg *cdr.Leg) *verdict {
	switch {
	case leg.Setup.Unix() < earliest:
		return &verdict{ReasonTimes, "the call has no setup time, or one before 2000"}
	case leg.Setup.After(r.now.Add(clockSkew)):
		return &verdict{ReasonTimes, "the call was set up in the future: set the clock of " + leg.Node}
	case !leg.Answered():
		return nil
	case leg.Connect.Before(leg.Setup.Add(-clockSkew)) || leg.Connect.After(r.now.Add(clockSkew)):
		return &verdict{ReasonTimes, "the call was connected long before its setup, or in the future"}
	case leg.Disconnect.Before(leg.Connect):
		return &verdict{ReasonTimes, "the call ended before it was connected"}
	case leg.Disconnect.After(r.now.Add(clockSkew)):
		return &verdict{ReasonTimes, "the call ended in the future: set the clock of " + leg.Node}
	}
	return nil
}

// sell prices an ingress leg for its tenant, and returns what it uses of limits.
func (r *rater) sell(record *cdr.Record) (ledger.Use, *verdict, error) {
	leg := &record.Leg
	tariff, known, err := r.prices.Tariff(leg)
	switch {
	case err != nil:
		return ledger.Use{}, nil, err
	case !known && leg.Chargeable() == 0:
		return ledger.Use{}, nil, nil
	case !known:
		return ledger.Use{}, &verdict{ReasonTariff, "the tariff " + leg.Tariff + " is not known"}, nil
	case tariff == nil:
		return ledger.Use{}, nil, nil
	}
	tenant, ok := r.prices.Tenant(leg.Tenant, start(leg))
	if !ok {
		return ledger.Use{}, &verdict{ReasonTenant, "the tenant " + leg.Tenant + " is not known"}, nil
	}
	call := sold(leg)
	call.Since = tenant.Since
	f := r.facts(tariff)
	var base Base
	if f.onCost {
		if base, err = r.prices.Base(leg, tariff.Currency()); err != nil {
			return ledger.Use{}, nil, err
		}
		call.Chosen, call.Cheapest = base.Rate, base.Rate
	}
	used := r.counters(leg.Tenant, f.name)
	charge, basis, err := priceWith(tariff, call, used, f)
	if v := verdictOf(err, leg.Chargeable()); v != nil {
		return ledger.Use{}, v, nil
	}
	record.SaleCurrency = tariff.Currency()
	if err != nil {
		return ledger.Use{}, nil, nil //nolint:nilerr // A call without a price that lasted no time costs nothing.
	}
	fill(record, &charge)
	record.Sale, record.TariffVersion, record.Basis = charge.Total, charge.Tariff, basis
	if f.onCost {
		record.DeckVersion = base.Deck
	}
	used.own.Apply(charge.Uses)
	for _, u := range charge.Uses {
		r.out.Uses = append(r.out.Uses, CounterUse{LegID{leg.Call, leg.Seq}, leg.Tenant, f.name, u})
	}
	if charge.Notes&(rating.NoteOnNet|rating.NoteInbound|rating.NoteUnanswered|rating.NoteEmergency) != 0 {
		return ledger.Use{Money: charge.Total}, nil, nil
	}
	return ledger.Use{Money: charge.Total, Seconds: charge.Billed, Calls: 1}, nil, nil
}

// priceWith prices a call and says what the price depended on beside it.
func priceWith(t *rating.Tariff, call rating.Call, used rating.Counters, f facts) (rating.Charge, string, error) {
	if !f.counts && !f.onCost {
		charge, err := t.Price(call, used)
		return charge, "", err
	}
	seen := rating.Observe(used)
	charge, err := t.Price(call, seen)
	basis := rating.Basis{Cost: call.Chosen, Used: seen.Seen()}
	if f.counts {
		basis.Since = call.Since
	}
	return charge, basis.String(), err
}

func (r *rater) counters(tenant, tariff string) *overlay {
	owner := counterOwner{tenant, tariff}
	o, ok := r.used[owner]
	if !ok {
		o = &overlay{r.fresh.Counters(tenant, tariff), make(rating.Tally)}
		r.used[owner] = o
	}
	return o
}

func (r *rater) facts(t *rating.Tariff) facts {
	f, ok := r.known[t]
	if ok {
		return f
	}
	f.name = t.Spec().Name
	_, f.onCost = t.Builds()
	f.counts = t.Counts()
	r.known[t] = f
	return f
}

// buy prices an egress leg as its carrier does, over its whole duration. An attempt at an extension costs nothing.
func (r *rater) buy(record *cdr.Record) (*verdict, error) {
	leg := &record.Leg
	if leg.Carrier == "" {
		return nil, nil //nolint:nilnil // No verdict: it can be rated.
	}
	cost, known, err := r.prices.Cost(leg)
	switch {
	case err != nil:
		return nil, err
	case !known && leg.Duration() == 0:
		return nil, nil //nolint:nilnil // As above.
	case !known:
		return &verdict{ReasonDeck, "the deck " + leg.Deck + " of the carrier " + leg.Carrier + " is not known"}, nil
	case cost == nil:
		return nil, nil //nolint:nilnil // As above.
	}
	charge, err := cost.Price(bought(leg), nil)
	if v := verdictOf(err, leg.Duration()); v != nil {
		return v, nil
	}
	record.CostCurrency = cost.Currency()
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // As in sell.
	}
	fill(record, &charge)
	record.Cost, record.DeckVersion = charge.Total, charge.Deck
	return nil, nil //nolint:nilnil // As above.
}

// NoteBounded marks calls that were charged no more than was held for them.
const NoteBounded = "bounded by the reservation"

// settle ends the hold of a call, or counts what a call without one used. No more is charged than was held: a price that
// rose between the reservation and the connection is not the client's affair.
func (r *rater) settle(record *cdr.Record, use ledger.Use) error {
	leg := &record.Leg
	held, ok := r.fresh.Holds[leg.Call]
	var draw cdr.Draw
	if !ok && leg.Reserved && r.fresh.Quotas[leg.Draw.Quota] {
		held, draw, ok = leg.Draw.Money, leg.Draw, true
	}
	if ok {
		if leg.Granted > 0 { // A limit of seconds counts no more than was held either.
			use.Seconds = min(use.Seconds, int64((leg.Granted+time.Second-1)/time.Second))
		}
		if held.Less(record.Sale) {
			record.Sale, use.Money = held, held
			record.Note = join(record.Note, NoteBounded)
		}
		r.out.Settled = append(r.out.Settled, Settled{leg.Call, use, draw})
		return nil
	}
	if use.IsZero() {
		return nil
	}
	tenant, _ := r.prices.Tenant(leg.Tenant, start(leg))
	zone := zoneOf(tenant)
	account := ledger.Tenant(leg.Tenant, record.SaleCurrency)
	for _, limit := range r.prices.Limits(leg) {
		counter := limit.Counter(account, leg.Setup, zone)
		sum, err := r.out.Limits[counter].Add(use)
		if err != nil {
			return err
		}
		r.out.Limits[counter] = sum
	}
	return nil
}

func zoneOf(t Tenant) *time.Location {
	if t.Zone == nil {
		return time.UTC
	}
	return t.Zone
}

// fill takes over what a charge says of the call, beside the sum.
func fill(record *cdr.Record, c *rating.Charge) {
	record.Billed, record.Covered = c.Billed, c.Covered
	record.Prefix, record.Destination = c.Prefix.String(), c.Destination
	record.PerMinute, record.ConnectFee = c.PerMinute, c.ConnectFee
	record.DeckVersion = c.Deck
	if c.Notes != 0 {
		record.Note = c.Notes.String()
	}
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// verdictOf is what an error of pricing means for a leg: one that lasted no time costs nothing whatever the tariff says.
func verdictOf(err error, lasted time.Duration) *verdict {
	var unratable *rating.UnratableError
	switch {
	case err == nil || lasted == 0:
		return nil
	case errors.As(err, &unratable):
		return &verdict{unratable.Reason.String(), unratable.Detail}
	}
	return &verdict{rating.BadCall.String(), err.Error()}
}

// start is the moment that prices are taken of.
func start(leg *cdr.Leg) time.Time {
	if leg.Answered() {
		return leg.Connect
	}
	return leg.Setup
}
