package rating

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Stay is a time for which a client was on a version of a tariff. Its bounds are midnights in the client's time zone: a day on which
// he goes to another plan is a day of that plan.
type Stay struct {
	Tariff     *Tariff
	From, Till time.Time
	Known      time.Time // When it was known that the stay would begin; zero: always.
}

// run is a time for which one and the same fee was due, over all stays in which it stands unchanged.
type run struct {
	Stay
	fee   *Fee
	order int       // Its place in the tariff.
	left  time.Time // When it was known that it would end; zero: always.
}

// meets reports whether two fees are due at the same time.
func (f *Fee) meets(other *Fee) bool {
	return (f.Till.IsZero() || other.From.Before(f.Till)) && (other.Till.IsZero() || f.From.Before(other.Till))
}

// same reports whether two fees ask for the same: a client who goes from one to the other sees no difference.
func (f *Fee) same(other *Fee) bool {
	a, b := *f, *other
	a.From, a.Till, b.From, b.Till = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return reflect.DeepEqual(a, b)
}

// runs are the times of all fees over stays that follow each other.
func runs(stays []Stay) []run {
	var out []run
	for i := range stays {
		s := &stays[i]
		for order := range s.Tariff.spec.Fees {
			f := &s.Tariff.spec.Fees[order]
			next := run{Stay: *s, fee: f, order: order}
			next.From, next.Till = latest(s.From, f.From), earliest(s.Till, f.Till)
			if !next.From.Before(next.Till) {
				continue
			}
			at := slices.IndexFunc(out, func(r run) bool {
				return r.fee.Name == f.Name && r.Till.Equal(next.From) && r.fee.same(f) && r.Tariff.alike(s.Tariff)
			})
			if at < 0 {
				out = append(out, next)
				continue
			}
			out[at].Till, out[at].order, out[at].Tariff, out[at].fee = next.Till, order, s.Tariff, f
		}
	}
	for i := range out {
		if at := slices.IndexFunc(stays, func(s Stay) bool { return s.From.Equal(out[i].Till) }); at >= 0 {
			out[i].left = stays[at].Known
		}
	}
	slices.SortStableFunc(out, func(a, b run) int { return cmp.Or(cmp.Compare(a.order, b.order), a.From.Compare(b.From)) })
	return out
}

// alike reports whether fees of two versions are reckoned the same way.
func (t *Tariff) alike(other *Tariff) bool {
	return t.spec.Rounding == other.spec.Rounding && t.spec.Currency == other.spec.Currency && reflect.DeepEqual(t.spec.Trial, other.spec.Trial)
}

// FeesOf returns the fees of one billing period of a client who was on one version of a tariff after the other: each for the days of its
// stay, and one that stands in them unchanged as if there were one stay only. Stays reach beyond the period where the next is known:
// fees in advance are billed by it. The rest is as in Fees.
func FeesOf(stays []Stay, account Account, from, till, now time.Time, facts Facts) ([]FeeLine, error) {
	var out []FeeLine
	for _, r := range runs(stays) {
		b := feeRun{t: r.Tariff, run: r, m: moment{zone: &r.Tariff.spec.Calendar.zone, account: account, from: from, till: till, now: now, facts: facts}}
		if err := b.fee(r.fee); err != nil {
			return nil, fmt.Errorf("fee %q: %w", r.fee.Name, err)
		}
		out = append(out, b.lines...)
	}
	return out, nil
}

// switched adds what a fee in advance asks for the running period where the client came to it, or left it, on a day in the middle: it was
// billed in advance by what was known before the period began.
func (b *feeRun) switched(f *Fee, p presence) error {
	from, till := b.m.from, b.m.till
	if b.run.From.After(from) && b.run.From.Before(till) && b.run.Known.After(from) {
		return b.line(f, p, from, till)
	}
	left := b.run.Till
	if !left.After(from) || !left.Before(till) || b.run.From.After(from) || !b.run.left.After(from) {
		return nil
	}
	rest := feeRun{t: b.t, run: b.run, m: b.m}
	rest.run.From, rest.run.Till = left, till
	if err := rest.line(f, p, from, till); err != nil {
		return err
	}
	for _, l := range rest.lines {
		l.Amount, l.Reason = l.Amount.Neg(), "given back: "+l.Reason
		b.lines = append(b.lines, l)
	}
	return nil
}
