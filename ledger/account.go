package ledger

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"trunkline/internal/money"
)

// ErrAccount is returned, wrapped, for text that names no account.
var ErrAccount = errors.New("not an account")

// Kind says whose account it is.
type Kind string

// The kinds of account. Their words are stored.
const (
	TenantAccount   Kind = "tenant"     // What a client has paid and used. Its balance is their money with us.
	CarrierAccount  Kind = "carrier"    // What we owe a carrier.
	RevenueAccount  Kind = "revenue"    // What was sold.
	CostAccount     Kind = "cost"       // What was bought.
	PaymentAccount  Kind = "payment"    // Money that came in.
	CorrectionsBook Kind = "correction" // Goodwill and corrections.
)

// House is the owner of the accounts that are our own.
const House = "house"

// Account names an account: one of a kind, of one owner, in one currency. Accounts are comparable with ==.
type Account struct {
	Kind     Kind
	Owner    string // The tenant's or carrier's id, or House.
	Currency money.Currency
}

// Tenant names the account of a tenant.
func Tenant(id string, c money.Currency) Account { return Account{TenantAccount, id, c} }

// Carrier names the account of a carrier.
func Carrier(id string, c money.Currency) Account { return Account{CarrierAccount, id, c} }

// Own names one of the house's own accounts.
func Own(kind Kind, c money.Currency) Account { return Account{kind, House, c} }

// String returns the id of the account, "tenant/beauty/RUB": its key in the store.
func (a Account) String() string { return string(a.Kind) + "/" + a.Owner + "/" + a.Currency.String() }

// ParseAccount reads what String writes.
func ParseAccount(s string) (Account, error) {
	kind, rest, ok := strings.Cut(s, "/")
	i := strings.LastIndexByte(rest, '/')
	if !ok || i < 1 {
		return Account{}, fmt.Errorf("%w: %q: want kind/owner/currency, for example tenant/beauty/EUR", ErrAccount, s)
	}
	c, err := money.ParseCurrency(rest[i+1:])
	if err != nil {
		return Account{}, fmt.Errorf("%w: %q: %w", ErrAccount, s, err)
	}
	a := Account{Kind(kind), rest[:i], c}
	return a, a.Validate()
}

// Validate reports what makes the account unusable.
func (a Account) Validate() error {
	switch a.Kind {
	case TenantAccount, CarrierAccount, RevenueAccount, CostAccount, PaymentAccount, CorrectionsBook:
	default:
		return fmt.Errorf("%w: %q is no kind of account", ErrAccount, string(a.Kind))
	}
	if a.Owner == "" || a.Currency.IsZero() {
		return fmt.Errorf("%w: %q: owner or currency is missing", ErrAccount, a)
	}
	return nil
}

// State is an account as it stands.
type State struct {
	Account
	CreditLimit money.Amount // How far below zero the balance may go.
	Debits      money.Amount // Sum of all that was taken.
	Credits     money.Amount // Sum of all that was put in.
	Pending     money.Amount // Held for calls in progress.
	Suspended   bool         // No calls that cost anything; those in progress end.
	Reason      string       // Why it is suspended.
	Opened      time.Time
	ClosedTill  time.Time // Nothing is posted before it any more; zero: nothing is closed.
}

// Balance is credits less debits; of a tenant it is what is left of their money.
func (s State) Balance() (money.Amount, error) { return s.Credits.Sub(s.Debits) }

// Available is what can still be held: balance and credit limit less what is held already. It is below zero where a
// limit was lowered under what is spent.
func (s State) Available() (money.Amount, error) {
	return money.Sum(s.Credits, s.Debits.Neg(), s.CreditLimit, s.Pending.Neg())
}
