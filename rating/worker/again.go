package worker

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/rating"
)

// ErrStale says that what is to be priced again was priced again by somebody else meanwhile, or that its records are not
// stored yet.
var ErrStale = errors.New("the records are not those in force any more")

// ErrUsesUnknown says that it is not known any more what a call used of allowances: pricing it again would charge what they paid.
var ErrUsesUnknown = errors.New("what the call used of allowances is not known any more, so it cannot be priced again; choose a later --from")

// Priced is a record with what its leg used of allowances and tiers.
type Priced struct {
	cdr.Record
	Uses []CounterUse
}

// Change is a record in force, and the one that takes its place; none does when After is zero: the call is withdrawn.
type Change struct {
	Before, After Priced
}

// Withdrawn reports whether no record takes the place of the one that was in force.
func (c *Change) Withdrawn() bool { return c.After.Call.IsZero() }

// Again is what came of pricing records again.
type Again struct {
	Changes []Change
	Failed  []DeadLetter // Legs that cannot be priced any more; their records stay as they are.
}

// Again prices records again that are in force, in the order in which their calls ended, as if they all came now: what
// they used of allowances is given back first. The counters are those that stand now. The period that a record counts in
// stays, and so does the bound of what was held for it. It changes nothing.
func (w *Worker) Again(records []Priced, counters func(tenant, tariff string) rating.Counters) (Again, error) {
	r := rater{prices: w.cfg.Prices(), country: w.cfg.Country, now: w.cfg.Clock.Now(), fresh: Fresh{Counters: counters}}
	r.begin(len(records))
	slices.SortFunc(records, func(a, b Priced) int {
		if c := a.Disconnect.Compare(b.Disconnect); c != 0 {
			return c
		}
		return cmp.Compare(a.ID(), b.ID())
	})
	for i := range records {
		for _, u := range records[i].Uses {
			r.counters(u.Tenant, u.Tariff).own[u.Counter] -= u.Amount
		}
	}
	var out Again
	for i := range records {
		if err := r.again(&records[i], &out); err != nil {
			return Again{}, err
		}
	}
	return out, nil
}

// again prices one record again.
func (r *rater) again(old *Priced, out *Again) error {
	leg := old.Leg
	r.out.Records, r.out.Uses, r.out.DeadLetters = r.out.Records[:0], nil, nil
	if err := r.leg(&leg); err != nil {
		return err
	}
	if len(r.out.DeadLetters) > 0 {
		for _, u := range old.Uses { // It stays, and so does what it used.
			r.counters(u.Tenant, u.Tariff).own[u.Counter] += u.Amount
		}
		out.Failed = append(out.Failed, r.out.DeadLetters...)
		return nil
	}
	fresh := Priced{r.out.Records[0], r.out.Uses}
	fresh.Slot = old.Slot
	if strings.Contains(old.Note, NoteBounded) && old.Sale.Less(fresh.Sale) {
		fresh.Sale, fresh.Note = old.Sale, join(fresh.Note, NoteBounded)
	}
	if !fresh.Slot.Equal(cdr.SlotOf(&leg)) {
		fresh.Note = join(fresh.Note, NoteLate)
	}
	if !same(old, &fresh) {
		out.Changes = append(out.Changes, Change{*old, fresh})
	}
	return nil
}

// same reports whether two records of a leg say the same of its price.
func same(a, b *Priced) bool {
	return a.Sale == b.Sale && a.Cost == b.Cost && a.SaleCurrency == b.SaleCurrency && a.CostCurrency == b.CostCurrency &&
		a.Billed == b.Billed && a.Covered == b.Covered && a.Destination == b.Destination && a.Prefix == b.Prefix &&
		a.PerMinute == b.PerMinute && a.ConnectFee == b.ConnectFee && slices.Equal(sortedUses(a.Uses), sortedUses(b.Uses))
}

func sortedUses(uses []CounterUse) []CounterUse {
	return slices.SortedFunc(slices.Values(uses), func(a, b CounterUse) int {
		return cmp.Or(cmp.Compare(a.Counter.Name, b.Counter.Name), cmp.Compare(a.Counter.Start, b.Counter.Start),
			cmp.Compare(a.Counter.Measure, b.Counter.Measure), cmp.Compare(a.Counter.Owner, b.Counter.Owner))
	})
}

// Correction is what is written of changes in one batch: the reversals and the new records, the postings of the difference,
// and what is added to counters and to limits that stand.
type Correction struct {
	Records  []cdr.Record
	Postings []ledger.Posting
	Uses     []CounterUse // Of allowances and tiers; below zero they give back.
	Limits   map[ledger.Counter]ledger.Use
}

// Correct works out what is written of changes.
func (w *Worker) Correct(changes []Change) (Correction, error) {
	c := Correction{Limits: make(map[ledger.Counter]ledger.Use)}
	sums, prices := make(totals), w.cfg.Prices()
	for i := range changes {
		change := &changes[i]
		before, after := change.Before.Record, change.After.Record
		before.Sign, after.Sign = -1, 1
		pair := []*cdr.Record{&before, &after}
		if change.Withdrawn() {
			pair, after.SaleCurrency = pair[:1], before.SaleCurrency // It uses nothing, in the same money.
		}
		for _, r := range pair {
			if err := sums.add(r); err != nil {
				return c, err
			}
			c.Records = append(c.Records, *r)
		}
		for _, u := range change.Before.Uses {
			u.Amount = -u.Amount
			c.Uses = append(c.Uses, u)
		}
		c.Uses = append(c.Uses, change.After.Uses...)
		if err := c.limits(prices, &before, &after); err != nil {
			return c, err
		}
	}
	postings, err := sums.postings()
	c.Postings = slices.DeleteFunc(postings, func(p ledger.Posting) bool { return p.Amount.IsZero() && p.Legs == 0 })
	return c, err
}

// limits adds the difference of two records to the limits that their call counts in, where it counts in any.
func (c *Correction) limits(prices Prices, before, after *cdr.Record) error {
	if before.Kind != cdr.Ingress || before.SaleCurrency.IsZero() || before.SaleCurrency != after.SaleCurrency {
		return nil
	}
	use, err := usedBy(after).Sub(usedBy(before))
	if err != nil {
		return err
	}
	if use.IsZero() {
		return nil
	}
	tenant, ok := prices.Tenant(before.Tenant, before.Slot)
	if !ok {
		return nil
	}
	account := ledger.Tenant(before.Tenant, before.SaleCurrency)
	for _, scope := range []ledger.Limit{
		{Scope: ledger.TenantScope}, {Scope: ledger.BranchScope, Owner: before.Branch}, {Scope: ledger.ExtensionScope, Owner: before.Extension},
	} {
		for _, period := range ledger.Periods() {
			scope.Period = period
			counter := scope.Counter(account, before.Setup, zoneOf(tenant))
			if c.Limits[counter], err = c.Limits[counter].Add(use); err != nil {
				return err
			}
		}
	}
	return nil
}

// usedBy is what the call of a record used of limits, as rater.sell says it when it prices one.
func usedBy(r *cdr.Record) ledger.Use {
	use := ledger.Use{Money: r.Sale}
	free := rating.NoteOnNet | rating.NoteInbound | rating.NoteUnanswered | rating.NoteEmergency
	for note := range strings.SplitSeq(free.String(), "; ") {
		if slices.Contains(strings.Split(r.Note, "; "), note) {
			return use
		}
	}
	if r.Chargeable() > 0 || r.TariffVersion != "" {
		use.Seconds, use.Calls = r.Billed, 1
	}
	if r.Granted > 0 {
		use.Seconds = min(use.Seconds, int64((r.Granted+time.Second-1)/time.Second))
	}
	return use
}
