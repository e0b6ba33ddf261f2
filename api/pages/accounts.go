package pages

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

// moneyRoutes are the pages about money: accounts, limits, expense reports, invoices, books.
func (p *Pages) moneyRoutes() map[string]handler {
	return map[string]handler{
		"GET /accounts": p.accounts, "GET /accounts/:tenant": p.account, "POST /accounts/:tenant/pay": p.pay, "POST /accounts/:tenant/suspend": p.suspend,
		"POST /accounts/:tenant/charge": p.addCharge, "POST /accounts/:tenant/charge/:charge": p.takeCharge,
		"GET /books": p.books, "POST /books": p.closeBooks, "GET /books/:kind/:owner": p.booksOf, "POST /books/:kind/:owner/open": p.openBooks,
		"GET /limits": p.limits, "POST /limits/:tenant": p.changeLimit,
		"GET /expenses": p.expenses, "GET /expenses/file": p.expensesFile,
		"GET /invoices": p.invoices, "GET /invoices/:number": p.invoice, "GET /invoices/:number/file": p.invoiceFile,
		"POST /invoices/:number/mark": p.markInvoice, "POST /invoices/:number/credit": p.creditInvoice,
		"POST /invoices/:number/again": p.issueAgain,
		"GET /close":                   p.closing, "POST /close": p.closePeriod,
	}
}

// accountRow is an account in the list.
type accountRow struct {
	ledger.State

	Now, Free money.Amount
}

func newAccountRow(s ledger.State) (a accountRow, err error) {
	a.State = s
	if a.Now, err = s.Balance(); err != nil {
		return a, err
	}
	a.Free, err = s.Available()
	return a, err
}

func (p *Pages) accounts(r *request) error {
	states, err := p.o.Console.Accounts(r.Request.Context(), r.who)
	if err != nil {
		return err
	}
	if r.who.Role.OfTenant() {
		return r.to("/accounts/"+r.who.Tenant, "")
	}
	rows := make([]accountRow, 0, len(states))
	for _, s := range states {
		row, err := newAccountRow(s)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if r.Query("sort") == "free" {
		slices.SortStableFunc(rows, func(a, b accountRow) int { return a.Free.Cmp(b.Free) })
	}
	return r.show("accounts", "Accounts", rows)
}

// accountView is an account with its statement.
type accountView struct {
	Tenant string
	accountRow
	Lines  []ledger.Line
	Period reports.Period
	Text   string
	Key    string // Of a payment that is being typed.
	Amount string
	Reason string

	Bills   bool // Invoices are somebody's to see.
	Charges []invoice.Charge
	Charge  invoice.Charge // That is being typed,
	Asked   string         // and its amount.
}

func (p *Pages) accountView(r *request) (v accountView, err error) {
	ctx := r.Request.Context()
	v.Tenant, v.Text = r.Param("tenant"), or(r.Query("period"), "this-month")
	state, err := p.o.Console.Account(ctx, r.who, v.Tenant)
	if err != nil {
		return v, err
	}
	if v.accountRow, err = newAccountRow(state); err != nil {
		return v, err
	}
	if v.Period, err = p.o.Console.Period(r.who, v.Text, "", v.Tenant); err != nil {
		return v, err
	}
	v.Lines, err = p.o.Console.Statement(ctx, r.who, v.Tenant, v.Period.From, v.Period.Until, console.MaxLines)
	slices.Reverse(v.Lines)
	if v.Bills = r.who.May(access.ReadInvoices); err == nil && v.Bills {
		v.Charges, err = p.o.Console.Charges(ctx, r.who, v.Tenant)
	}
	return v, err
}

func (p *Pages) addCharge(r *request) error {
	c := invoice.Charge{
		Tenant: r.Param("tenant"), Day: strings.TrimSpace(r.PostForm("day")), Text: strings.TrimSpace(r.PostForm("text")), Branch: strings.TrimSpace(r.PostForm("branch")),
	}
	var err error
	if c.Amount, err = readAmount(r.PostForm("charge_amount")); err == nil {
		_, err = p.o.Console.AddCharge(r.Request.Context(), r.who, c)
	}
	if err == nil {
		return r.to("/accounts/"+r.Param("tenant"), "saved")
	}
	v, failure := p.accountView(r)
	if failure != nil {
		return failure
	}
	v.Charge, v.Asked = c, r.PostForm("charge_amount")
	return r.again("account", "Account", v, err)
}

func (p *Pages) takeCharge(r *request) error {
	id, err := strconv.ParseInt(r.Param("charge"), 10, 64)
	if err != nil {
		return errors.Join(console.ErrNotFound, err)
	}
	if err := p.o.Console.TakeCharge(r.Request.Context(), r.who, r.Param("tenant"), id, r.PostForm("why")); err != nil {
		return err
	}
	return r.to("/accounts/"+r.Param("tenant"), "done")
}

func (p *Pages) account(r *request) error {
	v, err := p.accountView(r)
	if err != nil {
		return err
	}
	return r.show("account", "Account", v)
}

func (p *Pages) pay(r *request) error {
	amount, err := readAmount(r.PostForm("amount"))
	if err == nil {
		_, err = p.o.Console.Pay(r.Request.Context(), r.who, console.Payment{
			Tenant: r.Param("tenant"), Purpose: ledger.Purpose(r.PostForm("purpose")), Amount: amount, Key: strings.TrimSpace(r.PostForm("key")), Reason: r.PostForm("reason"),
		})
	}
	if err == nil {
		return r.to("/accounts/"+r.Param("tenant"), "saved")
	}
	v, failure := p.accountView(r)
	if failure != nil {
		return failure
	}
	v.Key, v.Amount, v.Reason = r.PostForm("key"), r.PostForm("amount"), r.PostForm("reason")
	return r.again("account", "Account", v, err)
}

// readAmount reads money as people of any of our languages write it: "1 234,50" is 1234.50.
func readAmount(text string) (money.Amount, error) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(text)
	if !strings.Contains(text, ".") {
		text = strings.Replace(text, ",", ".", 1)
	}
	amount, err := money.ParseAmount(text)
	if err != nil {
		return amount, errors.Join(console.ErrInvalid, err)
	}
	return amount, nil
}

func (p *Pages) suspend(r *request) error {
	err := p.o.Console.Suspend(r.Request.Context(), r.who, r.Param("tenant"), r.PostForm("suspended") == "on", r.PostForm("reason"))
	if err != nil {
		return err
	}
	return r.to("/accounts/"+r.Param("tenant"), "saved")
}

// limitsView are the limits of a tenant, or of all.
type limitsView struct {
	Tenant  string
	View    console.LimitView
	Tenants []tenantLimits
	Form    console.LimitOrder
}

// tenantLimits is how near a tenant is to its limits.
type tenantLimits struct {
	Tenant string
	Worst  console.LimitStatus
	Any    bool
	View   console.LimitView
}

// limitsMost bounds the tenants whose limits are shown at once.
const limitsMost = 200

func (p *Pages) limits(r *request) error {
	tenant := or(r.Query("tenant"), r.who.Tenant)
	if tenant != "" {
		v, err := p.limitsOf(r, tenant)
		if err != nil {
			return err
		}
		return r.show("limits", "Limits", v)
	}
	ids, err := p.o.Console.IDs(r.Request.Context(), r.who, provision.KindTenant)
	if err != nil {
		return err
	}
	var v limitsView
	for _, id := range ids[:min(len(ids), limitsMost)] {
		one := tenantLimits{Tenant: id}
		if one.View, err = p.o.Console.Limits(r.Request.Context(), r.who, id); err != nil {
			return err
		}
		for _, s := range one.View.Limits {
			if !one.Any || s.Percent.Cmp(one.Worst.Percent) > 0 {
				one.Worst, one.Any = s, true
			}
		}
		v.Tenants = append(v.Tenants, one)
	}
	slices.SortStableFunc(v.Tenants, func(a, b tenantLimits) int { return b.Worst.Percent.Cmp(a.Worst.Percent) })
	return r.show("limits", "Limits", v)
}

func (p *Pages) limitsOf(r *request, tenant string) (v limitsView, err error) {
	v.Tenant = tenant
	v.View, err = p.o.Console.Limits(r.Request.Context(), r.who, tenant)
	return v, err
}

func (p *Pages) changeLimit(r *request) error {
	tenant := r.Param("tenant")
	order := console.LimitOrder{
		Action: console.Action(r.PostForm("action")), Scope: ledger.Scope(r.PostForm("scope")), Owner: strings.TrimSpace(r.PostForm("owner")),
		Period: ledger.Period(r.PostForm("period")), Reason: r.PostForm("reason"),
	}
	var err error
	if text := r.PostForm("amount"); text != "" {
		order.Caps, err = readCaps(r.PostForm("measure"), text)
	}
	if err == nil {
		err = p.o.Console.ChangeLimit(r.Request.Context(), r.who, tenant, order)
	}
	if err == nil {
		return r.to("/limits?tenant="+tenant, "done")
	}
	v, failure := p.limitsOf(r, tenant)
	if failure != nil {
		return failure
	}
	v.Form = order
	return r.again("limits", "Limits", v, err)
}

// readCaps reads a cap of one measure.
func readCaps(measure, text string) (c ledger.Caps, err error) {
	if measure == "money" || measure == "" {
		amount, err := readAmount(text)
		c.Money = &amount
		return c, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return c, errors.Join(console.ErrInvalid, errors.New("a number of seconds or calls is whole"))
	}
	if measure == "calls" {
		c.Calls = &n
	} else {
		c.Seconds = &n
	}
	return c, nil
}
