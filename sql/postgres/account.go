package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/money"
	"trunkline/ledger"
)

// Open makes an account where there is none, and sets how far below zero its balance may go. It may be repeated.
func (l *Ledger) Open(ctx context.Context, account ledger.Account, creditLimit money.Amount) error {
	if err := account.Validate(); err != nil {
		return err
	}
	err := l.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := ensureAccounts(ctx, tx, []ledger.Account{account}, l.clock.Now()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE account SET credit_limit = $2 WHERE id = $1 AND credit_limit <> $2`,
			account.String(), creditLimit.Micros())
		return err
	})
	if err != nil {
		return fmt.Errorf("open account %s: %w", account, err)
	}
	return nil
}

// Post puts money on an account or takes it, and returns the posting. The same entry with the same key is posted
// once, however often it comes; another entry with a key that was used is ErrKeyConflict.
func (l *Ledger) Post(ctx context.Context, e ledger.Entry) (ledger.Posting, error) {
	p, err := e.Posting()
	if err != nil {
		return p, err
	}
	p.Posted = l.clock.Now()
	err = l.db.inTx(ctx, func(tx pgx.Tx) error { return postEntry(ctx, tx, &e, &p) })
	if err != nil {
		return p, fmt.Errorf("post %s of %s to %s: %w", e.Purpose, e.Amount, e.Account, closedError(err))
	}
	return p, nil
}

// postEntry writes the posting of an entry, once for its key.
func postEntry(ctx context.Context, tx pgx.Tx, e *ledger.Entry, p *ledger.Posting) error {
	accounts := []ledger.Account{p.Debit, p.Credit}
	if err := ensureAccounts(ctx, tx, accounts, p.Posted); err != nil {
		return err
	}
	if err := lockAccounts(ctx, tx, accountIDs(accounts)); err != nil {
		return err
	}
	err := tx.QueryRow(ctx, `INSERT INTO posting (purpose, debit, credit, currency, amount, slot, key, reason, posted_at) `+
		`VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key) DO NOTHING RETURNING id`,
		string(p.Purpose), p.Debit.String(), p.Credit.String(), p.Debit.Currency.String(), p.Amount.Micros(), p.Slot,
		p.Key, p.Reason, p.Posted).Scan(&p.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return samePosting(ctx, tx, p)
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, addToBalances, []string{p.Debit.String()}, []string{p.Credit.String()}, []int64{p.Amount.Micros()})
	if err != nil || e.Amount.Sign() < 0 {
		return err
	}
	return notify(ctx, tx, e.Account) // Calls whose money was about to end go on.
}

// samePosting compares a posting with the one that has its key. The time at which it was posted, and the moment that it
// counts at, are those of the first.
func samePosting(ctx context.Context, tx pgx.Tx, p *ledger.Posting) error {
	rows, err := tx.Query(ctx, selectPosting+` WHERE key = $1`, p.Key)
	if err != nil {
		return err
	}
	before, err := pgx.CollectExactlyOneRow(rows, scanPosting)
	if err != nil {
		return err
	}
	if before.Purpose != p.Purpose || before.Debit != p.Debit || before.Credit != p.Credit || before.Amount != p.Amount || before.Reason != p.Reason {
		return fmt.Errorf("%w: %s of %s on %s", ledger.ErrKeyConflict, before.Purpose, before.Amount, before.Posted.Format(time.RFC3339))
	}
	*p = before
	return nil
}

const selectPosting = `SELECT id, purpose, debit, credit, amount, slot, legs, coalesce(batch, 0), coalesce(key, ''), late, reason, posted_at FROM posting`

func scanPosting(row pgx.CollectableRow) (ledger.Posting, error) {
	var p ledger.Posting
	var purpose, debit, credit string
	var micros int64
	err := row.Scan(&p.ID, &purpose, &debit, &credit, &micros, &p.Slot, &p.Legs, &p.Batch, &p.Key, &p.Late, &p.Reason, &p.Posted)
	if err != nil {
		return p, err
	}
	p.Purpose, p.Amount = ledger.Purpose(purpose), money.FromMicros(micros)
	p.Slot, p.Posted = p.Slot.UTC(), p.Posted.UTC()
	if p.Debit, err = ledger.ParseAccount(debit); err != nil {
		return p, err
	}
	p.Credit, err = ledger.ParseAccount(credit)
	return p, err
}

const selectState = `SELECT id, credit_limit, debits, credits, pending, suspended, reason, opened_at, closed_till FROM account`

// State returns an account as it stands; ErrNoAccount where there is none.
func (l *Ledger) State(ctx context.Context, account ledger.Account) (ledger.State, error) {
	rows, err := l.db.pool.Query(ctx, selectState+` WHERE id = $1`, account.String())
	if err != nil {
		return ledger.State{}, fmt.Errorf("account %s: %w", account, err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, scanState)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, fmt.Errorf("%w: %s", ledger.ErrNoAccount, account)
	}
	if err != nil {
		return s, fmt.Errorf("account %s: %w", account, err)
	}
	return s, nil
}

// States returns all accounts of a kind in the order of their ids.
func (l *Ledger) States(ctx context.Context, kind ledger.Kind) ([]ledger.State, error) {
	rows, err := l.db.pool.Query(ctx, selectState+` WHERE kind = $1 ORDER BY id`, string(kind))
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	states, err := pgx.CollectRows(rows, scanState)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	return states, nil
}

func scanState(row pgx.CollectableRow) (ledger.State, error) {
	var s ledger.State
	var id string
	var limit, debits, credits, pending int64
	if err := row.Scan(&id, &limit, &debits, &credits, &pending, &s.Suspended, &s.Reason, &s.Opened, &s.ClosedTill); err != nil {
		return s, err
	}
	s.CreditLimit, s.Debits = money.FromMicros(limit), money.FromMicros(debits)
	s.Credits, s.Pending = money.FromMicros(credits), money.FromMicros(pending)
	s.Opened, s.ClosedTill = s.Opened.UTC(), s.ClosedTill.UTC()
	var err error
	s.Account, err = ledger.ParseAccount(id)
	return s, err
}
