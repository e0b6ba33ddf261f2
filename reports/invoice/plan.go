package invoice

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/reports/invoice/tax"
)

// shared is what is asked for once for all tenants whose periods have the same bounds.
type shared struct {
	usage     []usagePart
	calls     map[ledger.Account]ledger.UsageSum
	postings  map[ledger.Account]ledger.UsageSum
	obstacles map[string]Obstacle
	waiting   int64
	charges   map[string][]Charge
}

// bounds are what periods have in common that are read together: where they begin and end, and where in between a tax changes.
type bounds struct {
	from, till int64
	changes    string
}

// usagePart is the use of tenants in a part of a period within which no tax changes.
type usagePart struct {
	from, till time.Time
	usage      map[string][]reports.Usage
	late       bool // It is of a day before the period, and came when that was closed.
}

// UsagePart is the use of one tenant in a part of a period.
type UsagePart struct {
	From, Till time.Time
	Usage      []reports.Usage
	Late       bool
}

// of is the use of one tenant.
func (s *shared) of(tenant string) []UsagePart {
	out := make([]UsagePart, len(s.usage))
	for i, p := range s.usage {
		out[i] = UsagePart{p.from, p.till, p.usage[tenant], p.late}
	}
	return out
}

// plan finds the periods of the tenants that are asked for, and reads what they need, once for all.
func (c *Closer) plan(ctx context.Context, r Request) ([]job, error) {
	profiles, err := c.c.Archive.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	histories, err := c.c.Archive.Histories(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	tenants, err := c.tenants(r.Tenant, histories)
	if err != nil {
		return nil, err
	}
	jobs := make([]job, 0, len(tenants))
	for _, t := range tenants {
		j, err := c.job(t, r.Period, profiles[t.ID].Over(profiles[""]), histories[t.ID])
		if err != nil {
			return nil, err
		}
		if len(r.Tenant) > 0 || j.timeline.end.IsZero() || j.timeline.end.After(j.period.From) {
			jobs = append(jobs, j)
		}
	}
	homes := c.homesOf(jobs)
	groups := make(map[bounds]*shared)
	for i := range jobs {
		changes, err := jobs[i].changes()
		if err != nil {
			return nil, err
		}
		p := jobs[i].period
		at := bounds{p.From.Unix(), p.Till.Unix(), fmt.Sprint(changes)}
		if groups[at] == nil {
			if groups[at], err = c.read(ctx, r, homes, p, changes); err != nil {
				return nil, err
			}
		}
		jobs[i].shared = groups[at]
	}
	return jobs, nil
}

func (c *Closer) job(t *provision.Tenant, period string, profile Profile, history []Version) (j job, err error) {
	zone, err := time.LoadLocation(t.TimeZone)
	if err != nil {
		return j, fmt.Errorf("time zone of tenant %s: %w", t.ID, err)
	}
	j = job{closer: c, tenant: t, profile: profile, now: c.c.Clock.Now(), currency: t.Currency}
	if j.period, err = ParsePeriod(period, profile.StartDay, zone); err != nil {
		return j, err
	}
	if j.timeline, err = NewTimeline(history, provision.ContractStart(profile.Since, zone)); err != nil {
		return j, fmt.Errorf("tenant %s: %w", t.ID, err)
	}
	return j, nil
}

// homesOf are where the branches of tenants are, those that are gone among them.
func (c *Closer) homesOf(jobs []job) map[reports.HomeKey]reports.Home {
	out := make(map[reports.HomeKey]reports.Home)
	for i := range jobs {
		id := jobs[i].tenant.ID
		for _, then := range append(slices.Clone(jobs[i].timeline.tenants), jobs[i].tenant) {
			if then == nil {
				continue
			}
			for k := range then.Branches {
				b := &then.Branches[k]
				h := reports.Home{Area: b.Area}
				if plan, ok := c.c.Snapshot.DialPlan(id, b.ID); ok {
					h.Country = plan.Country
				}
				out[reports.HomeKey{Tenant: id, Branch: b.ID}] = h
			}
		}
	}
	return out
}

// tenants are those that are asked for, or all: those that are set up, and those that were taken away, as they were before.
func (c *Closer) tenants(names []string, histories map[string][]Version) ([]*provision.Tenant, error) {
	var out []*provision.Tenant
	asked := len(names) > 0
	if !asked {
		all := c.c.Snapshot.Operator().Tenants
		for i := range all {
			out = append(out, &all[i])
		}
		isSetUp := func(name string) bool { _, ok := c.c.Snapshot.Tenant(name); return ok }
		names = slices.DeleteFunc(slices.Sorted(maps.Keys(histories)), isSetUp)
	}
	for _, name := range names {
		t, err := c.tenant(name, histories[name])
		switch {
		case err != nil:
			return nil, err
		case t != nil:
			out = append(out, t)
		case asked:
			return nil, fmt.Errorf("%w: there is no tenant %q", ErrNoTenant, name)
		}
	}
	return out, nil
}

// tenant is one as they are set up, or as they were when they were deleted; nil: there was none.
func (c *Closer) tenant(name string, history []Version) (*provision.Tenant, error) {
	if t, ok := c.c.Snapshot.Tenant(name); ok {
		return t, nil
	}
	for _, v := range slices.Backward(history) {
		if v.Spec != "" {
			return v.tenant()
		}
	}
	return nil, nil //nolint:nilnil // There is none.
}

// lateYears is how far back calls that came late are taxed by their own day.
const lateYears = 1

// changes are the moments at which a tax changes: within the period, and before it, for calls of then that came late.
func (j *job) changes() ([]time.Time, error) {
	zone, err := time.LoadLocation(j.period.Zone)
	if err != nil {
		return nil, fmt.Errorf("time zone of tenant %s: %w", j.tenant.ID, err)
	}
	return j.profile.Tax.Changes(j.period.From.AddDate(-lateYears, 0, -1), j.period.Till, zone), nil
}

func (c *Closer) read(ctx context.Context, r Request, homes map[reports.HomeKey]reports.Home, p Period, changes []time.Time) (s *shared, err error) {
	s = &shared{}
	if c.c.Charges != nil { // Days are those of each tenant's own calendar.
		around := [2]string{p.From.AddDate(0, 0, -1).Format(time.DateOnly), p.Till.AddDate(0, 0, 2).Format(time.DateOnly)}
		if s.charges, err = c.c.Charges.ChargesOf(ctx, r.Tenant, around[0], around[1]); err != nil {
			return nil, err
		}
	}
	if s.usage, err = c.usageParts(ctx, r.Tenant, homes, p, changes); err != nil {
		return nil, err
	}
	if r.peek {
		return s, nil
	}
	if s.calls, err = sums(ctx, c.c.Calls, p); err != nil {
		return nil, err
	}
	if s.postings, err = sums(ctx, c.c.Postings, p); err != nil {
		return nil, err
	}
	if s.obstacles, err = c.c.Ready.Obstacles(ctx, p.From, p.Till); err != nil {
		return nil, err
	}
	s.waiting, err = c.c.Ready.BatchesWaiting(ctx)
	return s, err
}

func sums(ctx context.Context, store ledger.UsageSums, p Period) (map[ledger.Account]ledger.UsageSum, error) {
	list, err := store.UsageSums(ctx, p.From, p.Till)
	if err != nil {
		return nil, err
	}
	out := make(map[ledger.Account]ledger.UsageSum, len(list))
	for _, s := range list {
		out[s.Account] = s
	}
	return out, nil
}

// obstacles are all reasons why the document cannot be issued.
func (j *job) obstacles(d *Document) []Refusal {
	var out []Refusal
	add := func(code Code, format string, args ...any) {
		out = append(out, Refusal{code, fmt.Sprintf(format, args...)})
	}
	if ends := j.period.Till.Add(j.closer.c.Grace); j.now.Before(j.period.Till) {
		add(NotOver, "the period ends at %s", j.period.Till.Format(time.RFC3339))
	} else if j.now.Before(ends) {
		add(LateDue, "calls of it are waited for until %s", ends.Format(time.RFC3339))
	}
	own, nobodys := j.shared.obstacles[j.tenant.ID], j.shared.obstacles[""]
	if own.Unrated > 0 {
		add(Unrated, "%d legs could not be rated: see `trunkline dead list --tenant %s`", own.Unrated, j.tenant.ID)
	}
	if nobodys.Unrated > 0 {
		add(Unrated, "%d legs that nobody knows the tenant of could not be rated: see `trunkline dead list`", nobodys.Unrated)
	}
	if own.Open > 0 {
		add(LateDue, "money is held for %d calls that began in it and are not accounted for: see `trunkline doctor`", own.Open)
	}
	account := ledger.Tenant(j.tenant.ID, j.currency)
	calls, posted := j.shared.calls[account], j.shared.postings[account]
	if calls.Amount != posted.Amount || calls.Legs != posted.Legs || posted.Amount != d.Usage {
		add(SumsOff, "rated calls come to %s (%d legs), the ledger to %s (%d legs), the invoice's lines to %s", calls.Amount, calls.Legs, posted.Amount, posted.Legs, d.Usage)
		if j.shared.waiting > 0 {
			add(Waiting, "%d batches are posted and not stored yet: try again in a moment", j.shared.waiting)
		}
	}
	if d.Buyer.TaxID == "" && slices.ContainsFunc(d.Taxes, func(t TaxPart) bool { return t.Category == tax.ReverseCharge }) {
		add(NoTaxID, "the buyer owes the tax, and their billing profile has no buyer.tax_id")
	}
	for other, sum := range j.shared.postings {
		if other.Kind == ledger.TenantAccount && other.Owner == j.tenant.ID && other != account && sum.Amount != (money.Amount{}) {
			add(SumsOff, "calls were charged in %s, too: %s", other.Currency, sum.Amount)
		}
	}
	return out
}
