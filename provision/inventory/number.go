package inventory

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

// Errors of changes.
var (
	ErrNumber = errors.New("bad number of the inventory")
	ErrTaken  = errors.New("the number is not to be had")
)

// Status is how far a number is. The words are stored.
type Status string

// The states.
const (
	Free       Status = "free"
	Reserved   Status = "reserved" // For a client, up to a moment.
	Assigned   Status = "assigned"
	PortingIn  Status = "porting_in"  // It comes from another operator; Until is when it is expected.
	PortingOut Status = "porting_out" // It goes to another operator; Until is when it is expected.
	Quarantine Status = "quarantine"  // It was a client's, and is nobody's until a moment: callers still want them.
)

// Statuses returns all of them.
func Statuses() []Status {
	return []Status{Free, Reserved, Assigned, PortingIn, PortingOut, Quarantine}
}

// ParseStatus reads a word.
func ParseStatus(s string) (Status, error) {
	for _, known := range Statuses() {
		if string(known) == s {
			return known, nil
		}
	}
	return "", fmt.Errorf("%w: status %q: want free, reserved, assigned, porting_in, porting_out or quarantine", ErrNumber, s)
}

// Number is one number of the house.
type Number struct {
	Number   e164.Number    `json:"number" access:"client"`
	Class    string         `json:"class,omitempty" access:"client"`
	Status   Status         `json:"status" access:"client"`
	Tenant   string         `json:"tenant,omitempty" access:"client"` // Who has it, or for whom it is reserved or ported.
	Until    time.Time      `json:"until,omitzero" access:"open"`     // See the states.
	Supplier string         `json:"supplier,omitempty" access:"cost"` // Whose capacity it is: a carrier, or another operator.
	Contract string         `json:"contract,omitempty" access:"cost"` // The supplier's contract or order.
	Setup    money.Amount   `json:"setup_cost,omitzero" access:"cost"`
	Monthly  money.Amount   `json:"monthly_cost,omitzero" access:"cost"`
	Currency money.Currency `json:"currency,omitzero" access:"cost"` // Of the costs.
	Note     string         `json:"note,omitempty" access:"open"`
	Changed  time.Time      `json:"changed,omitzero" access:"open"`
	By       string         `json:"by,omitempty" access:"open"`
}

// Validate reports what is wrong with a number as somebody sets it.
func (n *Number) Validate() error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s", ErrNumber, n.Number, fmt.Sprintf(format, args...))
	}
	n.Class = rating.ClassName(n.Class)
	switch {
	case n.Number.IsZero():
		return fmt.Errorf("%w: give the number with its country code", ErrNumber)
	case (n.Status == Reserved || n.Status == PortingIn) && n.Tenant == "":
		return fault("%s needs a tenant", n.Status)
	case n.Status == Quarantine && n.Until.IsZero():
		return fault("quarantine needs an end: until")
	case n.Status == Free && (n.Tenant != "" || !n.Until.IsZero()):
		return fault("a free number has no tenant and no until")
	case n.Setup.Sign() < 0 || n.Monthly.Sign() < 0:
		return fault("a cost is negative")
	case (!n.Setup.IsZero() || !n.Monthly.IsZero()) && n.Currency.IsZero():
		return fault("the costs need a currency")
	}
	_, err := ParseStatus(string(n.Status))
	return err
}

// At returns the number as it is at a moment, given the client whom it leads to by what is provisioned; empty: nobody. What leads to a
// client is theirs. What was assigned and was taken away elsewhere is in quarantine until somebody says otherwise.
func (n Number) At(now time.Time, holder string) Number {
	over := !n.Until.IsZero() && !n.Until.After(now)
	switch {
	case holder != "" && (n.Status == PortingIn || n.Status == PortingOut):
		n.Tenant = holder
	case holder != "":
		n.Status, n.Tenant, n.Until = Assigned, holder, time.Time{}
	case n.Status == Assigned:
		n.Status = Quarantine
	case over && (n.Status == Reserved || n.Status == Quarantine):
		n.Status, n.Tenant, n.Until = Free, "", time.Time{}
	}
	return n
}

// For reports whether a client may get the number, which is as At returned it.
func (n *Number) For(tenant string) error {
	switch {
	case n.Status == Free, (n.Status == Reserved || n.Status == PortingIn) && n.Tenant == tenant:
		return nil
	case n.Tenant != "" && n.Tenant != tenant:
		return fmt.Errorf("%w: %s is %s, of %s", ErrTaken, n.Number, n.Status, n.Tenant)
	}
	return fmt.Errorf("%w: %s is %s", ErrTaken, n.Number, n.Status)
}
