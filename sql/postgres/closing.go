package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"trunkline/ledger"
)

// codeClosed is what the database answers to a posting in a closed period.
const codeClosed = "TL001"

// closedError turns the database's refusal of a posting into the ledger's word for it.
func closedError(err error) error {
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok && failed.Code == codeClosed {
		return fmt.Errorf("%w: %s", ledger.ErrClosedPeriod, failed.Message)
	}
	return err
}

// Close closes the books of an account up to a moment, or opens them again from it on. Where legs of the period could not
// be rated yet it is ErrClosing: they would land in the next one; where what is opened is on an invoice that stands it is
// ErrInvoiced. It may be repeated; what is closed already stays so.
func (l *Ledger) Close(ctx context.Context, c ledger.Closing) (ledger.Closing, error) {
	c.At = l.clock.Now()
	if err := c.Validate(c.At); err != nil {
		return c, err
	}
	err := l.db.inTx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `SELECT closed_till FROM account WHERE id = $1 FOR NO KEY UPDATE`, c.Account.String()).Scan(&c.Before)
		if errors.Is(err, pgx.ErrNoRows) {
			return ledger.ErrNoAccount
		}
		if err != nil {
			return err
		}
		c.Before = c.Before.UTC()
		if c.Before.Equal(c.Till) {
			return nil
		}
		if err := unratedBefore(ctx, tx, c); err != nil {
			return err
		}
		if err := invoicedAfter(ctx, tx, c); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE account SET closed_till = $2 WHERE id = $1`, c.Account.String(), c.Till); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO period_log (account, before, after, reason, done_by, done_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			c.Account.String(), c.Before, c.Till, c.Reason, c.By, c.At)
		return err
	})
	if err != nil {
		return c, fmt.Errorf("close the books of %s till %s: %w", c.Account, c.Till.UTC().Format(time.RFC3339), err)
	}
	return c, nil
}

// unratedBefore refuses a period that legs still wait to be rated in.
func unratedBefore(ctx context.Context, tx pgx.Tx, c ledger.Closing) error {
	if !c.Till.After(c.Before) {
		return nil
	}
	owner := "tenant"
	if c.Account.Kind == ledger.CarrierAccount {
		owner = "carrier"
	}
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM dead_leg WHERE settled_by IS NULL AND `+owner+` = $1 AND (slot IS NULL OR slot < $2)`,
		c.Account.Owner, c.Till).Scan(&n)
	if err == nil && n > 0 {
		err = fmt.Errorf("%w: %d legs of it could not be rated yet: see `trunkline dead list --%s %s`", ledger.ErrClosing, n, owner, c.Account.Owner)
	}
	return err
}

// invoicedAfter refuses to open what invoices stand for.
func invoicedAfter(ctx context.Context, tx pgx.Tx, c ledger.Closing) error {
	if !c.Till.Before(c.Before) || c.Account.Kind != ledger.TenantAccount {
		return nil
	}
	rows, err := tx.Query(ctx, `SELECT number FROM invoice_standing WHERE tenant = $1 AND currency = $2 AND period_till > $3 ORDER BY id LIMIT 10`,
		c.Account.Owner, c.Account.Currency.String(), c.Till)
	if err != nil {
		return err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(numbers) == 0 {
		return err
	}
	return fmt.Errorf("%w: credit it as a whole first (`trunkline invoice credit NUMBER`), and issue it again afterwards: %s", ledger.ErrInvoiced, strings.Join(numbers, ", "))
}

// Closings returns what was closed and opened of an account, the newest first, up to MaxLines.
func (l *Ledger) Closings(ctx context.Context, account ledger.Account) ([]ledger.Closing, error) {
	rows, err := l.db.pool.Query(ctx, `SELECT before, after, reason, done_by, done_at FROM period_log WHERE account = $1 ORDER BY id DESC LIMIT $2`,
		account.String(), MaxLines)
	if err != nil {
		return nil, fmt.Errorf("closed periods of %s: %w", account, err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ledger.Closing, error) {
		c := ledger.Closing{Account: account}
		err := row.Scan(&c.Before, &c.Till, &c.Reason, &c.By, &c.At)
		c.Before, c.Till, c.At = c.Before.UTC(), c.Till.UTC(), c.At.UTC()
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("closed periods of %s: %w", account, err)
	}
	return all, nil
}
