package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/reports/invoice"
)

// Invoices keeps billing profiles, counters of others, and documents. It is safe for concurrent use.
type Invoices struct {
	db    *DB
	clock clock.Clock
}

// NewInvoices returns the store on a database whose migrations have run.
func NewInvoices(db *DB, c clock.Clock) *Invoices { return &Invoices{db, c} }

// PutProfile stores how a tenant, or with no tenant everybody, is invoiced. Prices depend on since when the contract is, so that what is
// provisioned has another revision by it.
func (s *Invoices) PutProfile(ctx context.Context, p invoice.Profile, by string) error {
	if err := p.Validate(); err != nil {
		return err
	}
	spec, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("billing profile of %q: %w", p.Tenant, err)
	}
	err = pgx.BeginFunc(ctx, s.db.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO billing_profile (tenant, spec, changed_at, changed_by) VALUES ($1, $2, $3, $4)
			ON CONFLICT (tenant) DO UPDATE SET spec = $2, changed_at = $3, changed_by = $4`, p.Tenant, spec, s.clock.Now(), by)
		if err != nil {
			return err
		}
		return touchProvision(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("billing profile of %q: %w", p.Tenant, err)
	}
	return nil
}

// RemoveProfile takes a profile away, and reports whether there was one. It may be repeated.
func (s *Invoices) RemoveProfile(ctx context.Context, tenant string) (there bool, err error) {
	err = pgx.BeginFunc(ctx, s.db.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM billing_profile WHERE tenant = $1`, tenant)
		if err != nil {
			return err
		}
		there = tag.RowsAffected() > 0
		return touchProvision(ctx, tx)
	})
	if err != nil {
		return false, fmt.Errorf("billing profile of %q: %w", tenant, err)
	}
	return there, nil
}

// Profiles returns all profiles by tenant; that of the operator is under "".
func (s *Invoices) Profiles(ctx context.Context) (map[string]invoice.Profile, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT tenant, spec FROM billing_profile`)
	if err != nil {
		return nil, fmt.Errorf("billing profiles: %w", err)
	}
	out := make(map[string]invoice.Profile)
	var tenant string
	var spec []byte
	_, err = pgx.ForEachRow(rows, []any{&tenant, &spec}, func() error {
		var p invoice.Profile
		err := json.Unmarshal(spec, &p)
		out[tenant] = p
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("billing profiles: %w", err)
	}
	return out, nil
}

// Histories returns how tenants were set up since when, the oldest first; no names mean all.
func (s *Invoices) Histories(ctx context.Context, tenants []string) (map[string][]invoice.Version, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT id, changed_at, coalesce(after, '') FROM provision_history
		WHERE kind = 'tenant' AND (cardinality($1::text[]) = 0 OR id = ANY ($1)) ORDER BY id, revision`, append([]string{}, tenants...))
	if err != nil {
		return nil, fmt.Errorf("histories of tenants: %w", err)
	}
	out := make(map[string][]invoice.Version)
	var id, spec string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at, &spec}, func() error {
		out[id] = append(out[id], invoice.Version{At: at.UTC(), Spec: spec})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("histories of tenants: %w", err)
	}
	return out, nil
}

const selectInvoice = `SELECT i.id, i.document, i.hash, (SELECT e.state FROM invoice_event e WHERE e.invoice = i.id ORDER BY e.id DESC LIMIT 1) FROM invoice i`

func scanInvoice(row pgx.CollectableRow) (invoice.Issued, error) {
	var i invoice.Issued
	var text string
	if err := row.Scan(&i.ID, &text, &i.Hash, &i.State); err != nil {
		return i, err
	}
	var err error
	i.Document, err = invoice.Open([]byte(text), i.Hash)
	return i, err
}

// Find returns the last invoice of a tenant's period that begins at a moment, or ErrNoInvoice.
func (s *Invoices) Find(ctx context.Context, tenant string, from time.Time) (invoice.Issued, error) {
	return s.one(ctx, lastOfPeriod, tenant, from)
}

// ByNumber returns a document by its number, or ErrNoInvoice.
func (s *Invoices) ByNumber(ctx context.Context, number string) (invoice.Issued, error) {
	return s.one(ctx, selectInvoice+` WHERE i.number = $1`, number)
}

func (s *Invoices) one(ctx context.Context, query string, args ...any) (invoice.Issued, error) {
	rows, err := s.db.pool.Query(ctx, query, args...)
	if err != nil {
		return invoice.Issued{}, fmt.Errorf("document: %w", err)
	}
	issued, err := pgx.CollectExactlyOneRow(rows, scanInvoice)
	if errors.Is(err, pgx.ErrNoRows) {
		return issued, fmt.Errorf("%w: %v", invoice.ErrNoInvoice, args)
	}
	if err != nil {
		return issued, fmt.Errorf("document: %w", err)
	}
	return s.told(issued), nil
}

// told turns the state that is kept into the one that is told now.
func (s *Invoices) told(i invoice.Issued) invoice.Issued {
	i.State = i.State.At(i.Document.Due, s.clock.Now())
	return i
}

// InvoiceFilter says which documents are wanted. Empty conditions are none.
type InvoiceFilter struct {
	Tenant string
	Period string
	After  int64 // Only ids above it, for paging.
	Limit  int   // 1 to MaxLines; 0: 100.
}

// List returns documents in the order in which they were issued.
func (s *Invoices) List(ctx context.Context, f InvoiceFilter) ([]invoice.Issued, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	rows, err := s.db.pool.Query(ctx, selectInvoice+` WHERE ($1 = '' OR i.tenant = $1) AND ($2 = '' OR i.period = $2) AND i.id > $3 ORDER BY i.id LIMIT $4`,
		f.Tenant, f.Period, f.After, min(limit, MaxLines))
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanInvoice)
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	for i := range list {
		list[i] = s.told(list[i])
	}
	return list, nil
}

// Mark notes what became of a document: sent, paid, or taken back to issued.
func (s *Invoices) Mark(ctx context.Context, number string, state invoice.State, note, by string) error {
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		var id int64
		var now invoice.State
		err := tx.QueryRow(ctx, `SELECT i.id, (SELECT e.state FROM invoice_event e WHERE e.invoice = i.id ORDER BY e.id DESC LIMIT 1)
			FROM invoice i WHERE i.number = $1 FOR UPDATE`, number).Scan(&id, &now)
		if errors.Is(err, pgx.ErrNoRows) {
			return invoice.ErrNoInvoice
		}
		if err != nil || now == state {
			return err
		}
		if err := now.Check(state); err != nil {
			return err
		}
		return s.event(ctx, tx, id, state, note, by)
	})
	if err != nil {
		return fmt.Errorf("mark %s as %s: %w", number, state, err)
	}
	return nil
}

func (s *Invoices) event(ctx context.Context, tx pgx.Tx, id int64, state invoice.State, note, by string) error {
	_, err := tx.Exec(ctx, `INSERT INTO invoice_event (invoice, state, note, done_by, done_at) VALUES ($1, $2, $3, $4, $5)`,
		id, string(state), note, by, s.clock.Now())
	return err
}

// Verify reads all documents of all series, checks every hash and that each document names the one before it, and returns
// how many there are.
func (s *Invoices) Verify(ctx context.Context) (count int64, err error) {
	rows, err := s.db.pool.Query(ctx, `SELECT series, serial, document, hash FROM invoice ORDER BY series, serial`)
	if err != nil {
		return 0, fmt.Errorf("verify documents: %w", err)
	}
	last := make(map[string]string)
	serials := make(map[string]int64)
	var series, text, hash string
	var serial int64
	_, err = pgx.ForEachRow(rows, []any{&series, &serial, &text, &hash}, func() error {
		d, err := invoice.Open([]byte(text), hash)
		switch {
		case err != nil:
			return fmt.Errorf("series %s, %d: %w", series, serial, err)
		case d.Previous != last[series] || serial != serials[series]+1:
			return fmt.Errorf("series %s, %d: %w: it does not follow the document before it", series, serial, invoice.ErrAltered)
		}
		last[series], serials[series] = hash, serial
		count++
		return nil
	})
	if err != nil {
		return count, fmt.Errorf("verify documents: %w", err)
	}
	return count, nil
}

// Credited returns what was credited of an invoice so far.
func credited(ctx context.Context, tx pgx.Tx, id int64) (money.Amount, error) {
	var micros int64
	err := tx.QueryRow(ctx, `SELECT coalesce(-sum(total), 0)::bigint FROM invoice WHERE credits = $1`, id).Scan(&micros)
	return money.FromMicros(micros), err
}
