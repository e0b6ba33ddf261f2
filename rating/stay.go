package rating

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Stay is a time for which a client was on a version of a tariff. Its bounds are midnights in the client's time zone: a day on which
// they go to another plan is a day of that plan.
type Stay struct {
	Tariff     *Tariff
	From, Till time.Time
	Known      time.Time // When it was known that the stay would begin; zero: always.
	Left       time.Time // When it was known that it would end, where no other follows; zero: always.
}

// run is a time for which one and the same fee was due, over all stays in which it stands unchanged.
type run struct {
	Stay
	fee   *Fee
	order int // Its place in the tariff.
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

// same reports whether two runs are of one and the same fee.
func (r *run) same(other *run) bool { return r.fee.same(other.fee) && r.Tariff.alike(other.Tariff) }

// runs are the times of all fees over stays that follow each other, in the days of the client's zone.
func runs(stays []Stay, z *zone) []run {
	var out []run
	for i := range stays {
		s := &stays[i]
		for order := range s.Tariff.spec.Fees {
			f := &s.Tariff.spec.Fees[order]
			next := run{Stay: *s, fee: f, order: order}
			own := &s.Tariff.spec.Calendar.zone
			next.From, next.Till = latest(s.From, own.sameDay(f.From, z)), earliest(s.Till, own.sameDay(f.Till, z))
			if !next.From.Before(next.Till) {
				continue
			}
			at := slices.IndexFunc(out, func(r run) bool { return r.Till.Equal(next.From) && r.same(&next) })
			if at < 0 {
				out = append(out, next)
				continue
			}
			out[at].Till, out[at].order, out[at].Tariff, out[at].fee = next.Till, order, s.Tariff, f
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
// fees in advance are billed by what was known of it when the period ended, however late that is asked for. The rest is as in Fees.
func FeesOf(stays []Stay, account Account, from, till, now time.Time, facts Facts) ([]FeeLine, error) {
	if len(stays) == 0 {
		return nil, nil
	}
	m := moment{zone: account.zone(stays[0].Tariff), account: account, from: from, till: till, now: now, facts: facts}
	was, is, next := runs(known(stays, from), m.zone), runs(stays, m.zone), runs(known(stays, till), m.zone)
	var done []feeRun
	add := func(list, others []run, step func(*feeRun, *Fee, presence) error) error {
		for _, r := range list {
			b := feeRun{t: r.Tariff, run: r, others: others, m: m}
			if err := b.fee(r.fee, step); err != nil {
				return fmt.Errorf("fee %q: %w", r.fee.Name, err)
			}
			done = append(done, b)
		}
		return nil
	}
	if err := errors.Join(add(was, is, (*feeRun).givenBack), add(is, was, (*feeRun).running), add(next, nil, (*feeRun).ahead)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(done, func(a, b feeRun) int { return cmp.Compare(a.run.order, b.run.order) })
	var out []FeeLine
	for i := range done {
		out = append(out, done[i].lines...)
	}
	return out, nil
}
