package credit

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
)

// Key says which limit it is.
type Key struct {
	Scope  ledger.Scope
	Owner  string
	Period ledger.Period
}

// Status is one measure of a cap in its present period. Seconds and calls are counted in whole units of Amount.
type Status struct {
	Key              Key
	Measure          string
	Setting          *money.Amount // As provisioned; nil: none.
	Live, Used, Held money.Amount
}

// Left is how much of the cap is neither used nor held.
func (l *Status) Left() (money.Amount, error) {
	return money.Sum(l.Live, l.Used.Neg(), l.Held.Neg())
}

// Percent is how much of the cap is used and held; of a cap of nothing it is all.
func (l *Status) Percent() (money.Amount, error) {
	taken, err := l.Used.Add(l.Held)
	if err != nil || l.Live.Sign() <= 0 {
		return money.FromWhole(100), err
	}
	return taken.MulDiv(100_000_000, l.Live.Micros(), money.HalfUp)
}

// Limits are the caps of an account as they were set by hand, and what was used of them.
type Limits interface {
	Limits(ctx context.Context, account ledger.Account) (ledger.LimitState, error)
	Gauges(ctx context.Context, account ledger.Account, since time.Time) ([]ledger.Gauge, error)
}

// StatusOf are all caps of a tenant, with what was set by hand, in their present periods.
func StatusOf(ctx context.Context, l Limits, tenant *provision.Tenant, now time.Time) ([]Status, error) {
	zone, err := time.LoadLocation(tenant.TimeZone)
	if err != nil {
		return nil, err
	}
	account := ledger.Tenant(tenant.ID, tenant.Currency)
	state, err := l.Limits(ctx, account)
	if err != nil {
		return nil, err
	}
	gauges, err := l.Gauges(ctx, account, ledger.Month.Start(now, zone).AddDate(0, 0, -7))
	if err != nil {
		return nil, err
	}
	byCounter := make(map[ledger.Counter]ledger.Gauge, len(gauges))
	for _, g := range gauges {
		byCounter[g.Counter] = g
	}
	settings := provisioned(tenant)
	live := maps.Clone(settings)
	for _, s := range state.Settings {
		key := Key{s.Scope, s.Owner, s.Period}
		live[key] = s.Caps.Or(settings[key])
	}
	keys := slices.SortedFunc(maps.Keys(live), func(a, b Key) int {
		return cmp.Or(-cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Period, b.Period))
	})
	var out []Status
	for _, key := range keys {
		counter := ledger.Limit{Scope: key.Scope, Owner: key.Owner, Period: key.Period}.Counter(account, now, zone)
		if out, err = standing(out, key, settings[key], live[key], byCounter[counter]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// provisioned are the caps of the operator's file.
func provisioned(t *provision.Tenant) map[Key]ledger.Caps {
	out := make(map[Key]ledger.Caps)
	put := func(limits []ledger.Limit) {
		for _, l := range limits {
			out[Key{l.Scope, l.Owner, l.Period}] = ledger.Caps{Money: l.Money, Seconds: l.Seconds, Calls: l.Calls}
		}
	}
	put(limitsIn(ledger.TenantScope, "", t.Limits))
	for i := range t.Branches {
		b := &t.Branches[i]
		put(limitsIn(ledger.BranchScope, b.ID, b.Limits))
		for j := range b.Extensions {
			put(limitsIn(ledger.ExtensionScope, b.Extensions[j].ID, b.Extensions[j].Limits))
		}
	}
	return out
}

// standing adds a row for every measure that is bounded.
func standing(out []Status, key Key, setting, live ledger.Caps, g ledger.Gauge) ([]Status, error) {
	add := func(measure string, setting, bound *money.Amount, raised, used, aside, held money.Amount) error {
		if bound == nil {
			return nil
		}
		l := Status{Key: key, Measure: measure, Setting: setting, Held: held}
		var err error
		if l.Live, err = bound.Add(raised); err != nil {
			return err
		}
		l.Used, err = used.Sub(aside)
		out = append(out, l)
		return err
	}
	count := func(n *int64) *money.Amount {
		if n == nil {
			return nil
		}
		v := money.FromWhole(*n)
		return &v
	}
	if err := add("money", setting.Money, live.Money, g.Raised.Money, g.Used.Money, g.Aside.Money, g.Held.Money); err != nil {
		return nil, err
	}
	if err := add("seconds", count(setting.Seconds), count(live.Seconds), money.FromWhole(g.Raised.Seconds), money.FromWhole(g.Used.Seconds),
		money.FromWhole(g.Aside.Seconds), money.FromWhole(g.Held.Seconds)); err != nil {
		return nil, err
	}
	err := add("calls", count(setting.Calls), count(live.Calls), money.FromWhole(g.Raised.Calls), money.FromWhole(g.Used.Calls), money.FromWhole(g.Aside.Calls), money.FromWhole(g.Held.Calls))
	return out, err
}
