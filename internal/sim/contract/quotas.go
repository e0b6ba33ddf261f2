package contract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/money"
	"trunkline/ledger"
)

// Quotas is the part that grants portions of accounts to proxies.
type Quotas interface {
	DrawQuota(ctx context.Context, r ledger.QuotaRequest) (ledger.QuotaAnswer, error)
	RetireQuota(ctx context.Context, id uuid.UUID, drawn ledger.Use) error
	FinishQuotas(ctx context.Context, life ledger.Life, ids []uuid.UUID, beat int64) error
	Quotas(ctx context.Context, life ledger.Life) ([]ledger.Quota, error)
}

// quotas is how many there are in a transcript; those with even numbers are of the first account.
const quotas = 6

func quotaID(n int) uuid.UUID { return uuid.UUID{15: byte(n + 1)} } //nolint:gosec // There are few.

// quota asks something about one.
func (r *run) quota() {
	n := r.random.IntN(quotas)
	id := quotaID(n)
	node := fmt.Sprint("n", n/2%2)
	life := ledger.Life{Node: node, Name: node, Life: cmp.Or(r.lives[node], "life")}
	switch r.random.IntN(8) {
	case 0:
		r.granted[n] = ledger.Use{}
		r.say("retire %d %s", n, word(r.Ledger.RetireQuota(r.ctx, id, r.use())))
	case 1:
		r.say("finish %d %s", n, word(r.Ledger.FinishQuotas(r.ctx, life, []uuid.UUID{id}, 1+r.random.Int64N(8))))
	case 2:
		list, err := r.Ledger.Quotas(r.ctx, life)
		slices.SortFunc(list, func(a, b ledger.Quota) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
		for _, q := range list {
			r.say("quota %s of %s, stale %t, retired %t", q.ID, q.Account, q.Version != q.Rules, q.Retired)
		}
		r.say("quotas of %s: %s", node, word(err))
	default:
		r.draw(n, life)
	}
}

func (r *run) use() ledger.Use {
	return ledger.Use{Money: money.FromMicros(r.random.Int64N(8) * 100_000), Seconds: r.random.Int64N(400), Calls: r.random.Int64N(4)}
}

func (r *run) draw(n int, life ledger.Life) {
	request := ledger.QuotaRequest{
		ID: quotaID(n), Node: life.Node, Life: life.Life, Account: accounts()[n%2], At: r.Clock.Now(), Had: r.granted[n],
		More:  ledger.Use{Money: money.FromMicros(r.random.Int64N(10) * 100_000), Seconds: 1 + r.random.Int64N(300), Calls: 1 + r.random.Int64N(4)},
		Least: ledger.Use{Money: money.FromMicros(r.random.Int64N(2) * 100_000), Seconds: r.random.Int64N(30), Calls: r.random.Int64N(2)}, Reach: time.Minute,
		Share: 1 + r.random.Int64N(8),
	}
	for _, l := range r.limits() {
		request.Limits = append(request.Limits, l)
		switch l.Scope {
		case ledger.BranchScope:
			request.Branch = l.Owner
		case ledger.ExtensionScope:
			request.Extension = l.Owner
		case ledger.TenantScope, ledger.DestinationScope:
		}
	}
	if r.random.IntN(3) == 0 {
		request.Concurrency = ledger.ConcurrencyCaps{Tenant: r.random.Int64N(40)}
	}
	for range 1 + r.random.IntN(2) { // A repetition has the same answer.
		answer, err := r.Ledger.DrawQuota(r.ctx, request)
		r.say("draw %d: %v %s %s", n, answer.Granted, answer.Refusal, word(err))
		if err == nil && answer.Refusal == "" && r.random.IntN(8) > 0 { // Else the answer is lost.
			r.granted[n] = answer.Granted
		}
	}
}

// drawn is what a call of the account has of a quota, if it has something.
func (r *run) drawn(account int) cdr.Draw {
	if r.random.IntN(2) > 0 {
		return cdr.Draw{}
	}
	return cdr.Draw{
		Quota: cdr.QuotaID(quotaID(2*r.random.IntN(quotas/2) + account)), Money: money.FromMicros(r.random.Int64N(2) * 50_000), Seconds: r.random.Int64N(30),
	}
}
