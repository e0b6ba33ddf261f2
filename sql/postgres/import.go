package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"trunkline/cdr/importer"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/reports/invoice"
)

// Imports keeps imports of call records: it implements importer.Store and importer.Withdrawals. It is safe for concurrent use.
type Imports struct {
	db     *DB
	clock  clock.Clock
	packer *zstd.Encoder
}

// NewImports returns the store on a database whose migrations have run.
func NewImports(db *DB, c clock.Clock) (*Imports, error) {
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("packer of texts: %w", err)
	}
	return &Imports{db, c, packer}, nil
}

// Open implements importer.Store.
func (s *Imports) Open(ctx context.Context, i importer.Import) (importer.Import, error) {
	var again *int64
	if i.Again != 0 {
		again = &i.Again
	}
	i.Begun = s.clock.Now()
	if i.Reference.IsZero() {
		i.Reference = i.Begun
	}
	// A stream that stands goes on; the update changes nothing and returns it.
	err := s.db.pool.QueryRow(ctx, `INSERT INTO import (tenant, pbx, origin, stream, way, done_by, settings, again, begun_at, reference, first_day, strict)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (tenant, pbx, stream) WHERE stream <> '' AND undo IS NULL DO UPDATE SET settings = excluded.settings RETURNING id`,
		i.Tenant, i.PBX, i.Origin, i.Stream, i.Way, i.By, i.Settings, again, i.Begun, i.Reference, orNull(i.Day), i.Strict).Scan(&i.ID)
	if err != nil {
		return i, fmt.Errorf("begin an import: %w", err)
	}
	return i, nil
}

// Keep implements importer.Store.
func (s *Imports) Keep(ctx context.Context, id, at int64, text []byte) error {
	_, err := s.db.pool.Exec(ctx, `INSERT INTO import_text (import, at, packed) VALUES ($1, $2, $3)
		ON CONFLICT (import, at) DO UPDATE SET packed = excluded.packed`, id, at, s.packer.EncodeAll(text, nil))
	if err != nil {
		return fmt.Errorf("keep the text of import %d: %w", id, err)
	}
	return nil
}

// textMost bounds what a damaged text can make us allocate.
const textMost = 64 << 20

// Text implements importer.Store. Pieces that overlap, because a stream was read again, are given out once.
func (s *Imports) Text(ctx context.Context, id int64, do func([]byte) error) error {
	unpacker, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(textMost))
	if err != nil {
		return fmt.Errorf("unpacker of texts: %w", err)
	}
	defer unpacker.Close()
	next := int64(-1)
	for {
		var at int64
		var packed []byte
		err := s.db.pool.QueryRow(ctx, `SELECT at, packed FROM import_text WHERE import = $1 AND at > $2 ORDER BY at LIMIT 1`, id, next).Scan(&at, &packed)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		var text []byte
		if err == nil {
			text, err = unpacker.DecodeAll(packed, nil)
		}
		if err != nil {
			return fmt.Errorf("text of import %d: %w", id, err)
		}
		if err := do(text); err != nil {
			return err
		}
		next = at + int64(len(text)) - 1
	}
}

// Claim implements importer.Store.
func (s *Imports) Claim(ctx context.Context, id int64, p importer.Part) ([]uint16, error) {
	seqs := make([]uint16, len(p.Calls))
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		tenant, pbx, err := lockImport(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := writePart(ctx, tx, id, &p); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM import_fault WHERE tenant = $1 AND pbx = $2 AND digest = ANY ($3)
			AND EXISTS (SELECT FROM import_fault WHERE tenant = $1 AND pbx = $2)`, tenant, pbx, p.Texts); err != nil {
			return err
		}
		return nextSeqs(ctx, tx, tenant, pbx, p.Calls, seqs)
	})
	if err != nil {
		return nil, fmt.Errorf("claim calls of import %d: %w", id, err)
	}
	return seqs, nil
}

// lockImport keeps takings back of the PBX out until the transaction ends, and makes sure that the import stands.
func lockImport(ctx context.Context, tx pgx.Tx, id int64) (tenant, pbx string, err error) {
	var undo *int64
	err = tx.QueryRow(ctx, `SELECT tenant, pbx FROM import WHERE id = $1`, id).Scan(&tenant, &pbx)
	if err != nil {
		return "", "", err
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))`, pbxLock(tenant, pbx)); err != nil {
		return "", "", err
	}
	if err := tx.QueryRow(ctx, `SELECT undo FROM import WHERE id = $1`, id).Scan(&undo); err != nil {
		return "", "", err
	}
	if undo != nil {
		return "", "", fmt.Errorf("%w: by %d", importer.ErrUndone, *undo)
	}
	return tenant, pbx, unfinished(ctx, tx, tenant, pbx, 0)
}

func pbxLock(tenant, pbx string) string { return "import " + tenant + "/" + pbx }

// unfinished refuses what has to wait until calls of a PBX are taken back by another undo than one.
func unfinished(ctx context.Context, tx pgx.Tx, tenant, pbx string, own int64) error {
	var other int64
	err := tx.QueryRow(ctx, `SELECT coalesce(min(undo), 0) FROM withdrawal WHERE tenant = $1 AND pbx = $2 AND ended_at IS NULL AND undo <> $3`,
		tenant, pbx, own).Scan(&other)
	if err == nil && other != 0 {
		err = fmt.Errorf("%w by %d: if it was broken off, `trunkline import undo --resume %d` goes on with it", importer.ErrUndoing, other, other)
	}
	return err
}

func writePart(ctx context.Context, tx pgx.Tx, id int64, p *importer.Part) error {
	first, last := p.Calls[0], p.Calls[0]
	packed := make([]byte, 0, len(p.Calls)*callSize)
	for _, c := range p.Calls {
		id := c.Bytes()
		packed = append(packed, id[:]...)
		if before(c, first) {
			first = c
		}
		if before(last, c) {
			last = c
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO import_part (import, part, calls, first_call, last_call, first_setup, last_setup)
		SELECT $1, coalesce(max(part), 0) + 1, $2, $3, $4, $5, $6 FROM import_part WHERE import = $1`,
		id, packed, first.Bytes(), last.Bytes(), p.First, p.Last)
	return err
}

// callSize is the length of a call's id.
const callSize = 16

func before(a, b calls.ID) bool {
	x, y := a.Bytes(), b.Bytes()
	return bytes.Compare(x[:], y[:]) < 0
}

// nextSeqs finds the sequence numbers of calls: one more than that of the last leg that was taken back.
func nextSeqs(ctx context.Context, tx pgx.Tx, tenant, pbx string, named []calls.ID, seqs []uint16) error {
	ids := make([][16]byte, len(named))
	place := make(map[calls.ID][]int)
	for i, c := range named {
		ids[i] = c.Bytes()
		place[c] = append(place[c], i)
	}
	rows, err := tx.Query(ctx, `SELECT call, max(seq) + 1 FROM withdrawn_leg WHERE call = ANY ($3::uuid[])
		AND EXISTS (SELECT FROM withdrawal WHERE tenant = $1 AND pbx = $2) GROUP BY call`, tenant, pbx, ids)
	if err != nil {
		return err
	}
	var call [16]byte
	var seq int32
	_, err = pgx.ForEachRow(rows, []any{&call, &seq}, func() error {
		id, err := calls.IDFromBytes(call[:])
		for _, i := range place[id] {
			seqs[i] = uint16(seq) //nolint:gosec // One for every time that it was taken back.
		}
		return err
	})
	return err
}

// Tell implements importer.Store.
func (s *Imports) Tell(ctx context.Context, id, lines, calls, unusable int64, end bool) error {
	_, err := s.db.pool.Exec(ctx, `UPDATE import SET lines = lines + $2, calls = calls + $3, unusable = unusable + $4,
		ended_at = CASE WHEN $5 THEN $6 ELSE ended_at END WHERE id = $1`, id, lines, calls, unusable, end, s.clock.Now())
	if err != nil {
		return fmt.Errorf("count of import %d: %w", id, err)
	}
	return nil
}

// TenantHistory returns how a tenant was set up since when, the oldest first.
func (s *Imports) TenantHistory(ctx context.Context, tenant string) ([]invoice.Version, error) {
	all, err := NewInvoices(s.db, s.clock).Histories(ctx, []string{tenant})
	return all[tenant], err
}
