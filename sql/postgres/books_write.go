package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating/worker"
)

// lockTenants locks the accounts of the legs' tenants, and those that hold money for their calls, and returns their ids.
// The order is the one that lockAccounts keeps.
func (p *posting) lockTenants(ctx context.Context, legs []*cdr.Leg) ([]string, error) {
	tenants := make(map[string]bool)
	for _, l := range legs {
		tenants[l.Tenant] = true
	}
	names := make([]string, 0, len(tenants))
	for t := range tenants {
		names = append(names, t)
	}
	rows, err := p.tx.Query(ctx, `SELECT id FROM account WHERE kind = 'tenant' AND owner = ANY ($1) ORDER BY id COLLATE "C" FOR NO KEY UPDATE`, names)
	if err != nil {
		return nil, fmt.Errorf("lock accounts: %w", err)
	}
	ids, err := collectText(rows)
	if err != nil {
		return nil, fmt.Errorf("lock accounts: %w", err)
	}
	return ids, nil
}

func collectText(rows pgx.Rows) ([]string, error) { return pgx.CollectRows(rows, pgx.RowTo[string]) }

// closed returns up to when the books of the legs' tenants, which are locked, and carriers are closed. A carrier's that are
// closed meanwhile make the transaction fail, and the next try sees it.
func (p *posting) closed(ctx context.Context, legs []*cdr.Leg) (map[ledger.Account]time.Time, error) {
	owners := make(map[string]bool)
	for _, l := range legs {
		owners[l.Tenant] = true
		owners[l.Carrier] = true
	}
	rows, err := p.tx.Query(ctx, `SELECT id, closed_till FROM account WHERE owner = ANY ($1) AND kind IN ('tenant', 'carrier') `+
		`AND closed_till > '0001-01-02T00:00:00Z'`, slices.Collect(maps.Keys(owners)))
	if err != nil {
		return nil, fmt.Errorf("look at closed periods: %w", err)
	}
	out := make(map[ledger.Account]time.Time)
	var id string
	var till time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &till}, func() error {
		account, err := ledger.ParseAccount(id)
		out[account] = till.UTC()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at closed periods: %w", err)
	}
	return out, nil
}

// holds returns what is held for the calls of the legs in the accounts that are locked.
func (p *posting) holds(ctx context.Context, legs []*cdr.Leg, accounts []string) (map[calls.ID]money.Amount, error) {
	ids := make([][16]byte, 0, len(legs))
	for _, l := range legs {
		if l.Reserved && l.Kind == cdr.Ingress {
			ids = append(ids, l.Call.Bytes())
		}
	}
	held := make(map[calls.ID]money.Amount, len(ids))
	if len(ids) == 0 {
		return held, nil
	}
	rows, err := p.tx.Query(ctx, `SELECT call, amount FROM hold WHERE call = ANY ($1::uuid[]) AND account = ANY ($2) AND closed_at IS NULL`, ids, accounts)
	if err != nil {
		return nil, fmt.Errorf("look at holds: %w", err)
	}
	var call [16]byte
	var micros int64
	_, err = pgx.ForEachRow(rows, []any{&call, &micros}, func() error {
		id, err := calls.IDFromBytes(call[:])
		held[id] = money.FromMicros(micros)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at holds: %w", err)
	}
	return held, nil
}

// writeBatch writes the batch with its records, and sets its id in them.
func (p *posting) writeBatch(ctx context.Context, out *worker.Outcome) error {
	blob := p.books.pack(out.Records)
	source := "retry"
	var parts []int32
	var firsts, nexts []int64
	legs := len(out.Records) + len(out.DeadLetters)
	if d := p.delivery; d != nil {
		source, legs = d.Source, len(d.Legs)+len(d.Broken)
		for _, s := range d.Steps {
			parts = append(parts, int32(s.Part)) //nolint:gosec // As in lockMarks.
			firsts, nexts = append(firsts, s.From), append(nexts, s.Next)
		}
	}
	p.batch.Key = rand.Int64N(math.MaxInt64) + 1 //nolint:gosec // It has to be another one each time, not a secret.
	err := p.tx.QueryRow(ctx, `INSERT INTO batch (source, parts, firsts, nexts, legs, records, dead, blob, made_at, key) `+
		`VALUES ($1, coalesce($2::integer[], '{}'), coalesce($3::bigint[], '{}'), coalesce($4::bigint[], '{}'), $5, $6, $7, $8, $9, $10) RETURNING id`,
		source, parts, firsts, nexts, legs, len(out.Records), len(out.DeadLetters), blob, p.now, p.batch.Key).Scan(&p.batch.ID)
	if err != nil {
		return fmt.Errorf("write batch: %w", err)
	}
	for i := range out.Records {
		out.Records[i].Batch, out.Records[i].BatchKey = p.batch.ID, p.batch.Key
	}
	p.batch.Records, p.batch.DeadLetters = out.Records, out.DeadLetters
	return nil
}

// pack writes records one after the other, each behind its length, and compresses them.
func (b *Books) pack(records []cdr.Record) []byte {
	buffer, ok := b.plain.Get().(*[]byte)
	if !ok {
		buffer = new([]byte)
	}
	plain := (*buffer)[:0]
	var one []byte
	for i := range records {
		one = cdr.AppendRecord(one[:0], &records[i])
		plain = binary.AppendUvarint(plain, uint64(len(one)))
		plain = append(plain, one...)
	}
	packed := b.packer.EncodeAll(plain, make([]byte, 0, len(plain)/packRatio))
	*buffer = plain
	b.plain.Put(buffer) // Megabytes: to grow them anew for each batch is to copy them again and again.
	return packed
}

// packRatio is how much smaller records become, carefully estimated.
const packRatio = 3

// blobLimit bounds what a damaged blob can make us allocate.
const blobLimit = 1 << 30

func unpackRecords(blob []byte, batch, key int64) ([]cdr.Record, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(blobLimit))
	if err != nil {
		return nil, fmt.Errorf("unpack records: %w", err)
	}
	defer r.Close()
	plain, err := r.DecodeAll(blob, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack records: %w", err)
	}
	var out []cdr.Record
	for len(plain) > 0 {
		n, width := binary.Uvarint(plain)
		if width <= 0 || n > uint64(len(plain)-width) { //nolint:gosec // A width is at most the length.
			return nil, errors.New("unpack records: a length is damaged")
		}
		end := width + int(n) //nolint:gosec // Bounded above.
		var record cdr.Record
		if err := cdr.DecodeRecord(plain[width:end], &record); err != nil {
			return nil, fmt.Errorf("unpack records: %w", err)
		}
		record.Batch, record.BatchKey = batch, key
		out = append(out, record)
		plain = plain[end:]
	}
	return out, nil
}

// Waiting returns the batches after an id that were posted and not confirmed as stored, in order, up to a number.
func (b *Books) Waiting(ctx context.Context, after int64, limit int) ([]worker.Batch, error) {
	rows, err := b.db.pool.Query(ctx, `SELECT id, key, blob FROM batch WHERE stored_at IS NULL AND id > $1 ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("batches that wait: %w", err)
	}
	batches, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (worker.Batch, error) {
		var batch worker.Batch
		var blob []byte
		err := row.Scan(&batch.ID, &batch.Key, &blob)
		if err == nil {
			batch.Records, err = unpackRecords(blob, batch.ID, batch.Key)
		}
		return batch, err
	})
	if err != nil {
		return nil, fmt.Errorf("batches that wait: %w", err)
	}
	for i := range batches {
		if batches[i].DeadLetters, err = b.deadOf(ctx, batches[i].ID); err != nil {
			return nil, err
		}
	}
	return batches, nil
}

// WaitingCount returns how many batches were posted and not confirmed as stored, and since when the oldest of them waits.
func (b *Books) WaitingCount(ctx context.Context) (count int64, oldest time.Time, err error) {
	var since *time.Time
	if err := b.db.pool.QueryRow(ctx, `SELECT count(*), min(made_at) FROM batch WHERE stored_at IS NULL`).Scan(&count, &since); err != nil {
		return 0, time.Time{}, fmt.Errorf("batches that wait: %w", err)
	}
	if since != nil {
		oldest = since.UTC()
	}
	return count, oldest, nil
}
