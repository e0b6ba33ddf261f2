package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/klauspost/compress/zstd"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/rating/worker"
)

// Books accounts for legs: it implements worker.Books and worker.Retrier. It is safe for concurrent use.
type Books struct {
	db    *DB
	clock clock.Clock

	packer *zstd.Encoder
	plain  sync.Pool // Buffers of pack.

	mu   sync.Mutex
	days map[string]bool // Days that rated_leg is known to have a partition for.
}

// NewBooks returns the books in a database.
func NewBooks(db *DB, c clock.Clock) (*Books, error) {
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
	if err != nil {
		return nil, fmt.Errorf("packer of records: %w", err)
	}
	return &Books{db: db, clock: c, packer: packer, days: make(map[string]bool)}, nil
}

// Marks returns up to where the parts of a topic were accounted for; 0 for one that is new.
func (b *Books) Marks(ctx context.Context, topic string, parts []int) ([]cdr.Mark, error) {
	rows, err := b.db.pool.Query(ctx, `SELECT p.part, coalesce(m.next, 0), coalesce(m.topic_id, ''), coalesce(m.last, 0) FROM unnest($2::integer[]) AS p (part) `+
		`LEFT JOIN stream_mark m ON m.topic = $1 AND m.part = p.part ORDER BY p.part`, topic, parts)
	if err != nil {
		return nil, fmt.Errorf("marks of %s: %w", topic, err)
	}
	marks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[cdr.Mark])
	if err != nil {
		return nil, fmt.Errorf("marks of %s: %w", topic, err)
	}
	return marks, nil
}

// Post accounts for a delivery in one transaction: it locks the marks, claims the legs that are new, has them rated, and
// writes the outcome and the new marks.
func (b *Books) Post(ctx context.Context, d *worker.Delivery, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	if err := b.ensureDays(ctx, d.Legs); err != nil {
		return worker.Batch{}, err
	}
	p := &posting{books: b, now: b.clock.Now(), delivery: d}
	err := b.db.inTx(ctx, func(tx pgx.Tx) error {
		p.tx = tx
		if err := p.lockMarks(ctx); err != nil {
			return err
		}
		known, dead, err := p.sift(ctx, d.Legs)
		if err != nil {
			return err
		}
		legs, err := p.claim(ctx, known)
		if err != nil {
			return err
		}
		if err := p.account(ctx, legs, append(dead, d.Broken...), rate); err != nil {
			return err
		}
		return p.moveMarks(ctx)
	})
	if err != nil {
		return worker.Batch{}, fmt.Errorf("post %d legs of %s: %w", len(d.Legs), d.Source, refused(err))
	}
	return p.batch, nil
}

// posting is one transaction that accounts for legs.
type posting struct {
	books    *Books
	tx       pgx.Tx
	now      time.Time
	delivery *worker.Delivery
	batch    worker.Batch
	counters counterView
}

// lockMarks keeps others from the same parts until the transaction ends, and checks that nobody has moved them.
func (p *posting) lockMarks(ctx context.Context) error {
	d := p.delivery
	slices.SortFunc(d.Steps, func(a, b worker.Step) int { return a.Part - b.Part })
	parts := make([]int32, 0, len(d.Steps))
	for _, s := range d.Steps {
		parts = append(parts, int32(s.Part)) //nolint:gosec // Kafka's partitions are 32-bit numbers.
	}
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO stream_mark (topic, part, next) SELECT $1, s.part, 0 FROM unnest($2::integer[]) AS s (part) `+
		`WHERE NOT EXISTS (SELECT FROM stream_mark m WHERE m.topic = $1 AND m.part = s.part) ON CONFLICT DO NOTHING`, d.Source, parts)
	batch.Queue(`SELECT part, next, topic_id, last FROM stream_mark WHERE topic = $1 AND part = ANY ($2::integer[]) ORDER BY part FOR UPDATE`, d.Source, parts)
	results := p.tx.SendBatch(ctx, batch)
	defer results.Close()
	if _, err := results.Exec(); err != nil {
		return fmt.Errorf("lock marks: %w", err)
	}
	rows, err := results.Query()
	if err != nil {
		return fmt.Errorf("lock marks: %w", err)
	}
	marks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[cdr.Mark])
	if err != nil {
		return fmt.Errorf("lock marks: %w", err)
	}
	if len(marks) != len(d.Steps) {
		return fmt.Errorf("lock marks: %d of %d parts have one", len(marks), len(d.Steps))
	}
	for i, m := range marks {
		if s := d.Steps[i]; m.Part != s.Part || m.Next != s.From || m.Topic != "" && m.Topic != s.Topic {
			return fmt.Errorf("%w: part %d stands at %d of %q, not at %d of %q", worker.ErrMoved, s.Part, m.Next, m.Topic, s.From, s.Topic)
		}
	}
	return results.Close()
}

func (p *posting) moveMarks(ctx context.Context) error {
	var parts []int32
	var nexts, lasts []int64
	var ids []string
	for _, s := range p.delivery.Steps {
		parts = append(parts, int32(s.Part)) //nolint:gosec // As in lockMarks.
		nexts, lasts, ids = append(nexts, s.Next), append(lasts, s.Last), append(ids, s.Topic)
	}
	_, err := p.tx.Exec(ctx, `UPDATE stream_mark m SET next = s.next, topic_id = s.topic_id, last = s.last `+
		`FROM unnest($2::integer[], $3::bigint[], $4::text[], $5::bigint[]) AS s (part, next, topic_id, last) `+
		`WHERE m.topic = $1 AND m.part = s.part`, p.delivery.Source, parts, nexts, ids, lasts)
	if err != nil {
		return fmt.Errorf("move marks: %w", err)
	}
	return nil
}

// identity is what a leg is known by.
type identity struct {
	call calls.ID
	seq  uint16
}

// claim returns the legs that nobody has accounted for, in their order, and marks them as accounted for.
func (p *posting) claim(ctx context.Context, legs []cdr.Leg) ([]*cdr.Leg, error) {
	candidates := make([]*cdr.Leg, 0, len(legs))
	seen := make(map[identity]bool, len(legs))
	calls, seqs := make([][16]byte, 0, len(legs)), make([]int32, 0, len(legs))
	for i := range legs {
		id := identity{legs[i].Call, legs[i].Seq}
		if seen[id] {
			continue
		}
		seen[id] = true
		candidates = append(candidates, &legs[i])
		calls, seqs = append(calls, id.call.Bytes()), append(seqs, int32(id.seq))
	}
	if len(candidates) == 0 {
		return nil, nil
	}
	// Mostly all are new. To write them as if they were takes half the time of writing those that are.
	err := pgx.BeginFunc(ctx, p.tx, func(attempt pgx.Tx) error {
		_, err := attempt.Exec(ctx, insertLegs, calls, seqs)
		return err
	})
	if err == nil {
		return candidates, nil
	}
	if failed, ok := errors.AsType[*pgconn.PgError](err); !ok || failed.Code != codeUniqueViolation {
		return nil, fmt.Errorf("claim legs: %w", err)
	}
	return p.claimNew(ctx, candidates, calls, seqs)
}

const insertLegs = `INSERT INTO rated_leg (call, seq) SELECT * FROM unnest($1::uuid[], $2::integer[])`

// claimNew claims legs of which some are known.
func (p *posting) claimNew(ctx context.Context, candidates []*cdr.Leg, ids [][16]byte, seqs []int32) ([]*cdr.Leg, error) {
	rows, err := p.tx.Query(ctx, insertLegs+` ON CONFLICT DO NOTHING RETURNING call, seq`, ids, seqs)
	if err != nil {
		return nil, fmt.Errorf("claim legs: %w", err)
	}
	claimed := make(map[identity]bool, len(candidates))
	var call [16]byte
	var seq int32
	_, err = pgx.ForEachRow(rows, []any{&call, &seq}, func() error {
		id, err := calls.IDFromBytes(call[:])
		claimed[identity{id, uint16(seq)}] = true //nolint:gosec // As it was written.
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim legs: %w", err)
	}
	return slices.DeleteFunc(candidates, func(l *cdr.Leg) bool { return !claimed[identity{l.Call, l.Seq}] }), nil
}

// account has legs rated and writes what comes of it, and of those that are dead already.
func (p *posting) account(ctx context.Context, legs []*cdr.Leg, dead []worker.DeadLetter, rate func(worker.Fresh) (worker.Outcome, error)) error {
	if len(legs) == 0 && len(dead) == 0 {
		return nil
	}
	accounts, err := p.lockTenants(ctx, legs)
	if err != nil {
		return err
	}
	fresh := worker.Fresh{Legs: legs}
	if fresh.Holds, err = p.holds(ctx, legs, accounts); err != nil {
		return err
	}
	if fresh.Quotas, err = p.quotas(ctx, legs, accounts); err != nil {
		return err
	}
	if fresh.Closed, err = p.closed(ctx, legs); err != nil {
		return err
	}
	p.counters = counterView{ctx: ctx, tx: p.tx}
	fresh.Counters = p.counters.of
	out, err := rate(fresh)
	if p.counters.err != nil {
		return fmt.Errorf("rate: %w", p.counters.err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errRating, err)
	}
	out.DeadLetters = append(out.DeadLetters, dead...)
	return p.write(ctx, &out, accounts)
}

// write puts the outcome of the rating down.
func (p *posting) write(ctx context.Context, out *worker.Outcome, accounts []string) error {
	if err := p.writeBatch(ctx, out); err != nil {
		return err
	}
	if err := ensureAccounts(ctx, p.tx, sides(out.Postings), p.now); err != nil {
		return err
	}
	if err := p.settle(ctx, out, accounts); err != nil {
		return err
	}
	if err := p.writeUses(ctx, out.Uses); err != nil {
		return err
	}
	if err := p.bury(ctx, out.DeadLetters); err != nil {
		return err
	}
	if err := writeLegUses(ctx, p.tx, byLeg(out.Uses)); err != nil {
		return err
	}
	return postUsage(ctx, p.tx, out.Postings, p.batch.ID, p.now)
}

// Stored confirms that the store of calls has a batch. Its records are kept packed until ForgetPacked. A batch that this
// database does not know is worker.ErrForeign. It may be repeated.
func (b *Books) Stored(ctx context.Context, batch worker.Batch) error {
	tag, err := b.db.pool.Exec(ctx, `UPDATE batch SET stored_at = coalesce(stored_at, $3) WHERE id = $1 AND key = $2`, batch.ID, batch.Key, b.clock.Now())
	if err != nil {
		return fmt.Errorf("confirm batch %d: %w", batch.ID, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("confirm batch %d: %w", batch.ID, worker.ErrForeign)
	}
	return nil
}
