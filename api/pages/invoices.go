package pages

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/job"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/reports/export"
	"trunkline/reports/invoice"
)

// tenantsOf are the tenants that somebody may choose among.
func (p *Pages) tenantsOf(r *request) ([]string, error) {
	if r.who.Tenant != "" {
		return []string{r.who.Tenant}, nil
	}
	return p.o.Console.IDs(r.Request.Context(), r.who, provision.KindTenant)
}

// chosenTenant is the one that was asked for, somebody's own, or the first.
func chosenTenant(r *request, all []string) string {
	switch {
	case r.Query("tenant") != "":
		return r.Query("tenant")
	case len(all) > 0:
		return all[0]
	}
	return ""
}

// expensesView is the expense report of a month.
type expensesView struct {
	Tenant  string
	Tenants []string
	Month   string
	Months  []string
	Report  *reports.Expenses
	Columns []reports.Column // Those with something in them.
}

const monthsBack = 13

// months are the present month and those before it, in a zone.
func (p *Pages) months(tenant string) []string {
	now := p.o.Console.Now().In(p.o.Console.Zone(tenant))
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	out := make([]string, 0, monthsBack)
	for i := range monthsBack {
		out = append(out, first.AddDate(0, -i, 0).Format("2006-01"))
	}
	return out
}

func (p *Pages) expenses(r *request) error {
	tenants, err := p.tenantsOf(r)
	if err != nil {
		return err
	}
	v := expensesView{Tenants: tenants, Tenant: chosenTenant(r, tenants)}
	if v.Tenant == "" {
		return r.show("expenses", "Expense report", v)
	}
	v.Months = p.months(v.Tenant)
	v.Month = or(r.Query("month"), v.Months[0])
	if v.Report, err = p.o.Console.Expenses(r.Request.Context(), r.who, v.Tenant, v.Month); err != nil {
		return r.again("expenses", "Expense report", v, err)
	}
	for _, c := range reports.Columns() {
		if v.Report.Used(c) {
			v.Columns = append(v.Columns, c)
		}
	}
	return r.show("expenses", "Expense report", v)
}

func (p *Pages) expensesFile(r *request) error {
	var b bytes.Buffer
	tenant, month, format := or(r.Query("tenant"), r.who.Tenant), r.Query("month"), r.Query("format")
	if err := p.o.Console.WriteExpenses(r.Request.Context(), r.who, tenant, month, format, r.language, &b); err != nil {
		return err
	}
	return r.file("expenses-"+tenant+"-"+month+"."+format, b.Bytes())
}

// file sends a file that is to be kept.
func (r *request) file(name string, content []byte) error {
	kind := map[string]string{
		"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8",
	}[name[strings.LastIndexByte(name, '.')+1:]]
	r.Header("Content-Disposition", `attachment; filename="`+strings.Map(plainName, name)+`"`)
	r.Data(http.StatusOK, or(kind, "application/octet-stream"), content)
	return nil
}

// plainName keeps what is harmless in the name of a file.
func plainName(c rune) rune {
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.", c) {
		return c
	}
	return '_'
}

// table sends a table as the file that the address asks for.
func (r *request) table(name, format string, zone *time.Location, write func(console.File, *bytes.Buffer) error) error {
	f, err := export.ParseFormat(format)
	if err != nil {
		return errors.Join(console.ErrNotFound, err)
	}
	var b bytes.Buffer
	if err := write(console.File{Format: f, Language: r.language, Zone: zone}, &b); err != nil {
		return err
	}
	return r.file(name+"."+string(f), b.Bytes())
}

// invoicesView are the documents of a tenant or of all.
type invoicesView struct {
	Tenant, Month string
	List          []invoice.Issued
	Totals        []sum // Of what is not paid, by currency.
	More          bool
}

func (p *Pages) invoices(r *request) error {
	v := invoicesView{Tenant: r.Query("tenant"), Month: r.Query("month")}
	list, err := p.o.Console.Invoices(r.Request.Context(), r.who, v.Tenant, v.Month, 0, console.MaxPage)
	if err != nil {
		return err
	}
	v.List, v.More = list, len(list) == console.MaxPage
	slices.Reverse(v.List)
	open := reports.Purse{}
	for i := range v.List {
		d := &v.List[i]
		if d.State == invoice.StatePaid || d.State == invoice.StateCredited || d.Document.Kind != invoice.KindInvoice {
			continue
		}
		if err := open.Add(d.Document.Currency, d.Document.Total); err != nil {
			return err
		}
	}
	v.Totals = sums(reports.Locale{Language: r.language}, open)
	return r.show("invoices", "Invoices", v)
}

// invoiceView is one document.
type invoiceView struct {
	invoice.Issued

	Scale int
	Draft bool
}

func (p *Pages) invoice(r *request) error {
	ctx := r.Request.Context()
	if r.Param("number") == "draft" {
		d, err := p.o.Console.Draft(ctx, r.who, or(r.Query("tenant"), r.who.Tenant), r.Query("month"))
		if err != nil {
			return err
		}
		return r.show("invoice", "Draft", invoiceView{Issued: invoice.Issued{Document: d, State: invoice.StateDraft}, Scale: d.Currency.MinorUnits(), Draft: true})
	}
	issued, err := p.o.Console.Invoice(ctx, r.who, r.Param("number"))
	if err != nil {
		return err
	}
	return r.show("invoice", "Invoice", invoiceView{Issued: issued, Scale: issued.Document.Currency.MinorUnits()})
}

func (p *Pages) invoiceFile(r *request) error {
	format := r.Query("format")
	if format != "pdf" && format != "xlsx" {
		return console.ErrNotFound
	}
	var b bytes.Buffer
	if err := p.o.Console.WriteInvoice(r.Request.Context(), r.who, r.Param("number"), format, &b); err != nil {
		return err
	}
	return r.file(r.Param("number")+"."+format, b.Bytes())
}

func (p *Pages) markInvoice(r *request) error {
	err := p.o.Console.MarkInvoice(r.Request.Context(), r.who, r.Param("number"), invoice.State(r.PostForm("state")), r.PostForm("note"))
	if err != nil {
		return err
	}
	return r.to("/invoices/"+r.Param("number"), "saved")
}

func (p *Pages) creditInvoice(r *request) error {
	var amount money.Amount
	var err error
	if text := strings.TrimSpace(r.PostForm("amount")); text != "" {
		if amount, err = readAmount(text); err != nil {
			return err
		}
	}
	note, err := p.o.Console.CreditInvoice(r.Request.Context(), r.who, r.Param("number"), amount, r.PostForm("reason"))
	if err != nil {
		return err
	}
	return r.to("/invoices/"+note.Document.Number, "done")
}

func (p *Pages) issueAgain(r *request) error {
	issued, err := p.o.Console.IssueAgain(r.Request.Context(), r.who, r.Param("number"))
	if err != nil {
		return err
	}
	return r.to("/invoices/"+issued.Document.Number, "done")
}

// closingView is the checklist of a period: what would be issued, and what keeps it open.
type closingView struct {
	Month   string
	Months  []string
	Results []console.ClosedTenant
	Ready   int
	Refused int
	Done    bool
	Long    bool     // There are too many clients to wait for.
	Job     *jobView // That looks, or closes.
}

func (p *Pages) closingView(r *request, month string) (*closingView, error) {
	if !r.who.May(access.WriteInvoices) {
		return nil, console.ErrForbidden
	}
	return &closingView{Month: month, Months: p.months(""), Long: p.o.Console.CloseIsLong()}, nil
}

// show shows results, and how many of them there are of a kind.
func (v *closingView) show(results []console.ClosedTenant, done bool) {
	v.Results, v.Done = results, done
	for i := range results {
		switch {
		case len(results[i].Refusals) > 0:
			v.Refused++
		case results[i].Ready():
			v.Ready++
		}
	}
}

func (p *Pages) closing(r *request) error {
	v, err := p.closingView(r, or(r.Query("month"), p.months("")[1]))
	if err != nil {
		return err
	}
	ctx := r.Request.Context()
	switch {
	case r.Query("job") != "":
		err = p.closingJob(ctx, r, v)
	case !v.Long:
		return p.closeNow(r, v, true)
	}
	if err != nil {
		return err
	}
	return r.show("close", "Close a period", v)
}

// closingJob shows a job that looks or closes, and when it is over what came of it.
func (p *Pages) closingJob(ctx context.Context, r *request, v *closingView) (err error) {
	if v.Job, err = p.jobView(ctx, r, r.Query("job")); err != nil || v.Job.State != job.Done || v.Job.File == "" {
		return err
	}
	v.Job.Page = "" // It is this one.
	results, err := p.o.Console.Closed(ctx, r.who, v.Job.ID)
	v.show(results, v.Job.Kind == job.Close)
	return err
}

func (p *Pages) closePeriod(r *request) error {
	v, err := p.closingView(r, r.PostForm("month"))
	if err != nil {
		return err
	}
	if !v.Long {
		return p.closeNow(r, v, false)
	}
	j, err := p.o.Console.StartClose(r.Request.Context(), r.who, invoice.Request{Period: v.Month, DryRun: r.PostForm("dry_run") == "on"})
	if err != nil {
		return r.again("close", "Close a period", v, err)
	}
	return r.to("/close"+with(nil, "month", v.Month, "job", j.ID), "")
}

func (p *Pages) closeNow(r *request, v *closingView, dry bool) error {
	results, err := p.o.Console.ClosePeriod(r.Request.Context(), r.who, invoice.Request{Period: v.Month, DryRun: dry})
	v.show(console.ClosedTenants(results), !dry)
	if err != nil {
		return r.again("close", "Close a period", v, err)
	}
	return r.show("close", "Close a period", v)
}
