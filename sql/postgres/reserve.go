package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
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

// reserveSQL calls the function that decides and writes: the rules stand in the migrations, beside the tables.
const reserveSQL = `SELECT known, closed, had, granted, bound, halt, recalled FROM reserve($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
    $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`

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

// reserve sends requests in one pipeline, which is one transaction: it is committed when the results are closed. Accounts have to stand
// in their order, in which each is locked.
func (l *Ledger) reserve(ctx context.Context, batch ...*grouped) error {
	pipeline := &pgx.Batch{}
	now := l.clock.Now()
	for _, one := range batch {
		r, a, v := &one.request, &one.arrays, &one.verdict
		pipeline.Queue(reserveSQL, [16]byte(r.Call), r.Account.String(), r.Node, a.seconds, a.amounts, a.scopes, a.owners, a.limited,
			a.money, a.times, a.calls, a.periods, a.starts, r.At, r.Branch, r.Extension, r.To,
			now, now.Add(r.Setup+ledger.SlotGrace), r.Concurrency.Tenant, r.Concurrency.Branch, r.Concurrency.Extension,
			orNone(r.Quota), r.Drawn.Money.Micros(), r.Drawn.Seconds).QueryRow(func(row pgx.Row) error {
			return row.Scan(&v.known, &v.closed, &v.had, &v.granted, &v.bound, &v.halt, &v.recalled)
		})
	}
	return l.db.pool.SendBatch(ctx, pipeline).Close()
}

// orNone is an id as a parameter; null where there is none.
func orNone(id uuid.UUID) any {
	if id == uuid.Nil {
		return nil
	}
	return [16]byte(id)
}

type verdict struct {
	known    bool // The account exists.
	closed   bool
	had      int64 // Seconds granted before.
	granted  int64 // Seconds granted now; 0 for nothing new.
	bound    string
	recalled bool   // Quotas are on their way back.
	halt     string // What keeps the call from having more whatever it costs.
}

func (v verdict) answer(wanted int64) ledger.HoldAnswer {
	a := ledger.HoldAnswer{Granted: max(v.had, v.granted), Bound: v.bound, Recalled: v.recalled}
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
	for _, s := range r.Options {
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
