package ledger

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// ErrQuota is returned, wrapped, for a request for a quota that makes no sense.
var ErrQuota = errors.New("bad quota")

// QuotaPause is how long an account grants no quotas after they were called back, because what is left was needed elsewhere.
const QuotaPause = time.Minute

// QuotaRequest asks for a portion of an account for one proxy, or for more of one that it has: units in RFC 8506's sense, which the proxy
// deals out to its calls. What is granted counts as held in the account and in every limit from then on. A request that is repeated has the
// same answer.
type QuotaRequest struct {
	ID      uuid.UUID // Made by the proxy.
	Node    string
	Life    string // The start of its process.
	Account Account

	// What all of its calls count against. Branch and Extension are empty where they have neither limits nor caps of their own: then the
	// quota serves calls of any.
	Branch      string
	Extension   string
	Limits      []Limit
	Zone        *time.Location // The tenant's calendar; nil is UTC.
	At          time.Time      // Now. The quota counts in the periods that this is in.
	Concurrency ConcurrencyCaps

	Had   Use // All that the ledger has granted to it before, as far as the proxy knows.
	More  Use // What it wants.
	Least Use // What is of use to it; the ledger grants none rather than less.

	// Share says how near to the end of the money and of each limit quotas may come: at most one of so many parts of what is left is granted
	// at a time.
	Share int64
	Reach time.Duration // How long a call that draws on it may last at most before it asks again.
}

// Validate reports what makes the request unusable.
func (r *QuotaRequest) Validate() error {
	switch {
	case r.ID == uuid.Nil || r.Node == "" || r.Life == "":
		return fmt.Errorf("%w: quota, proxy or its start is not named", ErrQuota)
	case r.More.Money.Sign() < 0 || r.More.Seconds <= 0 || r.More.Calls <= 0:
		return fmt.Errorf("%w: it asks for nothing", ErrQuota)
	case r.At.IsZero() || r.Share < 1:
		return fmt.Errorf("%w: it has no time, or no share of what is left", ErrQuota)
	}
	return r.Account.Validate()
}

// The words of QuotaAnswer.Refusal beside those of HoldAnswer.
const (
	QuotaNear    = "near"    // A limit or the end of the money is near.
	QuotaExact   = "exact"   // Something was set by hand for single branches, extensions or destinations, or quotas were called back.
	QuotaRetired = "retired" // The quota was given back, or changes were made since it was granted.
)

// QuotaAnswer is what the ledger grants to a quota.
type QuotaAnswer struct {
	Granted Use    // All that was granted to it so far.
	Version int64  // Of the account's rules at that time.
	Refusal string // Why there is nothing more; empty if there is.
}

// Quota is a portion of an account that a proxy has.
type Quota struct {
	ID      uuid.UUID
	Account Account
	Version int64 // The version of the account's rules when it was granted,
	Rules   int64 // and now. Where they differ it is to be given back.
	Retired bool  // The proxy deals nothing out of it any more.
}
