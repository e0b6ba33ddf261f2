package postgres

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/ledger"
)

// ensureAccounts makes the accounts that are not there yet.
func ensureAccounts(ctx context.Context, tx pgx.Tx, accounts []ledger.Account, at time.Time) error {
	var ids, kinds, owners, currencies []string
	for _, a := range accounts {
		ids = append(ids, a.String())
		kinds = append(kinds, string(a.Kind))
		owners = append(owners, a.Owner)
		currencies = append(currencies, a.Currency.String())
	}
	_, err := tx.Exec(ctx, `
INSERT INTO account (id, kind, owner, currency, opened_at)
SELECT id, kind, owner, currency, $5 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS a (id, kind, owner, currency)
WHERE NOT EXISTS (SELECT FROM account b WHERE b.id = a.id) ON CONFLICT DO NOTHING`, ids, kinds, owners, currencies, at)
	if err != nil {
		return fmt.Errorf("open accounts: %w", err)
	}
	return nil
}

// lockAccounts locks accounts in the order that all keep: the tenants' first, each group by id. Tenants' accounts must be
// locked by the first call in a transaction.
func lockAccounts(ctx context.Context, tx pgx.Tx, ids []string) error {
	rows, err := tx.Query(ctx, `SELECT id FROM account WHERE id = ANY ($1) ORDER BY kind <> 'tenant', id COLLATE "C" FOR NO KEY UPDATE`, ids)
	if err != nil {
		return fmt.Errorf("lock accounts: %w", err)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return fmt.Errorf("lock accounts: %w", err)
	}
	return nil
}

// sides returns the accounts of postings, each once, in order.
func sides(postings []ledger.Posting) []ledger.Account {
	set := make(map[ledger.Account]bool)
	for _, p := range postings {
		set[p.Debit], set[p.Credit] = true, true
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b ledger.Account) int { return cmp.Compare(a.String(), b.String()) })
}

func accountIDs(accounts []ledger.Account) []string {
	ids := make([]string, 0, len(accounts))
	for _, a := range accounts {
		ids = append(ids, a.String())
	}
	return ids
}

const insertUsage = `
INSERT INTO posting (purpose, debit, credit, currency, amount, slot, legs, late, batch, posted_at)
SELECT purpose, debit, credit, currency, amount, slot, legs, late, $9, $10
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::bigint[], $8::boolean[])
    AS p (purpose, debit, credit, currency, amount, slot, legs, late)`

const addToBalances = `
UPDATE account a SET debits = debits + m.debit, credits = credits + m.credit
FROM (
    SELECT id, sum(debit) AS debit, sum(credit) AS credit FROM (
        SELECT id, amount AS debit, 0 AS credit FROM unnest($1::text[], $3::bigint[]) AS d (id, amount)
        UNION ALL SELECT id, 0, amount FROM unnest($2::text[], $3::bigint[]) AS c (id, amount)
    ) s GROUP BY id
) m WHERE a.id = m.id`

// postUsage writes the postings of a batch and their effect on the balances. The accounts are there.
func postUsage(ctx context.Context, tx pgx.Tx, postings []ledger.Posting, batch int64, at time.Time) error {
	if len(postings) == 0 {
		return nil
	}
	var purposes, debits, credits, currencies []string
	var amounts, legs []int64
	var slots []time.Time
	var late []bool
	for _, p := range postings {
		if err := p.Validate(); err != nil {
			return err
		}
		purposes = append(purposes, string(p.Purpose))
		debits = append(debits, p.Debit.String())
		credits = append(credits, p.Credit.String())
		currencies = append(currencies, p.Debit.Currency.String())
		amounts = append(amounts, p.Amount.Micros())
		slots = append(slots, p.Slot)
		legs, late = append(legs, p.Legs), append(late, p.Late)
	}
	if err := lockAccounts(ctx, tx, accountIDs(sides(postings))); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertUsage, purposes, debits, credits, currencies, amounts, slots, legs, late, batch, at); err != nil {
		return fmt.Errorf("write postings: %w", closedError(err))
	}
	if _, err := tx.Exec(ctx, addToBalances, debits, credits, amounts); err != nil {
		return fmt.Errorf("add to balances: %w", err)
	}
	return nil
}
