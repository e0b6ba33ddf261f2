package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/ledger"
	"trunkline/provision"
)

// openAccounts makes the accounts that changes need, sets their credit limits, and posts opening balances, in the transaction that
// stores the changes: what was accepted has its accounts.
func openAccounts(ctx context.Context, tx pgx.Tx, c *provision.Changes, at time.Time) error {
	wanted, err := c.Accounts()
	if err != nil || len(wanted) == 0 {
		return err
	}
	accounts := make([]ledger.Account, 0, len(wanted))
	for _, w := range wanted {
		if err := w.Account.Validate(); err != nil {
			return err
		}
		accounts = append(accounts, w.Account)
	}
	if err := ensureAccounts(ctx, tx, accounts, at); err != nil {
		return err
	}
	if err := lockAccounts(ctx, tx, accountIDs(accounts)); err != nil {
		return err
	}
	for _, w := range wanted {
		_, err := tx.Exec(ctx, `UPDATE account SET credit_limit = $2 WHERE id = $1 AND credit_limit <> $2`, w.Account.String(), w.Credit.Micros())
		if err != nil {
			return fmt.Errorf("credit limit of %s: %w", w.Account, err)
		}
		if w.Opening.IsZero() {
			continue
		}
		entry := ledger.Entry{
			Key: "opening/" + w.Account.String(), Purpose: ledger.Opening, Account: w.Account, Amount: w.Opening, Reason: "opening balance", At: at,
		}
		p, err := entry.Posting()
		if err != nil {
			return fmt.Errorf("opening balance of %s: %w", w.Account, err)
		}
		p.Posted = at
		// It was posted when the account was made; what the object says now changes nothing.
		if err := postEntry(ctx, tx, &entry, &p); err != nil && !errors.Is(err, ledger.ErrKeyConflict) {
			return fmt.Errorf("opening balance of %s: %w", w.Account, closedError(err))
		}
	}
	return nil
}
