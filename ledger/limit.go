package ledger

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/money"
)

// ErrScope is returned, wrapped, for text that names no scope.
var ErrScope = errors.New("unknown scope")

// Scope says whose spending a limit bounds.
type Scope string

// The scopes. Their words are stored.
const (
	TenantScope    Scope = "tenant"
	BranchScope    Scope = "branch"
	ExtensionScope Scope = "extension"

	// DestinationScope is that of blocks on numbers; limits have none of it.
	DestinationScope Scope = "destination"
)

// ParseScope reads the word of a scope.
func ParseScope(s string) (Scope, error) {
	switch scope := Scope(s); scope {
	case TenantScope, BranchScope, ExtensionScope:
		return scope, nil
	case DestinationScope: // Of blocks only.
	}
	return "", fmt.Errorf("%w: %q: want tenant, branch or extension", ErrScope, s)
}

// Limit is a cap on what one owner may use in a period. A cap that is nil is none.
type Limit struct {
	Scope   Scope
	Owner   string // The branch or extension; empty for the tenant.
	Period  Period
	Money   *money.Amount
	Seconds *int64 // Billed seconds.
	Calls   *int64 // Answered calls.
}

// Counter names what is used under a limit in one of its periods. Counters are comparable with ==.
type Counter struct {
	Account Account
	Scope   Scope
	Owner   string
	Period  Period
	Start   time.Time // UTC.
}

// Counter returns the counter of the limit for calls at the moment.
func (l Limit) Counter(account Account, at time.Time, zone *time.Location) Counter {
	return Counter{account, l.Scope, l.Owner, l.Period, l.Period.Start(at, zone).UTC()}
}

// Use is what was used under a limit, or is held under it for calls in progress.
type Use struct {
	Money   money.Amount
	Seconds int64
	Calls   int64
}

// Add returns the sum of two uses.
func (u Use) Add(v Use) (Use, error) {
	sum, err := u.Money.Add(v.Money)
	return Use{sum, u.Seconds + v.Seconds, u.Calls + v.Calls}, err
}

// Sub takes a use off another.
func (u Use) Sub(v Use) (Use, error) {
	rest, err := u.Money.Sub(v.Money)
	return Use{rest, u.Seconds - v.Seconds, u.Calls - v.Calls}, err
}

// Covers reports whether a use is at least another one by every measure.
func (u Use) Covers(v Use) bool {
	return !u.Money.Less(v.Money) && u.Seconds >= v.Seconds && u.Calls >= v.Calls
}

// IsZero reports whether nothing was used.
func (u Use) IsZero() bool { return u == Use{} }

// Gauge is a counter as it stands.
type Gauge struct {
	Counter
	Used   Use
	Held   Use
	Raised Use // Added to the cap for this period.
	Aside  Use // Of Used: what a reset has set aside, so that it counts no more.
}
