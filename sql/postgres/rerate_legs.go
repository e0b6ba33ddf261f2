package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/rating/worker"
)

// legColumns are identities of records, and the batches that have them.
func legColumns(records []cdr.Record) (calls [][16]byte, seqs []int32, batches []int64) {
	for i := range records {
		r := &records[i]
		calls, seqs, batches = append(calls, r.Call.Bytes()), append(seqs, int32(r.Seq)), append(batches, r.Batch)
	}
	return calls, seqs, batches
}

// inForce makes sure that nobody has priced the legs of records again since the records were written.
func (p *posting) inForce(ctx context.Context, records []cdr.Record) error {
	calls, seqs, batches := legColumns(records)
	var stale int64
	err := p.tx.QueryRow(ctx, `SELECT count(*) FROM unnest($1::uuid[], $2::integer[], $3::bigint[]) AS r (call, seq, batch)
		JOIN rerated_leg l USING (call, seq) WHERE l.batch <> r.batch`, calls, seqs, batches).Scan(&stale)
	if err != nil {
		return fmt.Errorf("look at versions: %w", err)
	}
	if stale > 0 {
		return fmt.Errorf("%w: %d legs", worker.ErrStale, stale)
	}
	return nil
}

// usesOf returns what legs used of allowances and tiers.
func (p *posting) usesOf(ctx context.Context, records []cdr.Record) (legUses, error) {
	calls, seqs, _ := legColumns(records)
	rows, err := p.tx.Query(ctx, `SELECT u.call, u.seq, u.uses FROM leg_use u JOIN unnest($1::uuid[], $2::integer[]) AS r (call, seq) USING (call, seq)`, calls, seqs)
	if err != nil {
		return nil, fmt.Errorf("look at uses: %w", err)
	}
	uses, err := readLegUses(rows)
	if err != nil {
		return nil, fmt.Errorf("look at uses: %w", err)
	}
	for i := range records {
		r := &records[i]
		if _, known := uses[worker.LegID{Call: r.Call, Seq: r.Seq}]; r.Covered > 0 && !known {
			return nil, fmt.Errorf("%w: leg %s of %s", worker.ErrUsesUnknown, r.ID(), r.Slot.Format(time.DateOnly))
		}
	}
	return uses, nil
}

// moveVersions notes that the batch has the records in force of legs that were changed, what they used before it, and
// what they use now.
func (p *posting) moveVersions(ctx context.Context, changes []worker.Change) error {
	changed := make([]cdr.Record, 0, len(changes))
	former, fresh := make(legUses), make(legUses)
	for i := range changes {
		c := &changes[i]
		changed = append(changed, c.Before.Record)
		id := worker.LegID{Call: c.Before.Call, Seq: c.Before.Seq}
		former[id] = c.Before.Uses
		if len(c.After.Uses) > 0 {
			fresh[id] = c.After.Uses
		}
	}
	calls, seqs, _ := legColumns(changed)
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO rerated_leg (call, seq, batch) SELECT call, seq, $3 FROM unnest($1::uuid[], $2::integer[]) AS r (call, seq)
		ON CONFLICT (call, seq) DO UPDATE SET batch = excluded.batch`, calls, seqs, p.batch.ID)
	batch.Queue(`DELETE FROM leg_use u USING unnest($1::uuid[], $2::integer[]) AS r (call, seq) WHERE u.call = r.call AND u.seq = r.seq`, calls, seqs)
	usedCalls, usedSeqs, uses, err := former.columns()
	if err != nil {
		return err
	}
	batch.Queue(`INSERT INTO rerated_use (batch, call, seq, uses) SELECT $4, * FROM unnest($1::uuid[], $2::integer[], $3::jsonb[])`,
		usedCalls, usedSeqs, uses, p.batch.ID)
	if err := p.tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("note versions: %w", err)
	}
	return writeLegUses(ctx, p.tx, fresh)
}

const correctLimits = `
UPDATE limit_counter l SET used_money = used_money + u.money, used_seconds = used_seconds + u.seconds, used_calls = used_calls + u.calls
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[])
    AS u (account, scope, owner, period, starts, money, seconds, calls)
WHERE l.account = u.account AND l.scope = u.scope AND l.owner = u.owner AND l.period = u.period AND l.starts = u.starts`

// correctLimits adds to the counters of limits that there are.
func (p *posting) correctLimits(ctx context.Context, limits map[ledger.Counter]ledger.Use) error {
	if len(limits) == 0 {
		return nil
	}
	var accounts, scopes, owners, periods []string
	var starts []time.Time
	var amounts, seconds, counts []int64
	for _, c := range slices.SortedFunc(maps.Keys(limits), compareCounters) {
		u := limits[c]
		accounts, scopes, owners = append(accounts, c.Account.String()), append(scopes, string(c.Scope)), append(owners, c.Owner)
		periods, starts = append(periods, string(c.Period)), append(starts, c.Start)
		amounts, seconds, counts = append(amounts, u.Money.Micros()), append(seconds, u.Seconds), append(counts, u.Calls)
	}
	if _, err := p.tx.Exec(ctx, correctLimits, accounts, scopes, owners, periods, starts, amounts, seconds, counts); err != nil {
		return fmt.Errorf("correct limits: %w", err)
	}
	return nil
}

// Undo takes the changes of one batch back in another, which belongs to the pricing undo: the records that it reversed
// are in force again, with what they used. Legs that were priced again since are worker.ErrStale. It may be repeated.
func (b *Books) Undo(ctx context.Context, undo, batch int64, records []cdr.Record, correct func([]worker.Change) (worker.Correction, error)) error {
	p := &posting{books: b, now: b.clock.Now()}
	err := b.db.inTx(ctx, func(tx pgx.Tx) error {
		p.tx = tx
		changes, err := reversed(records)
		if err != nil {
			return err
		}
		if done, err := p.undone(ctx, undo, changes); done || err != nil {
			return err
		}
		before := make([]cdr.Record, 0, len(changes))
		for i := range changes {
			before = append(before, changes[i].Before.Record)
		}
		if err := lockOwners(ctx, tx, before); err != nil {
			return err
		}
		if err := p.inForce(ctx, before); err != nil {
			return err
		}
		if err := p.swapUses(ctx, batch, changes, before); err != nil {
			return err
		}
		if err := p.changeable(ctx, changes); err != nil {
			return err
		}
		return p.correct(ctx, undo, changes, correct)
	})
	if err != nil {
		return fmt.Errorf("undo batch %d: %w", batch, closedError(err))
	}
	return nil
}

// swapUses gives changes what their legs use now, and what they used before the batch that is taken back.
func (p *posting) swapUses(ctx context.Context, batch int64, changes []worker.Change, before []cdr.Record) error {
	now, err := p.usesOf(ctx, before)
	if err != nil {
		return err
	}
	rows, err := p.tx.Query(ctx, `SELECT call, seq, uses FROM rerated_use WHERE batch = $1`, batch)
	if err != nil {
		return err
	}
	former, err := readLegUses(rows)
	if err != nil {
		return err
	}
	for i := range changes {
		id := worker.LegID{Call: changes[i].Before.Call, Seq: changes[i].Before.Seq}
		changes[i].Before.Uses, changes[i].After.Uses = now[id], former[id]
	}
	return nil
}

// undone reports whether the changes were taken back already, by a run that was killed afterwards.
func (p *posting) undone(ctx context.Context, undo int64, changes []worker.Change) (done bool, err error) {
	if len(changes) == 0 {
		return true, nil
	}
	first := &changes[0].Before
	err = p.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM rerated_leg l JOIN rerate_batch b ON b.batch = l.batch
		WHERE b.rerate = $1 AND l.call = $2 AND l.seq = $3)`, undo, first.Call.Bytes(), int32(first.Seq)).Scan(&done)
	return done, err
}

// reversed pairs the records of a batch: what it wrote is what is taken back, and what it took back is what is written.
func reversed(records []cdr.Record) ([]worker.Change, error) {
	pairs := make(map[worker.LegID]*worker.Change)
	var order []worker.LegID
	for i := range records {
		r := &records[i]
		id := worker.LegID{Call: r.Call, Seq: r.Seq}
		c, ok := pairs[id]
		if !ok {
			c = &worker.Change{}
			pairs[id] = c
			order = append(order, id)
		}
		if r.Sign > 0 {
			c.Before.Record = *r
		} else {
			c.After.Record = *r
		}
	}
	out := make([]worker.Change, 0, len(order))
	for _, id := range order {
		c := pairs[id]
		if c.Before.Sign == 0 {
			return nil, fmt.Errorf("%w: leg %s/%d was taken back with its import: `trunkline import again` brings it back", ErrUndo, id.Call, id.Seq)
		}
		if c.After.Sign == 0 {
			return nil, fmt.Errorf("%w: leg %s/%d is not there twice", ErrUndo, id.Call, id.Seq)
		}
		out = append(out, *c)
	}
	return out, nil
}

// lockOwners locks the accounts of records' tenants and carriers, as far as there are.
func lockOwners(ctx context.Context, tx pgx.Tx, records []cdr.Record) error {
	accounts := make(map[ledger.Account]bool)
	for i := range records {
		for _, account := range sidesOf(&records[i]) {
			accounts[account] = true
		}
	}
	return lockAccounts(ctx, tx, accountIDs(slices.Collect(maps.Keys(accounts))))
}
