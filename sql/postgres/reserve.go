package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/clock"
	"trunkline/ledger"
)

// Ledger keeps accounts, holds and limits. It is safe for concurrent use.
type Ledger struct {
	db    *DB
	clock clock.Clock
}

// NewLedger returns the ledger in a database.
func NewLedger(db *DB, c clock.Clock) *Ledger { return &Ledger{db, c} }

// lockAccount precedes every statement that changes holds, limits or the balance of an account. The statement after it
// has a snapshot of its own, which sees all that the former owner of the lock did.
const lockAccount = `SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE`

// reserveSQL decides and writes in one statement. Counters of the limits that apply are those in which the call is
// counted already, and for limits that are new to it those of its period now; what the call itself holds is left out of
// account. The longest stretch that the balance and all limits allow is taken, if the call has a place or there is one.
const reserveSQL = `
WITH acc AS (
    SELECT credits + credit_limit - debits - pending AS free, suspended FROM account WHERE id = $2
), old AS (
    SELECT amount, seconds, limits, closed_at IS NOT NULL OR ended_at IS NOT NULL AS closed, placed AND place_till > $18 AS placed
    FROM hold WHERE call = $1
), base AS (
    SELECT coalesce((SELECT amount FROM old), 0) AS amount, coalesce((SELECT seconds FROM old), 0) AS seconds,
        coalesce((SELECT closed FROM old), false) AS closed, coalesce((SELECT placed FROM old), false) AS placed
), kept AS (
    SELECT c.* FROM limit_counter c WHERE c.id = ANY ((SELECT limits FROM old)::bigint[])
), hand AS (
    SELECT scope, owner, period, money, seconds, calls FROM limit_setting
    WHERE account = $2 AND (scope = 'tenant' OR (scope = 'branch' AND owner = $15) OR (scope = 'extension' AND owner = $16))
), def AS (
    SELECT scope, owner, period, p.starts, coalesce(h.money, d.money) AS cap_money, coalesce(h.seconds, d.seconds) AS cap_seconds,
        coalesce(h.calls, d.calls) AS cap_calls
    FROM unnest($6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[])
        AS d (scope, owner, period, money, seconds, calls)
    FULL JOIN hand h USING (scope, owner, period)
    JOIN unnest($12::text[], $13::timestamptz[]) AS p (period, starts) USING (period)
), halt AS (
    SELECT CASE WHEN suspended THEN 'suspended' WHEN EXISTS (
        SELECT FROM spending_block WHERE account = $2 AND ((scope = 'branch' AND owner = $15)
            OR (scope = 'extension' AND owner = $16) OR (scope = 'destination' AND starts_with($17, owner)))
    ) THEN 'blocked' WHEN NOT b.placed AND NOT b.closed AND $20::bigint + $21::bigint + $22::bigint > 0
        THEN coalesce(full_scope($2, $15, $16, $18, $20, $21, $22), '') ELSE '' END AS word FROM acc CROSS JOIN base b
), counter AS (
    SELECT scope, owner, period, coalesce(k.starts, d.starts) AS starts, k.id IS NOT NULL AS kept,
        d.cap_money, d.cap_seconds, d.cap_calls
    FROM def d FULL JOIN kept k USING (scope, owner, period)
), room AS MATERIALIZED (
    SELECT c.period, c.kept,
        c.cap_money - coalesce(l.used_money + l.held_money - l.raised_money - l.aside_money, 0) + CASE WHEN c.kept THEN b.amount ELSE 0 END AS money,
        c.cap_seconds - coalesce(l.used_seconds + l.held_seconds - l.raised_seconds - l.aside_seconds, 0) + CASE WHEN c.kept THEN b.seconds ELSE 0 END AS seconds,
        c.cap_calls - coalesce(l.used_calls + l.held_calls - l.raised_calls - l.aside_calls, 0) + CASE WHEN c.kept THEN 1 ELSE 0 END AS calls
    FROM counter c CROSS JOIN base b
    LEFT JOIN LATERAL ( -- One look-up for each: an account has the counters of all its extensions and days.
        SELECT * FROM limit_counter l
        WHERE l.account = $2 AND l.scope = c.scope AND l.owner = c.owner AND l.period = c.period AND l.starts = c.starts OFFSET 0
    ) l ON true
), step AS (
    SELECT s.seconds, s.amount, CASE
        WHEN b.closed THEN 'closed'
        WHEN halt.word <> '' THEN halt.word
        WHEN s.amount > b.amount AND s.amount - b.amount > acc.free THEN 'balance'
        ELSE (SELECT 'limit_' || min(r.period) FROM room r
            WHERE (s.amount > b.amount AND s.amount > r.money) OR s.seconds > r.seconds OR r.calls < 1)
        END AS bound
    FROM unnest($4::bigint[], $5::bigint[]) AS s (seconds, amount) CROSS JOIN base b CROSS JOIN acc CROSS JOIN halt
    WHERE s.seconds > b.seconds
), pick AS (
    SELECT s.seconds, s.amount FROM step s WHERE s.bound IS NULL ORDER BY s.seconds DESC LIMIT 1
), grown AS (
    UPDATE limit_counter l SET held_money = l.held_money + p.amount - b.amount, held_seconds = l.held_seconds + p.seconds - b.seconds
    FROM kept k CROSS JOIN base b CROSS JOIN pick p WHERE l.id = k.id
    RETURNING l.id
), opened AS (
    INSERT INTO limit_counter AS l (account, scope, owner, period, starts, held_money, held_seconds, held_calls)
    SELECT $2, c.scope, c.owner, c.period, c.starts, p.amount, p.seconds, 1 FROM counter c CROSS JOIN pick p WHERE NOT c.kept
    ON CONFLICT (account, scope, owner, period, starts) DO UPDATE SET held_money = l.held_money + excluded.held_money,
        held_seconds = l.held_seconds + excluded.held_seconds, held_calls = l.held_calls + excluded.held_calls
    RETURNING id
), counted AS (
    SELECT id FROM grown UNION ALL SELECT id FROM opened
), held AS (
    INSERT INTO hold AS h (call, account, node, amount, seconds, limits, made_at, touched_at, branch, extension, placed, place_till)
    SELECT $1, $2, $3, p.amount, p.seconds, coalesce((SELECT array_agg(id) FROM counted), '{}'), $14, $14, $15, $16,
        true, $19::timestamptz + p.seconds * interval '1 second' FROM pick p
    ON CONFLICT (call) DO UPDATE SET amount = excluded.amount, seconds = excluded.seconds, limits = excluded.limits,
        touched_at = excluded.touched_at, placed = h.ended_at IS NULL, place_till = CASE WHEN h.placed AND h.place_till > $18
            THEN h.place_till + (excluded.seconds - h.seconds) * interval '1 second' ELSE excluded.place_till END
), paid AS (
    UPDATE account SET pending = pending + p.amount - b.amount FROM pick p, base b WHERE id = $2 AND p.amount <> b.amount
)
SELECT EXISTS (SELECT FROM acc), b.closed, b.seconds, coalesce((SELECT seconds FROM pick), 0),
    coalesce((SELECT s.bound FROM step s WHERE s.bound IS NOT NULL ORDER BY s.seconds LIMIT 1), ''),
    coalesce((SELECT word FROM halt), '')
FROM base b`

// Reserve holds money for a call in one round trip, or says why not. The hold is made or grows by exactly what is
// granted, in the account and in every limit, or nothing changes. It may be repeated: the same request has the same
// answer and holds nothing twice.
func (l *Ledger) Reserve(ctx context.Context, r ledger.HoldRequest) (ledger.HoldAnswer, error) {
	if err := r.Validate(); err != nil {
		return ledger.HoldAnswer{}, err
	}
	one := &grouped{request: r, arrays: reserveArrays(r)}
	if err := l.reserve(ctx, one); err != nil {
		return ledger.HoldAnswer{}, fmt.Errorf("reserve for call %s: %w", r.Call, err)
	}
	return one.answer(), nil
}

// reserve sends requests in one pipeline, which is one transaction: it is committed when the results are closed. Requests
// of one account have to stand together, and accounts in their order.
func (l *Ledger) reserve(ctx context.Context, batch ...*grouped) error {
	pipeline := &pgx.Batch{}
	now := l.clock.Now()
	last := ""
	for _, one := range batch {
		if account := one.request.Account.String(); account != last {
			last = account
			pipeline.Queue(lockAccount, account)
		}
		r, a, v := &one.request, &one.arrays, &one.verdict
		pipeline.Queue(reserveSQL, [16]byte(r.Call), last, r.Node, a.seconds, a.amounts, a.scopes, a.owners, a.limited,
			a.money, a.times, a.calls, a.periods, a.starts, r.At, r.Branch, r.Extension, r.To,
			now, now.Add(r.Setup+ledger.PlaceGrace), r.AtOnce.Tenant, r.AtOnce.Branch, r.AtOnce.Extension).QueryRow(func(row pgx.Row) error {
			return row.Scan(&v.known, &v.closed, &v.had, &v.granted, &v.bound, &v.halt)
		})
	}
	return l.db.pool.SendBatch(ctx, pipeline).Close()
}

type verdict struct {
	known   bool // The account exists.
	closed  bool
	had     int64 // Seconds granted before.
	granted int64 // Seconds granted now; 0 for nothing new.
	bound   string
	halt    string // What keeps the call from having more whatever it costs.
}

func (v verdict) answer(wanted int64) ledger.HoldAnswer {
	a := ledger.HoldAnswer{Granted: max(v.had, v.granted), Bound: v.bound}
	if v.halt == ledger.BoundSuspended || v.halt == ledger.BoundBlocked {
		a.Stop = v.halt
	}
	switch {
	case !v.known:
		a.Granted, a.Bound = 0, ledger.BoundAccount
	case v.closed:
		a.Granted, a.Bound = 0, ledger.BoundClosed
	}
	a.Final = a.Granted < wanted
	if a.Granted == 0 {
		a.Refusal = a.Bound
	}
	return a
}

// arrays are a request as the columns that the statement takes.
type arrays struct {
	seconds, amounts        []int64
	scopes, owners, limited []string
	money, times, calls     []*int64
	periods                 []string
	starts                  []time.Time
}

func reserveArrays(r ledger.HoldRequest) arrays {
	var a arrays
	for _, s := range r.Ladder {
		a.seconds = append(a.seconds, s.Seconds)
		a.amounts = append(a.amounts, s.Cost.Micros())
	}
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	for _, p := range ledger.Periods() {
		a.periods, a.starts = append(a.periods, string(p)), append(a.starts, p.Start(r.At, zone))
	}
	for _, limit := range r.Limits {
		a.scopes = append(a.scopes, string(limit.Scope))
		a.owners = append(a.owners, limit.Owner)
		a.limited = append(a.limited, string(limit.Period))
		a.money = append(a.money, micros(limit.Money))
		a.times = append(a.times, limit.Seconds)
		a.calls = append(a.calls, limit.Calls)
	}
	return a
}
