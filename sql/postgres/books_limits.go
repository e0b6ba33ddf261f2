package postgres

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// useHolds adds what calls with a hold used to the limits that they are held in.
const useHolds = `
UPDATE limit_counter l SET used_money = used_money + u.money, used_seconds = used_seconds + u.seconds, used_calls = used_calls + u.calls
FROM (
    SELECT id, sum(s.money) AS money, sum(s.seconds) AS seconds, sum(s.calls) AS calls
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS s (call, money, seconds, calls)
    JOIN hold h ON h.call = s.call AND h.closed_at IS NULL AND h.account = ANY ($5), unnest(h.limits) AS id
    GROUP BY id
) u WHERE l.id = u.id`

const useLimits = `
INSERT INTO limit_counter AS l (account, scope, owner, period, starts, used_money, used_seconds, used_calls)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[])
ON CONFLICT (account, scope, owner, period, starts) DO UPDATE SET used_money = l.used_money + excluded.used_money,
    used_seconds = l.used_seconds + excluded.used_seconds, used_calls = l.used_calls + excluded.used_calls`

// settle counts what the calls used in the limits that apply, and ends their holds.
func (p *posting) settle(ctx context.Context, out *worker.Outcome, accounts []string) error {
	if err := p.settleQuotas(ctx, out.Settled, accounts); err != nil {
		return err
	}
	if held := slices.DeleteFunc(slices.Clone(out.Settled), func(s worker.Settled) bool { return !s.Draw.IsZero() }); len(held) > 0 {
		var calls [][16]byte
		var amounts, seconds, counts []int64
		for _, s := range held {
			calls = append(calls, s.Call.Bytes())
			amounts = append(amounts, s.Use.Money.Micros())
			seconds = append(seconds, s.Use.Seconds)
			counts = append(counts, s.Use.Calls)
		}
		if _, err := p.tx.Exec(ctx, useHolds, calls, amounts, seconds, counts, accounts); err != nil {
			return fmt.Errorf("count in limits: %w", err)
		}
		if _, err := p.tx.Exec(ctx, closeHolds, calls, accounts, p.now); err != nil {
			return fmt.Errorf("end holds: %w", err)
		}
	}
	return p.countLimits(ctx, out.Limits)
}

func (p *posting) countLimits(ctx context.Context, limits map[ledger.Counter]ledger.Use) error {
	if len(limits) == 0 {
		return nil
	}
	var accounts, scopes, owners, periods []string
	var starts []time.Time
	var amounts, seconds, counts []int64
	for _, c := range slices.SortedFunc(maps.Keys(limits), compareCounters) {
		u := limits[c]
		accounts = append(accounts, c.Account.String())
		scopes, owners, periods = append(scopes, string(c.Scope)), append(owners, c.Owner), append(periods, string(c.Period))
		starts = append(starts, c.Start)
		amounts, seconds, counts = append(amounts, u.Money.Micros()), append(seconds, u.Seconds), append(counts, u.Calls)
	}
	if _, err := p.tx.Exec(ctx, useLimits, accounts, scopes, owners, periods, starts, amounts, seconds, counts); err != nil {
		return fmt.Errorf("count in limits: %w", err)
	}
	return nil
}

func compareCounters(a, b ledger.Counter) int {
	return cmp.Or(cmp.Compare(a.Account.String(), b.Account.String()), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Owner, b.Owner),
		cmp.Compare(a.Period, b.Period), a.Start.Compare(b.Start))
}

// counterKey is a counter of an allowance or tier as it is stored.
type counterKey struct {
	tenant, tariff string
	rating.Counter
}

// counterView reads counters as they are asked for, inside a transaction that has the tenant's account locked, and
// remembers them. The interface that it serves has no errors: the first one is kept, and stops the transaction.
type counterView struct {
	ctx   context.Context // It lives as long as one transaction, and its interface has no context.
	tx    pgx.Tx
	known map[counterKey]int64
	err   error
}

// of returns the counters of a tenant under a tariff, as they stood before the delivery.
func (v *counterView) of(tenant, tariff string) rating.Counters {
	return tariffCounters{v, tenant, tariff}
}

type tariffCounters struct {
	view           *counterView
	tenant, tariff string
}

// Used implements rating.Counters.
func (c tariffCounters) Used(counter rating.Counter) int64 {
	v, key := c.view, counterKey{c.tenant, c.tariff, counter}
	if used, ok := v.known[key]; ok || v.err != nil {
		return used
	}
	var used int64
	err := v.tx.QueryRow(v.ctx, `SELECT coalesce((SELECT used FROM usage_counter WHERE tenant = $1 AND tariff = $2 AND name = $3 `+
		`AND measure = $4 AND scope = $5 AND owner = $6 AND starts = $7), 0)`,
		c.tenant, c.tariff, counter.Name, counter.Measure.String(), counter.Scope.String(), counter.Owner, counter.Start).Scan(&used)
	if err != nil {
		v.err = fmt.Errorf("read counter %s of %s: %w", counter.Name, c.tenant, err)
	}
	if v.known == nil {
		v.known = make(map[counterKey]int64)
	}
	v.known[key] = used
	return used
}

const writeUses = `
INSERT INTO usage_counter AS c (tenant, tariff, name, measure, scope, owner, starts, used)
SELECT tenant, tariff, name, measure, scope, owner, starts, sum(used)::bigint
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
    AS u (tenant, tariff, name, measure, scope, owner, starts, used)
GROUP BY tenant, tariff, name, measure, scope, owner, starts
ON CONFLICT (tenant, tariff, name, measure, scope, owner, starts) DO UPDATE SET used = c.used + excluded.used`

func (p *posting) writeUses(ctx context.Context, uses []worker.CounterUse) error {
	if len(uses) == 0 {
		return nil
	}
	var tenants, tariffs, names, measures, scopes, owners []string
	var starts, used []int64
	for _, u := range uses {
		c := u.Counter
		tenants, tariffs, names = append(tenants, u.Tenant), append(tariffs, u.Tariff), append(names, c.Name)
		measures, scopes, owners = append(measures, c.Measure.String()), append(scopes, c.Scope.String()), append(owners, c.Owner)
		starts, used = append(starts, c.Start), append(used, u.Amount)
	}
	if _, err := p.tx.Exec(ctx, writeUses, tenants, tariffs, names, measures, scopes, owners, starts, used); err != nil {
		return fmt.Errorf("count allowances: %w", err)
	}
	return nil
}
