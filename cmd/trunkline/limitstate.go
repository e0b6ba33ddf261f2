package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// limitKey says which limit it is.
type limitKey struct {
	scope  ledger.Scope
	owner  string
	period ledger.Period
}

// standingLimit is one measure of a cap in its present period. Seconds and calls are counted in whole units of Amount.
type standingLimit struct {
	key              limitKey
	measure          string
	setting          *money.Amount // As provisioned; nil: none.
	live, used, held money.Amount
}

func (l *standingLimit) left() (money.Amount, error) {
	return money.Sum(l.live, l.used.Neg(), l.held.Neg())
}

// percent is how much of the cap is used and held; of a cap of nothing it is all.
func (l *standingLimit) percent() (money.Amount, error) {
	taken, err := l.used.Add(l.held)
	if err != nil || l.live.Sign() <= 0 {
		return whole(100), err
	}
	return taken.MulDiv(100_000_000, l.live.Micros(), money.HalfUp)
}

// limitsAsTheyStand are all caps of a tenant, with what was set by hand, in their present periods.
func limitsAsTheyStand(ctx context.Context, l *postgres.Ledger, tenant *provision.Tenant, now time.Time) ([]standingLimit, error) {
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
		key := limitKey{s.Scope, s.Owner, s.Period}
		live[key] = s.Caps.Or(settings[key])
	}
	keys := slices.SortedFunc(maps.Keys(live), func(a, b limitKey) int {
		return cmp.Or(-cmp.Compare(a.scope, b.scope), cmp.Compare(a.owner, b.owner), cmp.Compare(a.period, b.period))
	})
	var out []standingLimit
	for _, key := range keys {
		counter := ledger.Limit{Scope: key.scope, Owner: key.owner, Period: key.period}.Counter(account, now, zone)
		if out, err = standing(out, key, settings[key], live[key], byCounter[counter]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// provisioned are the caps of the operator's file.
func provisioned(t *provision.Tenant) map[limitKey]ledger.Caps {
	out := make(map[limitKey]ledger.Caps)
	put := func(limits []ledger.Limit) {
		for _, l := range limits {
			out[limitKey{l.Scope, l.Owner, l.Period}] = ledger.Caps{Money: l.Money, Seconds: l.Seconds, Calls: l.Calls}
		}
	}
	put(limitsOf(ledger.TenantScope, "", t.Limits))
	for i := range t.Branches {
		b := &t.Branches[i]
		put(limitsOf(ledger.BranchScope, b.ID, b.Limits))
		for j := range b.Extensions {
			put(limitsOf(ledger.ExtensionScope, b.Extensions[j].ID, b.Extensions[j].Limits))
		}
	}
	return out
}

// standing adds a row for every measure that is bounded.
func standing(out []standingLimit, key limitKey, setting, live ledger.Caps, g ledger.Gauge) ([]standingLimit, error) {
	add := func(measure string, setting, bound *money.Amount, raised, used, aside, held money.Amount) error {
		if bound == nil {
			return nil
		}
		l := standingLimit{key: key, measure: measure, setting: setting, held: held}
		var err error
		if l.live, err = bound.Add(raised); err != nil {
			return err
		}
		l.used, err = used.Sub(aside)
		out = append(out, l)
		return err
	}
	count := func(n *int64) *money.Amount {
		if n == nil {
			return nil
		}
		v := whole(*n)
		return &v
	}
	if err := add("money", setting.Money, live.Money, g.Raised.Money, g.Used.Money, g.Aside.Money, g.Held.Money); err != nil {
		return nil, err
	}
	if err := add("seconds", count(setting.Seconds), count(live.Seconds), whole(g.Raised.Seconds), whole(g.Used.Seconds),
		whole(g.Aside.Seconds), whole(g.Held.Seconds)); err != nil {
		return nil, err
	}
	err := add("calls", count(setting.Calls), count(live.Calls), whole(g.Raised.Calls), whole(g.Used.Calls), whole(g.Aside.Calls), whole(g.Held.Calls))
	return out, err
}

// cells are the row as text.
func (l *standingLimit) cells() ([]string, error) {
	left, err := l.left()
	if err != nil {
		return nil, err
	}
	setting := ""
	if l.setting != nil {
		setting = l.setting.String()
	}
	return []string{
		string(l.key.scope), l.key.owner, string(l.key.period), l.measure, setting, l.live.String(), l.used.String(), l.held.String(), left.String(),
	}, nil
}
