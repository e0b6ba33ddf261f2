package console

import (
	"context"
	"encoding/json"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/job"
	"trunkline/reports/invoice"
)

// closeMost is how many clients are closed while somebody waits.
const closeMost = 50

// CloseIsLong reports whether closing a period takes longer than somebody waits.
func (c *Console) CloseIsLong() bool { return len(c.d.Snapshot().Operator().Tenants) > closeMost }

// ClosedTenant is what became of one tenant, in short.
type ClosedTenant struct {
	Tenant   string            `json:"tenant"`
	Number   string            `json:"number,omitempty"` // Of its invoice.
	Draft    bool              `json:"draft,omitempty"`  // There is a draft to look at.
	Total    money.Amount      `json:"total"`
	Currency money.Currency    `json:"currency"`
	State    invoice.State     `json:"state,omitempty"`
	Fresh    bool              `json:"fresh,omitempty"` // Issued just now.
	Empty    bool              `json:"empty,omitempty"` // Nothing is due.
	Refusals []invoice.Refusal `json:"refusals,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
}

// Priced reports whether there is a total.
func (t *ClosedTenant) Priced() bool { return t.Number != "" || t.Draft }

// Ready reports whether an invoice would be issued.
func (t *ClosedTenant) Ready() bool { return t.State == "" && !t.Empty && len(t.Refusals) == 0 }

// ClosedTenants are results in short.
func ClosedTenants(results []invoice.Result) []ClosedTenant {
	out := make([]ClosedTenant, len(results))
	for i := range results {
		r := &results[i]
		t := ClosedTenant{Tenant: r.Tenant, Empty: r.Empty, Refusals: r.Refusals, Warnings: r.Warnings}
		if d := r.Document; d != nil {
			t.Number, t.Draft, t.Total, t.Currency = d.Number, d.Number == "", d.Total, d.Currency
		}
		if r.Issued != nil {
			t.State, t.Fresh = r.Issued.State, r.Issued.NewlyIssued
		}
		out[i] = t
	}
	return out
}

// StartClose begins to issue the invoices of a period, or with DryRun to find out what would be issued. An invoice is issued whole or
// not at all, and what is issued stays when the job is stopped: the same may be asked for again.
func (c *Console) StartClose(ctx context.Context, who *access.Principal, r invoice.Request) (job.Job, error) {
	if err := may(who, access.WriteInvoices); err != nil {
		return job.Job{}, err
	}
	if err := c.closable(r); err != nil {
		return job.Job{}, err
	}
	j := job.Job{Kind: job.Close, Subject: r.Period, Purpose: r.Period, Needs: []string{string(access.WriteInvoices)}}
	if r.DryRun {
		j.Kind, j.Subject = job.Check, ""
	}
	if len(r.Tenant) == 1 {
		j.Purpose += ", " + r.Tenant[0]
	}
	asker := *who
	return c.start(ctx, who, j, func(ctx context.Context, m *job.Meter) error { return c.closeLong(ctx, &asker, r, m) })
}

// closable refuses at once what could never be closed.
func (c *Console) closable(r invoice.Request) error {
	for _, tenant := range r.Tenant {
		if _, ok := c.d.Snapshot().Tenant(tenant); !ok {
			return invalid("there is no tenant %q", tenant)
		}
	}
	_, err := invoice.ParsePeriod(r.Period, 1, c.Zone(""))
	return billingFault(err)
}

func (c *Console) closeLong(ctx context.Context, who *access.Principal, r invoice.Request, m *job.Meter) error {
	r.Told = func(done, all int) { m.Of(int64(all)); m.At(int64(done)) }
	r.Long = true
	m.Link("/close?month=" + r.Period)
	results, err := c.ClosePeriod(ctx, who, r)
	if err != nil {
		return err
	}
	var fresh, refused, ready int64
	short := ClosedTenants(results)
	for i := range short {
		t := &short[i]
		switch {
		case t.Fresh:
			fresh++
		case len(t.Refusals) > 0:
			refused++
		case t.Ready():
			ready++
		}
	}
	if r.DryRun {
		m.Note("%d invoices may be issued, %d clients are refused", ready, refused)
	} else {
		m.Note("%d invoices issued, %d clients are refused", fresh, refused)
	}
	out := m.File(ctx, "close-"+r.Period+".json")
	if err := json.NewEncoder(out).Encode(map[string]any{"items": short}); err != nil {
		return err
	}
	return out.Close()
}
