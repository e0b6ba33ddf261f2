package ledger

import (
	"errors"
	"fmt"
	"time"
)

// Errors about closed periods.
var (
	ErrClosedPeriod = errors.New("the period is closed")
	ErrClosing      = errors.New("the period cannot be closed")
	// ErrInvoiced says that an invoice stands for the time: neither its calls nor its postings move away from it. Once it is credited
	// as a whole they may.
	ErrInvoiced = errors.New("an invoice stands for this time")
)

// SlotLength is what times of postings are counted in: the beginning of an open period is a multiple of it, in UTC.
const SlotLength = 15 * time.Minute

// Closing asks for the books of an account to be closed, or opened again, up to a moment.
type Closing struct {
	Account Account
	Till    time.Time // Nothing is posted before it any more. Going back opens what was closed.
	Reason  string
	By      string
	At      time.Time // When it was done; set by the store.
	Before  time.Time // Up to when the books were closed before it; set by the store.
}

// Validate reports what is wrong with the request, as of now.
func (c Closing) Validate(now time.Time) error {
	switch {
	case c.Reason == "":
		return fmt.Errorf("%w: it needs a reason", ErrClosing)
	case !c.Till.IsZero() && !c.Till.Truncate(SlotLength).Equal(c.Till):
		return fmt.Errorf("%w: %s is no beginning of a quarter of an hour", ErrClosing, c.Till.UTC().Format(time.RFC3339))
	case c.Till.After(now):
		return fmt.Errorf("%w: %s is not over", ErrClosing, c.Till.UTC().Format(time.RFC3339))
	}
	return c.Account.Validate()
}
