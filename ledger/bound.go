package ledger

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"trunkline/internal/money"
)

// ErrLimit is returned, wrapped, for a change of a limit that makes no sense.
var ErrLimit = errors.New("bad change of a limit")

// Caps bound money, billed seconds and answered calls; nil is no bound.
type Caps struct {
	Money   *money.Amount
	Seconds *int64
	Calls   *int64
}

// IsZero reports whether nothing is bounded.
func (c Caps) IsZero() bool { return c.Money == nil && c.Seconds == nil && c.Calls == nil }

// Or returns the caps, and those of others where there is none.
func (c Caps) Or(others Caps) Caps {
	if c.Money == nil {
		c.Money = others.Money
	}
	if c.Seconds == nil {
		c.Seconds = others.Seconds
	}
	if c.Calls == nil {
		c.Calls = others.Calls
	}
	return c
}

// Negative reports whether one of the caps is below zero.
func (c Caps) Negative() bool {
	return c.Money != nil && c.Money.Sign() < 0 || c.Seconds != nil && *c.Seconds < 0 || c.Calls != nil && *c.Calls < 0
}

// String tells the caps, "money 100, 3600 s, 5 calls".
func (c Caps) String() string {
	var parts []string
	if c.Money != nil {
		parts = append(parts, "money "+c.Money.String())
	}
	if c.Seconds != nil {
		parts = append(parts, fmt.Sprintf("%d s", *c.Seconds))
	}
	if c.Calls != nil {
		parts = append(parts, fmt.Sprintf("%d calls", *c.Calls))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// Target says whose limit is changed, by whom, and why.
type Target struct {
	Account Account
	Scope   Scope
	Owner   string // The branch or extension; of a destination its leading digits; empty for the tenant.
	Reason  string
	By      string
}

// Validate reports what makes the target unusable.
func (t Target) Validate() error {
	switch {
	case t.Reason == "":
		return fmt.Errorf("%w: it needs a reason", ErrLimit)
	case (t.Owner == "") != (t.Scope == TenantScope):
		return fmt.Errorf("%w: a %s is to be named, and only a branch, an extension or a destination", ErrLimit, t.Scope)
	}
	return t.Account.Validate()
}

// Setting is a cap that was set by hand. It goes before the provisioned one, measure by measure.
type Setting struct {
	Scope  Scope
	Owner  string
	Period Period
	Caps   Caps
}

// LimitState is what was set by hand for the calls of an account.
type LimitState struct {
	Settings []Setting
	Blocks   []Block
	Changes  []LimitChange // The newest first, as many as the store gives out at most.
}

// Block says who spends nothing: a branch, an extension, or anybody on numbers that begin so.
type Block struct {
	Scope  Scope
	Owner  string
	Reason string
	Since  time.Time
}

// LimitChange is a line of the log of what was done to limits.
type LimitChange struct {
	Target
	What   string
	Detail string
	At     time.Time
}
