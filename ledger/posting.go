package ledger

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/money"
)

// Errors of the ledger's rules.
var (
	ErrPosting     = errors.New("bad posting")
	ErrKeyConflict = errors.New("the idempotency key was used before for something else")
	ErrNoAccount   = errors.New("there is no such account")
)

// Purpose says what a posting is for.
type Purpose string

// The purposes. Their words are stored.
const (
	UsageSale  Purpose = "usage_sale" // Calls sold to a tenant.
	UsageCost  Purpose = "usage_cost" // Calls bought from a carrier.
	TopUp      Purpose = "top_up"     // Money that a tenant paid.
	Adjustment Purpose = "adjustment" // A correction by an operator, with its reason.
	Opening    Purpose = "opening"    // The balance that an account begins with.
	Charge     Purpose = "charge"     // A fee of an invoice.
)

// Posting moves money from one account to another: it debits the one and credits the other with the same amount, so
// that the sum over all accounts is always zero. Postings are never changed.
type Posting struct {
	ID      int64
	Purpose Purpose
	Debit   Account // Loses the amount.
	Credit  Account // Gains it.
	Amount  money.Amount
	Slot    time.Time // The quarter of an hour, in UTC, that it counts in.
	Legs    int64     // Usage: how many legs it sums up; reversed legs count below zero.
	Batch   int64     // Usage: the batch of legs; 0 for others.
	Key     string    // Others: the caller's idempotency key.
	Late    bool      // Usage: of calls of a period that was closed when they came; it counts at the beginning of the open one.
	Reason  string
	Posted  time.Time
}

// Validate reports what makes the posting unusable.
func (p Posting) Validate() error {
	switch {
	case p.Debit == p.Credit:
		return fmt.Errorf("%w: both sides are %s", ErrPosting, p.Debit)
	case p.Debit.Currency != p.Credit.Currency:
		return fmt.Errorf("%w: %s and %s have different currencies", ErrPosting, p.Debit, p.Credit)
	case p.Amount.Sign() < 0:
		return fmt.Errorf("%w: %s is below zero: exchange the sides", ErrPosting, p.Amount)
	case p.Slot.IsZero():
		return fmt.Errorf("%w: it has no time", ErrPosting)
	}
	if err := p.Debit.Validate(); err != nil {
		return err
	}
	return p.Credit.Validate()
}

// Usage returns the posting of calls on the account of a tenant (UsageSale) or carrier (UsageCost). A negative amount,
// which is the reversal of more than was charged, exchanges the sides.
func Usage(purpose Purpose, account Account, amount money.Amount, legs int64, slot time.Time) (Posting, error) {
	p := Posting{Purpose: purpose, Amount: amount, Slot: slot, Legs: legs}
	switch purpose {
	case UsageSale:
		p.Debit, p.Credit = account, Own(RevenueAccount, account.Currency)
	case UsageCost:
		p.Debit, p.Credit = Own(CostAccount, account.Currency), account
	case TopUp, Adjustment, Opening, Charge:
		return p, fmt.Errorf("%w: %s is no usage", ErrPosting, purpose)
	}
	if amount.Sign() < 0 {
		p.Debit, p.Credit, p.Amount = p.Credit, p.Debit, amount.Neg()
	}
	return p, p.Validate()
}

// Entry is money put on an account or taken from it by hand: the request for one posting.
type Entry struct {
	Account Account
	Purpose Purpose      // TopUp, Adjustment, Opening or Charge.
	Amount  money.Amount // Above zero it is put on the account, below zero it is taken.
	At      time.Time    // The moment that it counts at.
	Key     string       // The caller's idempotency key: the same entry with the same key is posted once.
	Reason  string       // Adjustments need one.
}

// Posting returns the posting that the entry asks for.
func (e Entry) Posting() (Posting, error) {
	p := Posting{Purpose: e.Purpose, Credit: e.Account, Amount: e.Amount, Slot: e.At.UTC(), Key: e.Key, Reason: e.Reason}
	switch e.Purpose {
	case TopUp, Opening:
		p.Debit = Own(PaymentAccount, e.Account.Currency)
	case Adjustment:
		p.Debit = Own(CorrectionsBook, e.Account.Currency)
	case Charge:
		p.Debit = Own(RevenueAccount, e.Account.Currency)
	case UsageSale, UsageCost:
		return p, fmt.Errorf("%w: usage is posted with its batch of legs", ErrPosting)
	}
	if e.Amount.Sign() < 0 {
		p.Debit, p.Credit, p.Amount = p.Credit, p.Debit, e.Amount.Neg()
	}
	switch {
	case e.Key == "":
		return p, fmt.Errorf("%w: it needs an idempotency key", ErrPosting)
	case e.Purpose == Adjustment && e.Reason == "":
		return p, fmt.Errorf("%w: an adjustment needs a reason", ErrPosting)
	case e.Purpose == TopUp && e.Amount.Sign() <= 0:
		return p, fmt.Errorf("%w: a top-up of %s", ErrPosting, e.Amount)
	}
	return p, p.Validate()
}

// Line is one line of an account's statement.
type Line struct {
	Posting
	Change  money.Amount // Above zero: put on the account.
	Balance money.Amount // After it.
}
