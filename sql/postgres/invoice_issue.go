package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports/invoice"
)

// issuer is the name that issuing leaves in logs.
const issuer = "invoice"

// Issue implements invoice.Archive: postings, the closing of the books, number and document in one transaction. The lock of
// the account keeps calls from being posted meanwhile, so the sum that is compared is the sum that is closed.
func (s *Invoices) Issue(ctx context.Context, d *invoice.Document, n invoice.Numbering) (invoice.Issued, error) {
	var out invoice.Issued
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		account := ledger.Tenant(d.Tenant, d.Currency)
		if err := s.lockBoth(ctx, tx, account); err != nil {
			return err
		}
		var of follows
		var err error
		if out, of.replaces, err = s.former(ctx, tx, d); err != nil || out.Document != nil {
			return err
		}
		if err := s.check(ctx, tx, d, account); err != nil {
			return err
		}
		if err := s.post(ctx, tx, d, account); err != nil {
			return err
		}
		if out, err = s.keep(ctx, tx, d, n, of); err != nil {
			return err
		}
		return s.closeBooks(ctx, tx, d, account)
	})
	if err != nil {
		return out, fmt.Errorf("issue the invoice of %s for %s: %w", d.Tenant, d.Period.Label, err)
	}
	return s.told(out), nil
}

// lockBoth makes and locks the accounts that the document posts to.
func (s *Invoices) lockBoth(ctx context.Context, tx pgx.Tx, account ledger.Account) error {
	// A plan for any account would read all postings: most of them credit the one account of the revenue.
	if _, err := tx.Exec(ctx, `SET LOCAL plan_cache_mode = force_custom_plan`); err != nil {
		return err
	}
	both := []ledger.Account{account, ledger.Own(ledger.RevenueAccount, account.Currency)}
	if err := ensureAccounts(ctx, tx, both, s.clock.Now()); err != nil {
		return err
	}
	return lockAccounts(ctx, tx, accountIDs(both[:1])) // That of the revenue is locked as late as can be: all tenants share it.
}

// check holds the document against what the ledger has.
func (s *Invoices) check(ctx context.Context, tx pgx.Tx, d *invoice.Document, account ledger.Account) error {
	if err := overlaps(ctx, tx, d); err != nil {
		return err
	}
	if err := chargesStand(ctx, tx, d); err != nil {
		return err
	}
	var micros int64
	err := tx.QueryRow(ctx, `SELECT coalesce(sum(CASE WHEN debit = $1 THEN amount ELSE -amount END), 0)::bigint FROM posting
		WHERE purpose = 'usage_sale' AND (debit = $1 OR credit = $1) AND slot >= $2 AND slot < $3`, account.String(), d.Period.From, d.Period.Till).Scan(&micros)
	if err != nil {
		return err
	}
	if posted := money.FromMicros(micros); posted != d.Usage {
		return fmt.Errorf("%w: the ledger has posted %s for calls, the lines come to %s: calls came in meanwhile, try again", invoice.ErrSums, posted, d.Usage)
	}
	return nil
}

// post writes what the document adds to the ledger. Where the books were closed by hand before, they are open for just that.
func (s *Invoices) post(ctx context.Context, tx pgx.Tx, d *invoice.Document, account ledger.Account) error {
	entries := d.Entries()
	if len(entries) == 0 {
		return nil
	}
	var closed time.Time
	if err := tx.QueryRow(ctx, `SELECT closed_till FROM account WHERE id = $1`, account.String()).Scan(&closed); err != nil {
		return err
	}
	if closed.After(entries[0].At) {
		if _, err := tx.Exec(ctx, `UPDATE account SET closed_till = $2 WHERE id = $1`, account.String(), entries[0].At); err != nil {
			return err
		}
	}
	b := &pgx.Batch{}
	var debits, credits []string
	var amounts []int64
	for _, e := range entries {
		p, err := e.Posting()
		if err != nil {
			return err
		}
		b.Queue(`INSERT INTO posting (purpose, debit, credit, currency, amount, slot, key, reason, posted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			string(p.Purpose), p.Debit.String(), p.Credit.String(), p.Debit.Currency.String(), p.Amount.Micros(), p.Slot, p.Key, p.Reason, s.clock.Now())
		debits, credits, amounts = append(debits, p.Debit.String()), append(credits, p.Credit.String()), append(amounts, p.Amount.Micros())
	}
	if closed.After(entries[0].At) {
		b.Queue(`UPDATE account SET closed_till = $2 WHERE id = $1`, account.String(), closed)
	}
	b.Queue(addToBalances, debits, credits, amounts)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return closedError(err)
	}
	return nil
}

// follows are the documents that one is about: the invoice that it credits, or whose place it takes.
type follows struct {
	credits, replaces *int64
}

// keep gives the document its number, seals it, and writes it with its first event.
func (s *Invoices) keep(ctx context.Context, tx pgx.Tx, d *invoice.Document, n invoice.Numbering, of follows) (invoice.Issued, error) {
	series := n.Series(d.Issued)
	var serial int64
	sealed := *d
	err := tx.QueryRow(ctx, `INSERT INTO invoice_series AS s (series, last, hash) VALUES ($1, 1, '')
		ON CONFLICT (series) DO UPDATE SET last = s.last + 1 RETURNING last, hash`, series).Scan(&serial, &sealed.Previous)
	if err != nil {
		return invoice.Issued{}, err
	}
	sealed.Number = n.Format(d.Issued, serial)
	text, hash, err := sealed.Seal()
	if err != nil {
		return invoice.Issued{}, err
	}
	var due *time.Time
	if !sealed.Due.IsZero() {
		due = &sealed.Due
	}
	out := invoice.Issued{Document: &sealed, Hash: hash, State: invoice.StateIssued, NewlyIssued: true}
	err = tx.QueryRow(ctx, `INSERT INTO invoice (kind, series, serial, number, tenant, currency, period, period_from, period_till, total, issued_at, due_at,
		credits, document, hash, replaces) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id`,
		string(sealed.Kind), series, serial, sealed.Number, sealed.Tenant, sealed.Currency.String(), sealed.Period.Label, sealed.Period.From, sealed.Period.Till,
		sealed.Total.Micros(), sealed.Issued, due, of.credits, string(text), hash, of.replaces).Scan(&out.ID)
	if err != nil {
		return out, err
	}
	if _, err := tx.Exec(ctx, `UPDATE invoice_series SET hash = $2 WHERE series = $1`, series, hash); err != nil {
		return out, err
	}
	return out, s.event(ctx, tx, out.ID, invoice.StateIssued, "", issuer)
}

// closeBooks lets nothing more be posted in the period.
func (s *Invoices) closeBooks(ctx context.Context, tx pgx.Tx, d *invoice.Document, account ledger.Account) error {
	_, err := tx.Exec(ctx, `WITH was AS (SELECT closed_till FROM account WHERE id = $1 AND closed_till < $2),
		done AS (UPDATE account SET closed_till = $2 WHERE id = $1 AND closed_till < $2)
		INSERT INTO period_log (account, before, after, reason, done_by, done_at) SELECT $1, closed_till, $2, $3, $4, $5 FROM was`,
		account.String(), d.Period.Till, "invoice for "+d.Period.Label, issuer, s.clock.Now())
	return err
}

// Credit issues a credit note for an invoice, posts it, and returns it. What was credited already counts: no more than the
// invoice's total can be. An amount of zero is all that is left.
func (s *Invoices) Credit(ctx context.Context, number string, amount money.Amount, reason string, n invoice.Numbering) (invoice.Issued, error) {
	var out invoice.Issued
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectInvoice+` WHERE i.number = $1`, number)
		if err != nil {
			return err
		}
		of, err := pgx.CollectExactlyOneRow(rows, scanInvoice)
		if errors.Is(err, pgx.ErrNoRows) {
			return invoice.ErrNoInvoice
		}
		if err != nil {
			return err
		}
		account := ledger.Tenant(of.Document.Tenant, of.Document.Currency)
		if err := s.lockBoth(ctx, tx, account); err != nil {
			return err
		}
		out, err = s.credit(ctx, tx, &of, amount, reason, n)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("credit invoice %s: %w", number, err)
	}
	return out, nil
}

func (s *Invoices) credit(ctx context.Context, tx pgx.Tx, of *invoice.Issued, amount money.Amount, reason string, n invoice.Numbering) (invoice.Issued, error) {
	before, err := credited(ctx, tx, of.ID)
	if err != nil {
		return invoice.Issued{}, err
	}
	left, err := of.Document.Total.Sub(before)
	if err != nil {
		return invoice.Issued{}, err
	}
	if amount.IsZero() {
		amount = left
	}
	if of.State == invoice.StateCredited || amount.IsZero() && !of.Document.Total.IsZero() || left.Less(amount) {
		return invoice.Issued{}, fmt.Errorf("%w: %s of %s are left", invoice.ErrCredit, left, of.Document.Total)
	}
	note, err := invoice.Credit(of.Document, amount, reason, s.clock.Now())
	if err != nil {
		return invoice.Issued{}, err
	}
	out, err := s.keep(ctx, tx, note, n, follows{credits: &of.ID})
	if err != nil {
		return out, err
	}
	if err := s.post(ctx, tx, out.Document, ledger.Tenant(note.Tenant, note.Currency)); err != nil {
		return out, err
	}
	if amount == left {
		return out, s.event(ctx, tx, of.ID, invoice.StateCredited, out.Document.Number, issuer)
	}
	return out, nil
}
