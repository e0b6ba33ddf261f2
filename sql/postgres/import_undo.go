package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/cdr"
	"trunkline/cdr/importer"
	"trunkline/internal/calls"
)

// Legs implements importer.Withdrawals.
func (s *Imports) Legs(ctx context.Context, sel importer.Selection) (legs []importer.Leg, undo importer.Undo, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		w := &withdrawing{tx: tx, Selection: sel}
		if err := w.imports(ctx); err != nil || w.undo.ID != 0 {
			return err
		}
		legs, err = w.ofImports(ctx)
		undo = w.undo
		return err
	})
	if err != nil {
		return nil, undo, fmt.Errorf("look at imports %v: %w", sel.Imports, err)
	}
	return legs, undo, nil
}

// Begin implements importer.Withdrawals.
func (s *Imports) Begin(ctx context.Context, sel importer.Selection, legs []importer.Leg) (importer.Undo, error) {
	w := &withdrawing{Selection: sel, now: s.clock.Now(), undo: importer.Undo{Tenant: sel.Tenant, PBX: sel.PBX, First: sel.From, Last: sel.Till}}
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		w.tx = tx
		if len(sel.Imports) > 0 {
			if err := w.imports(ctx); err != nil || w.undo.ID != 0 {
				return err
			}
		}
		if err := w.lock(ctx); err != nil {
			return err
		}
		if len(sel.Imports) > 0 {
			var err error
			if legs, err = w.ofImports(ctx); err != nil {
				return err
			}
		}
		return w.begin(ctx, legs)
	})
	if err != nil {
		return w.undo, fmt.Errorf("begin to take back: %w", err)
	}
	return w.undo, nil
}

// withdrawing is the transaction in which a taking back begins.
type withdrawing struct {
	importer.Selection

	tx   pgx.Tx
	now  time.Time
	undo importer.Undo
}

// imports finds the PBX of the imports that are taken back. Where all of them are by one undo already, that is the one.
func (w *withdrawing) imports(ctx context.Context) error {
	rows, err := w.tx.Query(ctx, `SELECT i.id, i.tenant, i.pbx, coalesce(i.undo, 0), w.ended_at IS NOT NULL FROM import i
		LEFT JOIN withdrawal w ON w.undo = i.undo WHERE i.id = ANY ($1) ORDER BY i.id FOR UPDATE OF i`, w.Imports)
	if err != nil {
		return err
	}
	found, undone := 0, 0
	var id, undo int64
	var tenant, pbx string
	var ended bool
	_, err = pgx.ForEachRow(rows, []any{&id, &tenant, &pbx, &undo, &ended}, func() error {
		found++
		switch {
		case w.undo.PBX != "" && (w.undo.Tenant != tenant || w.undo.PBX != pbx):
			return fmt.Errorf("%w: import %d is of another PBX than the others: take the imports of one PBX back at a time", importer.ErrNothing, id)
		case ended:
			return fmt.Errorf("%w: import %d was taken back already, by %d", importer.ErrNothing, id, undo)
		case undo != 0:
			undone++
			w.undo.ID = undo
		}
		w.undo.Tenant, w.undo.PBX = tenant, pbx
		return nil
	})
	switch {
	case err != nil:
		return err
	case found < len(w.Imports):
		return fmt.Errorf("%w: take the number from `trunkline import list`", importer.ErrNone)
	case undone > 0 && undone < found:
		return fmt.Errorf("%w by %d: end that first (`trunkline import undo --resume %d`)", importer.ErrUndoing, w.undo.ID, w.undo.ID)
	case undone > 0:
		return w.known(ctx)
	}
	return nil
}

// known reads an undo that has begun.
func (w *withdrawing) known(ctx context.Context) (err error) {
	w.undo, err = undoOf(ctx, w.tx, w.undo.ID)
	return err
}

func undoOf(ctx context.Context, tx pgx.Tx, id int64) (u importer.Undo, err error) {
	u.ID = id
	err = tx.QueryRow(ctx, `SELECT tenant, pbx, first_setup, last_setup, legs, shared FROM withdrawal WHERE undo = $1`, id).
		Scan(&u.Tenant, &u.PBX, &u.First, &u.Last, &u.Legs, &u.Shared)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("%w: no calls were taken back by %d", importer.ErrNone, id)
	}
	return u, err
}

// lock waits until nothing of the PBX is being claimed, and keeps others out until the transaction ends.
func (w *withdrawing) lock(ctx context.Context) error {
	if _, err := w.tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, pbxLock(w.undo.Tenant, w.undo.PBX)); err != nil {
		return err
	}
	return unfinished(ctx, w.tx, w.undo.Tenant, w.undo.PBX, 0)
}

// ofImports are the legs of the imports that no other import which stands has, too.
func (w *withdrawing) ofImports(ctx context.Context) ([]importer.Leg, error) {
	ids := make(map[calls.ID]bool)
	err := w.parts(ctx, `SELECT import, calls, first_setup, last_setup FROM import_part WHERE import = ANY ($1)`, []any{w.Imports}, func(_ int64, c calls.ID) {
		ids[c] = true
	})
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 { // They have brought faults only.
		return nil, nil
	}
	first, last := w.undo.First, w.undo.Last
	if err := w.keepShared(ctx, ids); err != nil {
		return nil, err
	}
	w.undo.First, w.undo.Last = first, last
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: all %d calls were brought by the imports %v, too: take those back with them", importer.ErrNothing, w.undo.Shared, w.undo.Others)
	}
	return w.legs(ctx, ids)
}

// keepShared leaves out the calls that other imports have, which stand.
func (w *withdrawing) keepShared(ctx context.Context, ids map[calls.ID]bool) error {
	args := []any{w.undo.Tenant, w.undo.PBX, w.Imports}
	return w.parts(ctx, `SELECT p.import, p.calls, p.first_setup, p.last_setup FROM import_part p JOIN import i ON i.id = p.import
		WHERE i.tenant = $1 AND i.pbx = $2 AND i.undo IS NULL AND i.id <> ALL ($3)
		AND EXISTS (SELECT FROM import_part o WHERE o.import = ANY ($3) AND o.first_call <= p.last_call AND o.last_call >= p.first_call)`, args, func(other int64, c calls.ID) {
		if !ids[c] {
			return
		}
		delete(ids, c)
		w.undo.Shared++
		if !slices.Contains(w.undo.Others, other) && len(w.undo.Others) < othersShown {
			w.undo.Others = append(w.undo.Others, other)
		}
	})
}

// othersShown bounds the imports that are named.
const othersShown = 10

// parts calls do for every call of the parts that a query finds.
func (w *withdrawing) parts(ctx context.Context, query string, args []any, do func(id int64, c calls.ID)) error {
	rows, err := w.tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	var id int64
	var packed []byte
	var first, last time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &packed, &first, &last}, func() error {
		if w.undo.First.IsZero() || first.Before(w.undo.First) {
			w.undo.First = first.UTC()
		}
		if last.After(w.undo.Last) {
			w.undo.Last = last.UTC()
		}
		for one := range slices.Chunk(packed, callSize) {
			c, err := calls.IDFromBytes(one)
			if err != nil {
				return err
			}
			do(id, c)
		}
		return nil
	})
	return err
}

// legs gives calls the sequence numbers that their legs have now.
func (w *withdrawing) legs(ctx context.Context, named map[calls.ID]bool) ([]importer.Leg, error) {
	ids := make([]calls.ID, 0, len(named))
	for c := range named {
		ids = append(ids, c)
	}
	slices.SortFunc(ids, func(a, b calls.ID) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	seqs := make([]uint16, len(ids))
	if err := nextSeqs(ctx, w.tx, w.undo.Tenant, w.undo.PBX, ids, seqs); err != nil {
		return nil, err
	}
	legs := make([]importer.Leg, len(ids))
	for i := range ids {
		legs[i] = importer.Leg{Call: ids[i], Seq: seqs[i]}
	}
	return legs, nil
}

// begin writes that legs are taken back.
func (w *withdrawing) begin(ctx context.Context, legs []importer.Leg) error {
	u := &w.undo
	scope := fmt.Sprintf("calls of PBX %s of %s taken back", u.PBX, u.Tenant)
	u.Legs = int64(len(legs))
	err := w.tx.QueryRow(ctx, `INSERT INTO rerate (scope, from_slot, till_slot, reason, done_by, begun_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		scope, u.First, u.Last.Add(cdr.SlotLength), w.Reason, w.By, w.now).Scan(&u.ID)
	if err != nil {
		return err
	}
	if _, err := w.tx.Exec(ctx, `INSERT INTO withdrawal (undo, tenant, pbx, first_setup, last_setup, legs, shared) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		u.ID, u.Tenant, u.PBX, u.First, u.Last, u.Legs, u.Shared); err != nil {
		return err
	}
	if _, err := w.tx.Exec(ctx, `UPDATE import SET undo = $2 WHERE id = ANY ($1)`, w.Imports, u.ID); err != nil {
		return err
	}
	if _, err := w.tx.Exec(ctx, `DELETE FROM import_fault WHERE import = ANY ($1)`, w.Imports); err != nil {
		return err
	}
	for some := range slices.Chunk(legs, withdrawChunk) {
		if err := w.withdraw(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// withdrawChunk is how many legs one statement takes back.
const withdrawChunk = 20_000

// withdraw notes legs as taken back, keeps those that are still on their way from counting, and settles those that could not be rated.
func (w *withdrawing) withdraw(ctx context.Context, legs []importer.Leg) error {
	calls, seqs := make([][16]byte, len(legs)), make([]int32, len(legs))
	for i := range legs {
		calls[i], seqs[i] = legs[i].Call.Bytes(), int32(legs[i].Seq)
	}
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO withdrawn_leg (call, seq, undo) SELECT call, seq, $3 FROM unnest($1::uuid[], $2::integer[]) AS l (call, seq)`, calls, seqs, w.undo.ID)
	batch.Queue(insertLegs+` ON CONFLICT DO NOTHING`, calls, seqs)
	batch.Queue(`INSERT INTO dead_change (dead, what, reason, done_by, before, at)
		SELECT d.id, 'withdrawn', $3, $4, d.message, $5 FROM dead_leg d JOIN unnest($1::uuid[], $2::integer[]) AS l (call, seq) USING (call, seq)
		WHERE d.settled_by IS NULL`, calls, seqs, w.Reason, w.By, w.now)
	batch.Queue(`WITH gone AS (SELECT d.id FROM dead_leg d JOIN unnest($1::uuid[], $2::integer[]) AS l (call, seq) USING (call, seq) WHERE d.settled_by IS NULL),
		b AS (INSERT INTO batch (source, legs, records, dead, made_at, stored_at) SELECT 'withdrawn', count(*), 0, 0, $3, $3 FROM gone HAVING count(*) > 0 RETURNING id)
		UPDATE dead_leg d SET settled_by = b.id FROM b, gone WHERE d.id = gone.id`, calls, seqs, w.now)
	return w.tx.SendBatch(ctx, batch).Close()
}

// Of implements importer.Withdrawals.
func (s *Imports) Of(ctx context.Context, undo int64) (map[importer.Identity]bool, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT call, seq FROM withdrawn_leg WHERE undo = $1`, undo)
	if err != nil {
		return nil, fmt.Errorf("legs of undo %d: %w", undo, err)
	}
	out := make(map[importer.Identity]bool)
	var call [16]byte
	var seq int32
	_, err = pgx.ForEachRow(rows, []any{&call, &seq}, func() error {
		id, err := calls.IDFromBytes(call[:])
		out[importer.Identity{Call: id, Seq: uint16(seq)}] = true //nolint:gosec // As it was written.
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("legs of undo %d: %w", undo, err)
	}
	return out, nil
}

// Undo returns one undo, to go on with it; importer.ErrNone.
func (s *Imports) Undo(ctx context.Context, id int64) (u importer.Undo, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) (err error) {
		u, err = undoOf(ctx, tx, id)
		return err
	})
	return u, err
}

// End implements importer.Withdrawals.
func (s *Imports) End(ctx context.Context, undo int64) error {
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE rerate SET done_at = coalesce(done_at, $2), failure = '' WHERE id = $1`, undo, s.clock.Now()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE withdrawal SET ended_at = coalesce(ended_at, $2) WHERE undo = $1`, undo, s.clock.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("end of undo %d: %w", undo, err)
	}
	return nil
}

// Fail implements importer.Withdrawals.
func (s *Imports) Fail(ctx context.Context, undo int64, why string) error {
	if _, err := s.db.pool.Exec(ctx, `UPDATE rerate SET failure = $2 WHERE id = $1 AND done_at IS NULL`, undo, why); err != nil {
		return fmt.Errorf("end of undo %d: %w", undo, err)
	}
	return nil
}
