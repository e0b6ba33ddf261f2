package invoice

import (
	"context"
	"time"

	"trunkline/reports"
)

// usageParts reads what was used, apart by the changes of a tax: parts of the period, and before them what was used before the period
// and came when its own was closed. Each call is in one part; together they are the use of the period.
func (c *Closer) usageParts(ctx context.Context, tenants []string, homes map[reports.HomeKey]reports.Home, p Period, changes []time.Time) ([]usagePart, error) {
	var late []usagePart
	before := make(map[string][]reports.Usage) // What the last part of late calls has, and those before it.
	from := p.From
	var parts []usagePart
	for _, at := range changes {
		if at.After(p.From) {
			part, err := c.usagePart(ctx, tenants, homes, from, at)
			if err != nil {
				return nil, err
			}
			parts, from = append(parts, part), at.UTC()
			continue
		}
		usage, err := c.c.Usage.LateUsageOf(ctx, tenants, homes, p.From, p.Till, at)
		if err != nil {
			return nil, err
		}
		late = append(late, usagePart{from: at.AddDate(0, 0, -1).UTC(), till: at.UTC(), usage: without(usage, before), late: true})
		before = usage
	}
	last, err := c.usagePart(ctx, tenants, homes, from, p.Till)
	if err != nil {
		return nil, err
	}
	parts = append(parts, last)
	parts[0].usage = without(parts[0].usage, before)
	return append(parts, late...), nil
}

func (c *Closer) usagePart(ctx context.Context, tenants []string, homes map[reports.HomeKey]reports.Home, from, till time.Time) (usagePart, error) {
	usage, err := c.c.Usage.UsageOf(ctx, tenants, homes, from, till)
	return usagePart{from: from.UTC(), till: till.UTC(), usage: usage}, err
}

// without takes use away from use.
func without(usage, less map[string][]reports.Usage) map[string][]reports.Usage {
	if len(less) == 0 {
		return usage
	}
	out := make(map[string][]reports.Usage, len(usage))
	for tenant, list := range usage {
		out[tenant] = append([]reports.Usage(nil), list...)
		for _, u := range less[tenant] {
			u.Calls, u.Attempts, u.Seconds, u.Covered, u.Sale = -u.Calls, -u.Attempts, -u.Seconds, -u.Covered, u.Sale.Neg()
			out[tenant] = append(out[tenant], u)
		}
	}
	return out
}

// lateReason says why calls of another time are on a document.
func lateReason(p *UsagePart) string {
	if p.Late {
		return "calls from before the period that came when their own was closed"
	}
	return ""
}
