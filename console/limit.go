package console

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
)

// Limits tells how caps stand.
type Limits interface {
	// Standing returns all caps of a tenant in their present periods, the tenant's first.
	Standing(ctx context.Context, tenant *provision.Tenant) ([]LimitStatus, error)
	// History returns the blocks in force and what was changed by hand, the newest first.
	History(ctx context.Context, account ledger.Account) ([]ledger.Block, []ledger.LimitChange, error)
	// Change does what is ordered.
	Change(ctx context.Context, t ledger.Target, o LimitOrder, zone *time.Location) error
	Suspend(ctx context.Context, account ledger.Account, suspended bool, reason, by string) error
}

// LimitStatus is one measure of a cap in its present period. Seconds and calls are whole numbers.
type LimitStatus struct {
	Scope      ledger.Scope  `json:"scope"`
	Owner      string        `json:"owner,omitempty"`
	Period     ledger.Period `json:"period"`
	Measure    string        `json:"measure"`              // money, seconds or calls.
	Configured *money.Amount `json:"configured,omitempty"` // As provisioned.
	Effective  money.Amount  `json:"effective"`            // In force now.
	Used       money.Amount  `json:"used"`
	Held       money.Amount  `json:"held"` // For calls in progress.
	Remaining  money.Amount  `json:"remaining"`
	Percent    money.Amount  `json:"percent"` // How much of it is used and held.
}

// Action is what is done to a limit.
type Action string

// The actions.
const (
	SetLimit   Action = "set"   // The cap is this from now on; empty caps go back to what is provisioned.
	RaiseLimit Action = "raise" // This is added to the cap, for the present period.
	ResetLimit Action = "reset" // What was used in the present period counts no more.
	Block      Action = "block" // Nothing may be spent; calls in progress end.
	Unblock    Action = "unblock"
)

// LimitOrder says what is to be done to a limit. Calls in progress ask again within a second.
type LimitOrder struct {
	Action Action
	Scope  ledger.Scope
	Owner  string // The branch or extension, or the leading digits of a destination; empty for the tenant.
	Period ledger.Period
	Caps   ledger.Caps
	Reason string
}

// LimitView is all that is told of a tenant's limits.
type LimitView struct {
	Limits    []LimitStatus
	Blocks    []ledger.Block
	Changes   []ledger.LimitChange
	Suspended bool
	Reason    string
}

// Limits returns the limits of a tenant.
func (c *Console) Limits(ctx context.Context, who *access.Principal, tenant string) (v LimitView, err error) {
	account, err := c.account(who, access.ReadLimits, tenant)
	if err != nil {
		return v, err
	}
	t, ok := c.d.Snapshot().Tenant(tenant)
	if !ok {
		return v, missing(provision.KindTenant, tenant)
	}
	if v.Limits, err = c.d.Limits.Standing(ctx, t); err != nil {
		return v, err
	}
	if v.Blocks, v.Changes, err = c.d.Limits.History(ctx, account); err != nil {
		return v, err
	}
	state, err := c.d.Money.State(ctx, account)
	if err != nil {
		return v, err
	}
	v.Suspended, v.Reason = state.Suspended, state.Reason
	if who.Role == access.BranchManager {
		v.keepBranch(c.d.Snapshot(), tenant, who.Branch)
	}
	if who.Role.OfTenant() {
		v.Changes = nil // They name the operator's people.
	}
	return v, nil
}

// keepBranch leaves the caps of a branch and of its extensions.
func (v *LimitView) keepBranch(s *provision.Snapshot, tenant, branch string) {
	within := func(scope ledger.Scope, owner string) bool {
		if scope == ledger.BranchScope {
			return owner == branch
		}
		e, ok := s.Subscriber(tenant, owner)
		return ok && scope == ledger.ExtensionScope && e.Active() && e.Branch.ID == branch
	}
	var standing []LimitStatus
	for _, l := range v.Limits {
		if within(l.Scope, l.Owner) {
			standing = append(standing, l)
		}
	}
	var blocks []ledger.Block
	for _, b := range v.Blocks {
		if within(b.Scope, b.Owner) {
			blocks = append(blocks, b)
		}
	}
	v.Limits, v.Blocks = standing, blocks
}

// ChangeLimit does something to a limit of a tenant.
func (c *Console) ChangeLimit(ctx context.Context, who *access.Principal, tenant string, o LimitOrder) error {
	account, err := c.account(who, access.WriteLimits, tenant)
	if err != nil {
		return err
	}
	if o.Reason, err = reason(o.Reason); err != nil {
		return err
	}
	if err := c.known(tenant, o); err != nil {
		return err
	}
	target := ledger.Target{Account: account, Scope: o.Scope, Owner: o.Owner, Reason: o.Reason, By: who.By()}
	err = c.d.Limits.Change(ctx, target, o, c.Zone(tenant))
	switch {
	case errors.Is(err, ledger.ErrLimit), errors.Is(err, ledger.ErrPeriod):
		return invalid("%s", err)
	case errors.Is(err, ledger.ErrNoAccount):
		return fmt.Errorf("%w: %w", ErrConflict, err)
	case err != nil:
		return err
	}
	return c.log(ctx, who, access.AuditEvent{
		Tenant: tenant, Action: string(o.Action) + " limit", Object: fmt.Sprintf("tenant %s %s %s", tenant, o.Scope, o.Owner), After: string(o.Period) + " " + o.Caps.String() + " " + o.Reason,
	})
}

// known checks that what a limit is of is there.
func (c *Console) known(tenant string, o LimitOrder) error {
	s := c.d.Snapshot()
	var ok bool
	switch o.Scope {
	case ledger.BranchScope:
		_, ok = s.Branch(tenant, o.Owner)
	case ledger.ExtensionScope:
		_, ok = s.Extension(tenant, o.Owner)
	case ledger.TenantScope:
		ok = o.Owner == ""
	case ledger.DestinationScope:
		ok = o.Owner != ""
	default:
		return invalid("scope: use tenant, branch, extension or destination")
	}
	if !ok {
		return invalid("owner: tenant %q has no %s %q", tenant, o.Scope, o.Owner)
	}
	return nil
}

// Suspend stops all calls of a tenant that cost anything, or lets it call again.
func (c *Console) Suspend(ctx context.Context, who *access.Principal, tenant string, suspended bool, why string) error {
	account, err := c.account(who, access.WriteLimits, tenant)
	if err != nil {
		return err
	}
	if why, err = reason(why); err != nil {
		return err
	}
	if err := c.d.Limits.Suspend(ctx, account, suspended, why, who.By()); err != nil {
		return err
	}
	action := "resume"
	if suspended {
		action = "suspend"
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: tenant, Action: action, Object: "tenant " + tenant, After: why})
}
