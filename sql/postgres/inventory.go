package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/provision/inventory"
)

// Inventory keeps the numbers of the house. It is safe for concurrent use.
type Inventory struct {
	db    *DB
	clock clock.Clock
}

// NewInventory returns the store on a database whose migrations have run.
func NewInventory(db *DB, c clock.Clock) *Inventory { return &Inventory{db, c} }

// MaxStock bounds how many numbers are read at a time.
const MaxStock = 200_000

// Stock returns the numbers that begin with digits, in their order, as they were stored; at most MaxStock.
func (s *Inventory) Stock(ctx context.Context, prefix string) ([]inventory.Number, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT number, class, status, tenant, until, supplier, contract, setup, monthly, currency, note, changed_at, changed_by
		FROM number_stock WHERE starts_with(number, $1) ORDER BY number LIMIT $2`, prefix, MaxStock)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanNumber)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	return list, nil
}

func scanNumber(row pgx.CollectableRow) (n inventory.Number, err error) {
	var digits, currency string
	var until *time.Time
	var setup, monthly int64
	err = row.Scan(&digits, &n.Class, &n.Status, &n.Tenant, &until, &n.Supplier, &n.Contract, &setup, &monthly, &currency, &n.Note, &n.Changed, &n.By)
	if err != nil {
		return n, err
	}
	if until != nil {
		n.Until = until.UTC()
	}
	n.Setup, n.Monthly, n.Changed = money.FromMicros(setup), money.FromMicros(monthly), n.Changed.UTC()
	if n.Number, err = e164.Parse(digits); err != nil || currency == "" {
		return n, err
	}
	n.Currency, err = money.ParseCurrency(currency)
	return n, err
}

// Put stores numbers, all or none, and notes what became of them. It may be repeated: what does not change leaves no note.
func (s *Inventory) Put(ctx context.Context, list []inventory.Number, by string) error {
	b := &pgx.Batch{}
	for i := range list {
		n := &list[i]
		if err := n.Validate(); err != nil {
			return err
		}
		var until *time.Time
		if !n.Until.IsZero() {
			until = &n.Until
		}
		b.Queue(`INSERT INTO number_event (number, status, tenant, until, done_at, done_by) SELECT $1, $2, $3, $4, $5, $6
			WHERE NOT EXISTS (SELECT FROM number_stock WHERE number = $1 AND status = $2 AND tenant = $3 AND until IS NOT DISTINCT FROM $4)`,
			n.Number.Digits(), string(n.Status), n.Tenant, until, s.clock.Now(), by)
		b.Queue(`INSERT INTO number_stock (number, class, status, tenant, until, supplier, contract, setup, monthly, currency, note, changed_at, changed_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT (number) DO UPDATE SET class = $2, status = $3, tenant = $4, until = $5, supplier = $6, contract = $7, setup = $8, monthly = $9,
				currency = $10, note = $11, changed_at = $12, changed_by = $13`,
			n.Number.Digits(), n.Class, string(n.Status), n.Tenant, until, n.Supplier, n.Contract, n.Setup.Micros(), n.Monthly.Micros(),
			n.Currency.String(), n.Note, s.clock.Now(), by)
	}
	err := s.db.inTx(ctx, func(tx pgx.Tx) error { return tx.SendBatch(ctx, b).Close() })
	if err != nil {
		return fmt.Errorf("store %d numbers: %w", len(list), err)
	}
	return nil
}
