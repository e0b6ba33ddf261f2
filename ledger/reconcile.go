package ledger

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"trunkline/internal/money"
)

// UsageSum is what calls came to on one account in a period, as one of the stores has it.
type UsageSum struct {
	Account Account
	Amount  money.Amount // Sale to a tenant, or cost at a carrier.
	Legs    int64
}

// UsageSums is a store that knows what calls came to: the ledger by its postings, and the store of calls by its rows.
// The period is [from, till), in whole slots.
type UsageSums interface {
	UsageSums(ctx context.Context, from, till time.Time) ([]UsageSum, error)
}

// Difference compares an account in both stores.
type Difference struct {
	Account    Account
	Posted     money.Amount // Sum of the postings.
	Recorded   money.Amount // Sum of the rated calls.
	Off        money.Amount // Posted less Recorded: zero, or something is wrong.
	PostedLegs int64
	Legs       int64
}

// OK reports whether both stores agree.
func (d Difference) OK() bool { return d.Off.IsZero() && d.PostedLegs == d.Legs }

// Reconcile compares postings with rated calls, account by account, in the order of the accounts' ids. Batches that are
// posted and not yet stored make a difference that goes away by itself; see that there are none before.
func Reconcile(ctx context.Context, postings, calls UsageSums, from, till time.Time) ([]Difference, error) {
	posted, err := postings.UsageSums(ctx, from, till)
	if err != nil {
		return nil, fmt.Errorf("reconcile: %w", err)
	}
	recorded, err := calls.UsageSums(ctx, from, till)
	if err != nil {
		return nil, fmt.Errorf("reconcile: %w", err)
	}
	all := make(map[Account]Difference, len(posted))
	for _, s := range posted {
		all[s.Account] = Difference{Account: s.Account, Posted: s.Amount, PostedLegs: s.Legs}
	}
	for _, s := range recorded {
		d := all[s.Account]
		d.Account, d.Recorded, d.Legs = s.Account, s.Amount, s.Legs
		all[s.Account] = d
	}
	out := slices.SortedFunc(maps.Values(all), func(a, b Difference) int { return cmp.Compare(a.Account.String(), b.Account.String()) })
	for i := range out {
		if out[i].Off, err = out[i].Posted.Sub(out[i].Recorded); err != nil {
			return nil, fmt.Errorf("reconcile %s: %w", out[i].Account, err)
		}
	}
	return out, nil
}

// Position is what the ledger had posted at one moment, of the batches that the store of calls had confirmed by then: of those both
// have to say the same, however many are on their way.
type Position struct {
	Last    int64       // The highest batch by then.
	Without []int64     // Batches up to Last that are on their way, or were not finished yet.
	Days    []time.Time // UTC days that are left out: calls of them were dropped by retention.
	Sums    []UsageSum
}

// PositionSums is a store of calls that can leave batches and days out.
type PositionSums interface {
	// UsageSumsOf returns sums as UsageSums does, of batches up to last and not among those, without some UTC days.
	UsageSumsOf(ctx context.Context, from, till time.Time, last int64, without []int64, days []time.Time) ([]UsageSum, error)
}

// ReconcileAt compares what the ledger had at one moment with the rated calls of the same batches.
func ReconcileAt(ctx context.Context, at Position, calls PositionSums, from, till time.Time) ([]Difference, error) {
	return Reconcile(ctx, fixed(at.Sums), position{at, calls}, from, till)
}

// fixed are sums that were read before.
type fixed []UsageSum

// UsageSums implements UsageSums.
func (f fixed) UsageSums(context.Context, time.Time, time.Time) ([]UsageSum, error) { return f, nil }

type position struct {
	at    Position
	calls PositionSums
}

// UsageSums implements UsageSums.
func (s position) UsageSums(ctx context.Context, from, till time.Time) ([]UsageSum, error) {
	return s.calls.UsageSumsOf(ctx, from, till, s.at.Last, s.at.Without, s.at.Days)
}
