package console

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
)

// Money is the ledger's accounts.
type Money interface {
	State(ctx context.Context, account ledger.Account) (ledger.State, error)
	States(ctx context.Context, kind ledger.Kind) ([]ledger.State, error)
	Statement(ctx context.Context, account ledger.Account, from, till time.Time, limit int) ([]ledger.Line, error)
	Post(ctx context.Context, e ledger.Entry) (ledger.Posting, error)
}

// MaxLines bounds a statement.
const MaxLines = 10_000

// Accounts returns the accounts of tenants that are somebody's to see.
func (c *Console) Accounts(ctx context.Context, who *access.Principal) ([]ledger.State, error) {
	if err := may(who, access.ReadMoney); err != nil {
		return nil, err
	}
	if who.Tenant != "" {
		state, err := c.Account(ctx, who, who.Tenant)
		return []ledger.State{state}, err
	}
	return c.d.Money.States(ctx, ledger.TenantAccount)
}

// Account returns the account of a tenant.
func (c *Console) Account(ctx context.Context, who *access.Principal, tenant string) (ledger.State, error) {
	account, err := c.account(who, access.ReadMoney, tenant)
	if err != nil {
		return ledger.State{}, err
	}
	return c.d.Money.State(ctx, account)
}

// account checks a permission on the money of a tenant and returns its account.
func (c *Console) account(who *access.Principal, p access.Permission, tenant string) (ledger.Account, error) {
	if err := mayOf(who, p, tenant); err != nil {
		return ledger.Account{}, err
	}
	t, ok := c.d.Snapshot().Tenant(tenant)
	if !ok {
		return ledger.Account{}, missing(provision.KindTenant, tenant)
	}
	return ledger.Tenant(t.ID, t.Currency), nil
}

// Statement returns the postings of a tenant's account in [from, till), with the balance after each.
func (c *Console) Statement(ctx context.Context, who *access.Principal, tenant string, from, till time.Time, limit int) ([]ledger.Line, error) {
	account, err := c.account(who, access.ReadMoney, tenant)
	if err != nil {
		return nil, err
	}
	return c.d.Money.Statement(ctx, account, from, till, limit)
}

// Payment is money that is put on an account or taken from it.
type Payment struct {
	Tenant  string
	Purpose ledger.Purpose // TopUp or Adjustment.
	Amount  money.Amount
	Key     string // The same payment with the same key is posted once.
	Reason  string
}

// Pay posts a payment.
func (c *Console) Pay(ctx context.Context, who *access.Principal, p Payment) (ledger.Posting, error) {
	account, err := c.account(who, access.WriteMoney, p.Tenant)
	if err != nil {
		return ledger.Posting{}, err
	}
	if p.Purpose != ledger.TopUp && p.Purpose != ledger.Adjustment {
		return ledger.Posting{}, invalid("purpose: use top_up or adjustment")
	}
	if p.Key == "" {
		return ledger.Posting{}, invalid("key: give a word of your own, such as the bank's number, so that the payment is posted once")
	}
	posting, err := c.d.Money.Post(ctx, ledger.Entry{
		Account: account, Purpose: p.Purpose, Amount: p.Amount, At: c.d.Clock.Now(), Key: p.Key, Reason: p.Reason,
	})
	switch {
	case errors.Is(err, ledger.ErrKeyConflict), errors.Is(err, ledger.ErrClosedPeriod):
		return posting, fmt.Errorf("%w: %w", ErrConflict, err)
	case errors.Is(err, ledger.ErrPosting):
		return posting, invalid("%s", err)
	case err != nil:
		return posting, err
	}
	return posting, c.log(ctx, who, access.AuditEvent{
		Tenant: p.Tenant, Action: string(p.Purpose), Object: "account " + p.Tenant, After: p.Amount.String() + " " + account.Currency.String() + " " + p.Reason,
	})
}
