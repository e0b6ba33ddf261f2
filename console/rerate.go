package console

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/job"
	"trunkline/ledger"
)

// Rerating prices calls again.
type Rerating interface {
	// Preview says what pricing calls again would change, and what stands in the way.
	Preview(ctx context.Context, o RerateOrder) (RerateReport, error)
	// Apply changes it. It fails before anything is changed where a period is closed or an invoice stands for it.
	Apply(ctx context.Context, o RerateOrder, by string) (RerateReport, error)
	// Runs returns what was priced again, the newest first.
	Runs(ctx context.Context) ([]RerateRun, error)
	// Undo takes a run back, in a run of its own, and returns how many batches that were.
	Undo(ctx context.Context, id int64, reason, by string) (int, error)
}

// RerateOrder says which calls are priced again.
type RerateOrder struct {
	Whose      Whose
	Deck       string    // Only the cost of calls by this deck.
	From, Till time.Time // Calls that count in [From, Till): whole quarters of an hour, UTC.
	Reason     string

	// Accounts are those that Whose names, in their order; the console sets them.
	Accounts []ledger.Account
}

// Scope says in words which calls are meant, such as "tenant beauty".
func (o *RerateOrder) Scope() string {
	switch {
	case o.Deck != "":
		return "deck " + o.Deck
	case o.Whose.Tenant != "":
		return "tenant " + o.Whose.Tenant
	case o.Whose.Carrier != "":
		return "carrier " + o.Whose.Carrier
	}
	return "all"
}

// RerateReport says what pricing calls again changed, or would change.
type RerateReport struct {
	Run           int64 // 0: nothing was written.
	Lines         []RerateLine
	Legs, Changed int64
	Failed        []string // Calls that have no price any more; they stay as they are.
	Refused       []error  // Why the change would be refused.
}

// RerateLine is what changes for an account on a destination.
type RerateLine struct {
	Account                   ledger.Account
	Destination               string
	Calls                     int64
	Before, After, Difference money.Amount
}

// RerateRun is one pricing again.
type RerateRun struct {
	ID         int64
	Begun      time.Time
	Scope      string
	From, Till time.Time
	Legs       int64  // Whose records were changed.
	State      string // In words.
	Reason, By string
}

// Rerate says what pricing calls again would change, or with apply changes it. Calls of closed months, and calls that an invoice
// stands for, are ErrConflict before anything is changed. A run that was killed has changed whole accounts, or whole days of them: run again, it
// goes on.
func (c *Console) Rerate(ctx context.Context, who *access.Principal, o RerateOrder, apply bool) (RerateReport, error) {
	p := access.ReadMoney
	if apply {
		p = access.WriteMoney
	}
	list, err := c.holders(who, p, o.Whose)
	if err != nil {
		return RerateReport{}, err
	}
	if err := may(who, access.ReadCost); err != nil {
		return RerateReport{}, err
	}
	if !o.From.Before(o.Till) || !o.From.Equal(o.From.Truncate(ledger.SlotLength)) || !o.Till.Equal(o.Till.Truncate(ledger.SlotLength)) {
		return RerateReport{}, invalid("from must be before to, and both whole quarters of an hour")
	}
	for _, h := range list {
		if o.Deck == "" || h.account.Kind == ledger.CarrierAccount {
			o.Accounts = append(o.Accounts, h.account)
		}
	}
	slices.SortFunc(o.Accounts, func(a, b ledger.Account) int { return cmp.Compare(a.String(), b.String()) })
	if !apply {
		return c.d.Rerating.Preview(ctx, o)
	}
	if o.Reason, err = reason(o.Reason); err != nil {
		return RerateReport{}, err
	}
	r, err := c.d.Rerating.Apply(ctx, o, who.By())
	if err != nil {
		return r, err
	}
	return r, c.log(ctx, who, access.AuditEvent{
		Tenant: o.Whose.Tenant, Action: "rerate", Object: "run " + strconv.FormatInt(r.Run, 10),
		After: fmt.Sprintf("%s from %s to %s: %d of %d calls changed: %s", o.Scope(), when(o.From), when(o.Till), r.Changed, r.Legs, o.Reason),
	})
}

// StartRerate begins to price calls again. Its note says how many changed, and by which run.
func (c *Console) StartRerate(ctx context.Context, who *access.Principal, o RerateOrder) (job.Job, error) {
	for _, p := range []access.Permission{access.WriteMoney, access.ReadCost} {
		if err := may(who, p); err != nil {
			return job.Job{}, err
		}
	}
	if _, err := c.holders(who, access.WriteMoney, o.Whose); err != nil {
		return job.Job{}, err
	}
	why, err := reason(o.Reason)
	if err != nil {
		return job.Job{}, err
	}
	j := job.Job{
		Kind: job.Rerate, Subject: o.Scope(), Tenant: o.Whose.Tenant, Needs: []string{string(access.WriteMoney), string(access.ReadCost)},
		Purpose: fmt.Sprintf("%s from %s to %s: %s", o.Scope(), when(o.From), when(o.Till), why),
	}
	return c.start(ctx, who, j, func(ctx context.Context, m *job.Meter) error {
		r, err := c.Rerate(ctx, who, o, true)
		if err == nil {
			m.Note("%d of %d calls changed by run %d", r.Changed, r.Legs, r.Run)
		}
		return err
	})
}

// RerateRuns returns what was priced again, the newest first.
func (c *Console) RerateRuns(ctx context.Context, who *access.Principal) ([]RerateRun, error) {
	for _, p := range []access.Permission{access.ReadCost, access.ReadMoney} {
		if err := c.mayOfAll(who, p); err != nil {
			return nil, err
		}
	}
	return c.d.Rerating.Runs(ctx)
}

// UndoRerate takes a run back, in a run of its own, and returns how many batches that were; ErrConflict where it cannot be taken
// back as things are.
func (c *Console) UndoRerate(ctx context.Context, who *access.Principal, id int64, why string) (int, error) {
	if err := c.mayOfAll(who, access.WriteMoney); err != nil {
		return 0, err
	}
	why, err := reason(why)
	if err != nil {
		return 0, err
	}
	n, err := c.d.Rerating.Undo(ctx, id, why, who.By())
	if err != nil {
		return n, err
	}
	return n, c.log(ctx, who, access.AuditEvent{Action: "undo rerate", Object: "run " + strconv.FormatInt(id, 10), After: why})
}

// mayOfAll enforces a permission on what concerns all tenants.
func (c *Console) mayOfAll(who *access.Principal, p access.Permission) error {
	if err := may(who, p); err != nil {
		return err
	}
	if !who.Sees("") {
		return fmt.Errorf("%w: this concerns all tenants", ErrForbidden)
	}
	return nil
}
