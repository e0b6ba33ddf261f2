package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"trunkline/cdr"
	"trunkline/rating/worker"
)

// bury keeps the legs that could not be rated, to be looked at and rated again.
func (p *posting) bury(ctx context.Context, dead []worker.DeadLetter) error {
	if len(dead) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, d := range dead {
		var call, seq, slot, quota any
		tenant, carrier := "", ""
		if l := d.Leg; l != nil {
			call, seq, tenant, carrier = l.Call.Bytes(), int32(l.Seq), l.Tenant, l.Carrier
			if s := cdr.SlotOf(l); s.Year() > 1 && s.Year() < 10_000 {
				slot = s
			}
			if l.Reserved && l.Kind == cdr.Ingress {
				quota = orNone(uuid.UUID(l.Draw.Quota))
			}
		}
		batch.Queue(`INSERT INTO dead_leg (call, seq, tenant, carrier, slot, reason, detail, message, batch, died_at, quota) `+
			`VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (call, seq) DO NOTHING`,
			call, seq, tenant, carrier, slot, d.Reason, d.Detail, d.Message, p.batch.ID, p.now, quota)
	}
	if err := p.tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("keep unrated legs: %w", err)
	}
	return nil
}

// DeadLeg is a leg that could not be rated.
type DeadLeg struct {
	ID      int64
	Leg     *cdr.Leg // Nil for a message that is no leg.
	Message []byte
	Tenant  string
	Reason  string // A short word.
	Detail  string // A sentence for people.
	Died    time.Time
	Retries int

	claimed bool // Its identity is known as accounted for; that of a message that could not be read is not.
}

// DeadFilter says which unrated legs are wanted. Empty conditions are none.
type DeadFilter struct {
	IDs        []int64
	Tenant     string
	Carrier    string
	Reason     string
	From, Till time.Time // The period that they would count in, [From, Till). Legs without a time are in every period.
	Limit      int       // 1 to MaxLines; 0: 100.
}

const selectDead = `SELECT id, message, tenant, reason, detail, died_at, retries, call IS NOT NULL FROM dead_leg
WHERE settled_by IS NULL AND ($1::bigint[] IS NULL OR id = ANY ($1)) AND ($2 = '' OR tenant = $2) AND ($3 = '' OR reason = $3)
    AND ($4::timestamptz IS NULL OR slot IS NULL OR slot >= $4) AND ($5::timestamptz IS NULL OR slot IS NULL OR slot < $5)
    AND ($7 = '' OR carrier = $7) ORDER BY id LIMIT $6`

func (f DeadFilter) args() []any {
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	return []any{f.IDs, f.Tenant, f.Reason, orNull(f.From), orNull(f.Till), min(limit, MaxLines), f.Carrier}
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Dead returns legs that could not be rated and still wait, the oldest first.
func (b *Books) Dead(ctx context.Context, f DeadFilter) ([]DeadLeg, error) {
	rows, err := b.db.pool.Query(ctx, selectDead, f.args()...)
	if err != nil {
		return nil, fmt.Errorf("list unrated legs: %w", err)
	}
	dead, err := pgx.CollectRows(rows, scanDead)
	if err != nil {
		return nil, fmt.Errorf("list unrated legs: %w", err)
	}
	return dead, nil
}

// DeadCount returns how many unrated legs wait that count in a period, by tenant: an invoice of the period waits for
// them. The filter's ids and limit are not looked at.
func (b *Books) DeadCount(ctx context.Context, f DeadFilter) (map[string]int64, error) {
	rows, err := b.db.pool.Query(ctx, `SELECT tenant, count(*) FROM dead_leg WHERE settled_by IS NULL AND ($1 = '' OR tenant = $1) `+
		`AND ($2 = '' OR reason = $2) AND ($3::timestamptz IS NULL OR slot IS NULL OR slot >= $3) `+
		`AND ($4::timestamptz IS NULL OR slot IS NULL OR slot < $4) AND ($5 = '' OR carrier = $5) GROUP BY tenant`,
		f.Tenant, f.Reason, orNull(f.From), orNull(f.Till), f.Carrier)
	if err != nil {
		return nil, fmt.Errorf("count unrated legs: %w", err)
	}
	out := make(map[string]int64)
	var tenant string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&tenant, &n}, func() error { out[tenant] = n; return nil }); err != nil {
		return nil, fmt.Errorf("count unrated legs: %w", err)
	}
	return out, nil
}

func scanDead(row pgx.CollectableRow) (DeadLeg, error) {
	var d DeadLeg
	if err := row.Scan(&d.ID, &d.Message, &d.Tenant, &d.Reason, &d.Detail, &d.Died, &d.Retries, &d.claimed); err != nil {
		return d, err
	}
	d.Died = d.Died.UTC()
	var leg cdr.Leg
	if cdr.DecodeLeg(d.Message, &leg) == nil {
		d.Leg = &leg
	}
	return d, nil
}

// deadOf returns the legs that died with a batch, for their copies in the stream.
func (b *Books) deadOf(ctx context.Context, batch int64) ([]worker.DeadLetter, error) {
	rows, err := b.db.pool.Query(ctx, `SELECT id, message, tenant, reason, detail, died_at, retries, call IS NOT NULL FROM dead_leg WHERE batch = $1 ORDER BY id`, batch)
	if err != nil {
		return nil, fmt.Errorf("unrated legs of batch %d: %w", batch, err)
	}
	dead, err := pgx.CollectRows(rows, scanDead)
	if err != nil {
		return nil, fmt.Errorf("unrated legs of batch %d: %w", batch, err)
	}
	out := make([]worker.DeadLetter, 0, len(dead))
	for _, d := range dead {
		out = append(out, worker.DeadLetter{Leg: d.Leg, Message: d.Message, Reason: d.Reason, Detail: d.Detail})
	}
	return out, nil
}

// Retry has unrated legs rated again, by their ids, and writes the outcome in one transaction. Those that still cannot be
// rated stay, with the new reason. Legs of one call keep their identity: nothing is charged twice.
func (b *Books) Retry(ctx context.Context, ids []int64, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	p := &posting{books: b, now: b.clock.Now()}
	err := b.db.inTx(ctx, func(tx pgx.Tx) error {
		p.tx = tx
		rows, err := tx.Query(ctx, selectDead+` FOR UPDATE`, DeadFilter{IDs: ids, Limit: MaxLines}.args()...)
		if err != nil {
			return err
		}
		dead, err := pgx.CollectRows(rows, scanDead)
		if err != nil {
			return err
		}
		r := retry{posting: p, dead: dead}
		return r.run(ctx, rate)
	})
	if err != nil {
		return worker.Batch{}, fmt.Errorf("rate %d legs again: %w", len(ids), err)
	}
	return p.batch, nil
}

// retry is the transaction that rates legs again.
type retry struct {
	*posting
	dead []DeadLeg
}

func (r *retry) run(ctx context.Context, rate func(worker.Fresh) (worker.Outcome, error)) error {
	entry := make(map[*cdr.Leg]int64, len(r.dead))
	legs := make([]*cdr.Leg, 0, len(r.dead))
	for i := range r.dead {
		d := &r.dead[i]
		if d.Leg == nil {
			continue
		}
		entry[d.Leg] = d.ID
		if !d.claimed {
			fresh, err := r.claim(ctx, []cdr.Leg{*d.Leg})
			if err != nil {
				return err
			}
			if len(fresh) == 0 { // It came again in a message that could be read.
				continue
			}
		}
		legs = append(legs, d.Leg)
	}
	var still []worker.DeadLetter
	err := r.account(ctx, legs, nil, func(f worker.Fresh) (worker.Outcome, error) {
		out, err := rate(f)
		still, out.DeadLetters = out.DeadLetters, nil // They are in the table already.
		return out, err
	})
	if err != nil {
		return err
	}
	for _, d := range still {
		id := entry[d.Leg]
		delete(entry, d.Leg)
		if _, err := r.tx.Exec(ctx, `UPDATE dead_leg SET reason = $2, detail = $3, retries = retries + 1 WHERE id = $1`, id, d.Reason, d.Detail); err != nil {
			return err
		}
	}
	if len(entry) == 0 {
		return nil
	}
	if r.batch.ID == 0 {
		if err := r.writeBatch(ctx, &worker.Outcome{}); err != nil {
			return err
		}
	}
	settled := slices.Collect(maps.Values(entry))
	_, err = r.tx.Exec(ctx, `UPDATE dead_leg SET settled_by = $2, retries = retries + 1 WHERE id = ANY ($1)`, settled, r.batch.ID)
	return err
}
