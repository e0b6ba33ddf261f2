package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports/invoice"
)

const selectCharges = `SELECT c.id, coalesce(c.key, ''), c.tenant, c.branch, c.day::text, c.text, c.amount, c.made_by, c.made_at,
	coalesce((SELECT i.number FROM invoice_standing i WHERE i.tenant = c.tenant AND i.document LIKE '%"charge/' || c.id || '%' LIMIT 1), '')
	FROM charge c`

func scanCharge(row pgx.CollectableRow) (invoice.Charge, error) {
	var c invoice.Charge
	var micros int64
	err := row.Scan(&c.ID, &c.Key, &c.Tenant, &c.Branch, &c.Day, &c.Text, &micros, &c.By, &c.Created, &c.Number)
	c.Amount, c.Created = money.FromMicros(micros), c.Created.UTC()
	return c, err
}

// ChargesOf implements invoice.Charges.
func (s *Invoices) ChargesOf(ctx context.Context, tenants []string, from, till string) (map[string][]invoice.Charge, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT id, coalesce(key, ''), tenant, branch, day::text, text, amount, made_by, made_at, '' FROM charge
		WHERE taken_at IS NULL AND day >= $2::date AND day < $3::date AND (cardinality($1::text[]) = 0 OR tenant = ANY ($1)) ORDER BY id`,
		append([]string{}, tenants...), from, till)
	if err != nil {
		return nil, fmt.Errorf("charges by hand: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanCharge)
	if err != nil {
		return nil, fmt.Errorf("charges by hand: %w", err)
	}
	out := make(map[string][]invoice.Charge)
	for _, c := range list {
		out[c.Tenant] = append(out[c.Tenant], c)
	}
	return out, nil
}

// Charges lists what was charged by hand and not taken back, the newest first, with the documents that it stands on; no tenant means all.
func (s *Invoices) Charges(ctx context.Context, tenant string, limit int) ([]invoice.Charge, error) {
	rows, err := s.db.pool.Query(ctx, selectCharges+` WHERE c.taken_at IS NULL AND ($1 = '' OR c.tenant = $1) ORDER BY c.id DESC LIMIT $2`, tenant, limit)
	if err != nil {
		return nil, fmt.Errorf("charges by hand: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanCharge)
	if err != nil {
		return nil, fmt.Errorf("charges by hand: %w", err)
	}
	return list, nil
}

// AddCharge keeps a charge. The same key with the same content is the same charge, so that it may be repeated; a day of a period that was
// invoiced is ErrCharge. The account keeps an invoice from being issued meanwhile.
func (s *Invoices) AddCharge(ctx context.Context, c invoice.Charge, account ledger.Account, zone *time.Location) (invoice.Charge, error) {
	if err := c.Validate(); err != nil {
		return c, err
	}
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := s.lockBoth(ctx, tx, account); err != nil {
			return err
		}
		known, err := keyedCharge(ctx, tx, c.Key)
		if err != nil || known.ID != 0 {
			if err == nil && (known.Tenant != c.Tenant || known.Amount != c.Amount || known.Day != c.Day || known.Text != c.Text || known.Branch != c.Branch) {
				err = fmt.Errorf("%w: the key %q is that of another charge, of %s %s on %s", invoice.ErrCharge, c.Key, known.Amount, account.Currency, known.Day)
			}
			c = known
			return err
		}
		if err := chargeOpen(ctx, tx, c.Tenant, c.Day, zone); err != nil {
			return err
		}
		c.Created = s.clock.Now()
		return tx.QueryRow(ctx, `INSERT INTO charge (key, tenant, branch, day, text, amount, made_at, made_by) VALUES (nullif($1, ''), $2, $3, $4::date, $5, $6, $7, $8)
			RETURNING id`, c.Key, c.Tenant, c.Branch, c.Day, c.Text, c.Amount.Micros(), c.Created, c.By).Scan(&c.ID)
	})
	if err != nil && !errors.Is(err, invoice.ErrCharge) {
		err = fmt.Errorf("charge %s by hand: %w", c.Tenant, err)
	}
	return c, err
}

func keyedCharge(ctx context.Context, tx pgx.Tx, key string) (invoice.Charge, error) {
	if key == "" {
		return invoice.Charge{}, nil
	}
	rows, err := tx.Query(ctx, selectCharges+` WHERE c.key = $1`, key)
	if err != nil {
		return invoice.Charge{}, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, scanCharge)
	if errors.Is(err, pgx.ErrNoRows) {
		return invoice.Charge{}, nil
	}
	return c, err
}

// chargeOpen refuses a day that an invoice stands for.
func chargeOpen(ctx context.Context, tx pgx.Tx, tenant, day string, zone *time.Location) error {
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 12:00", zone)
	if err != nil {
		return fmt.Errorf("%w: day %q: want such as 2026-11-17", invoice.ErrCharge, day)
	}
	var number string
	err = tx.QueryRow(ctx, `SELECT number FROM invoice_standing WHERE tenant = $1 AND period_from <= $2 AND period_till > $2 LIMIT 1`, tenant, at).Scan(&number)
	switch {
	case err == nil:
		return fmt.Errorf("%w: %s is in the period of invoice %s, which is issued: choose a later day, or credit that invoice first", invoice.ErrCharge, day, number)
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	}
	return err
}

// TakeCharge takes a charge back that was not invoiced yet. It may be repeated.
func (s *Invoices) TakeCharge(ctx context.Context, id int64, account ledger.Account, zone *time.Location, by, reason string) error {
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := s.lockBoth(ctx, tx, account); err != nil {
			return err
		}
		var day string
		err := tx.QueryRow(ctx, `SELECT day::text FROM charge WHERE id = $1 AND tenant = $2`, id, account.Owner).Scan(&day)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("%w: %s has no charge %d", invoice.ErrCharge, account.Owner, id)
		}
		if err != nil {
			return err
		}
		if err := chargeOpen(ctx, tx, account.Owner, day, zone); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE charge SET taken_at = $2, taken_by = $3, reason = $4 WHERE id = $1 AND taken_at IS NULL`, id, s.clock.Now(), by, reason)
		return err
	})
	if err != nil && !errors.Is(err, invoice.ErrCharge) {
		err = fmt.Errorf("take charge %d back: %w", id, err)
	}
	return err
}

// chargesStand makes sure that a document has just the charges of its period, which may have changed since it was made.
func chargesStand(ctx context.Context, tx pgx.Tx, d *invoice.Document) error {
	rows, err := tx.Query(ctx, `SELECT id FROM charge WHERE tenant = $1 AND taken_at IS NULL
		AND (day::timestamp AT TIME ZONE $2) >= $3 AND (day::timestamp AT TIME ZONE $2) < $4`, d.Tenant, d.Period.Zone, d.Period.From, d.Period.Till)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	has := make(map[int64]bool)
	for i := range d.Lines {
		if rest, ok := strings.CutPrefix(d.Lines[i].Key, "charge/"); ok {
			text, _, _ := strings.Cut(rest, "/")
			if id, err := strconv.ParseInt(text, 10, 64); err == nil {
				has[id] = true
			}
		}
	}
	for _, id := range ids {
		if !has[id] {
			return fmt.Errorf("%w: charge %d was made meanwhile: try again", invoice.ErrSums, id)
		}
		delete(has, id)
	}
	for id := range has {
		return fmt.Errorf("%w: charge %d was taken back meanwhile: try again", invoice.ErrSums, id)
	}
	return nil
}
