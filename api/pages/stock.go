package pages

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/console"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/provision/inventory"
)

// stockRoutes are the pages of the inventory of numbers.
func (p *Pages) stockRoutes() map[string]handler {
	return map[string]handler{
		"GET /stock": p.stock, "POST /stock": p.putStock, "POST /stock/assign": p.assignStock, "POST /stock/release": p.releaseStock,
	}
}

// stockView are the numbers of the house.
type stockView struct {
	Rows     []inventory.Number
	Filter   console.StockFilter
	Statuses []inventory.Status
	Classes  []string
	Tenants  []string
	Next     string
	Form     map[string]string // What was sent and is not right.
}

// stockMost is how many numbers one page shows.
const stockMost = 200

func (p *Pages) stockView(r *request) (*stockView, error) {
	v := &stockView{Statuses: inventory.Statuses(), Classes: p.o.Console.NumberClasses(), Form: make(map[string]string)}
	v.Filter = console.StockFilter{
		Prefix: strings.TrimSpace(r.Query("q")), Status: inventory.Status(r.Query("status")), Class: r.Query("class"), Tenant: r.Query("tenant"),
		After: r.Query("after"), Limit: stockMost,
	}
	if r.who.Role.OfTenant() {
		return v, console.ErrForbidden // They have a page of their numbers.
	}
	var err error
	if v.Tenants, err = p.tenantsOf(r); err != nil {
		return v, err
	}
	v.Rows, err = p.o.Console.Stock(r.Request.Context(), r.who, v.Filter)
	if len(v.Rows) == stockMost {
		v.Next = v.Rows[stockMost-1].Number.Digits()
	}
	return v, err
}

func (p *Pages) stock(r *request) error {
	v, err := p.stockView(r)
	if err != nil {
		return err
	}
	return r.show("stock", "Inventory of numbers", v)
}

// stockAgain shows what was sent once more, with what is wrong with it.
func (p *Pages) stockAgain(r *request, err error) error {
	v, failed := p.stockView(r)
	if failed != nil {
		return failed
	}
	for _, name := range []string{"numbers", "count", "class", "region", "branch", "tenant", "until", "supplier", "contract", "setup", "monthly", "currency"} {
		v.Form[name] = r.PostForm(name)
	}
	return r.again("stock", "Inventory of numbers", v, err)
}

func (p *Pages) putStock(r *request) error {
	numbers, err := console.ParseNumberList(r.PostForm("numbers"))
	var list []inventory.Number
	if err == nil {
		list, err = stockOf(r, numbers)
	}
	if err == nil {
		err = p.o.Console.PutStock(r.Request.Context(), r.who, list)
	}
	if err != nil {
		return p.stockAgain(r, err)
	}
	return r.to("/stock", "saved")
}

// stockOf are numbers as a form says.
func stockOf(r *request, numbers []e164.Number) ([]inventory.Number, error) {
	n := inventory.Number{
		Status: inventory.Status(cmp.Or(r.PostForm("status"), string(inventory.Free))), Class: r.PostForm("class"), Tenant: r.PostForm("tenant"),
		Supplier: r.PostForm("supplier"), Contract: r.PostForm("contract"),
	}
	var err error
	if n.Until, err = dayOf(r, "until"); err != nil {
		return nil, err
	}
	for name, to := range map[string]*money.Amount{"setup": &n.Setup, "monthly": &n.Monthly} {
		if text := strings.TrimSpace(r.PostForm(name)); text != "" {
			if *to, err = readAmount(text); err != nil {
				return nil, err
			}
		}
	}
	if text := strings.ToUpper(strings.TrimSpace(r.PostForm("currency"))); text != "" {
		if n.Currency, err = money.ParseCurrency(text); err != nil {
			return nil, faultOf("currency", err)
		}
	}
	out := make([]inventory.Number, len(numbers))
	for i, number := range numbers {
		out[i] = n
		out[i].Number = number
	}
	return out, nil
}

// dayOf reads a day of a form; empty is none.
func dayOf(r *request, name string) (time.Time, error) {
	text := strings.TrimSpace(r.PostForm(name))
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return at, faultOf(name, err)
	}
	return at, nil
}

func (p *Pages) assignStock(r *request) error {
	a := console.Assignment{
		Tenant: r.PostForm("tenant"), Class: r.PostForm("class"), Region: strings.TrimSpace(r.PostForm("region")), Branch: strings.TrimSpace(r.PostForm("branch")),
	}
	var err error
	if a.Numbers, err = console.ParseNumberList(r.PostForm("numbers")); err == nil && len(a.Numbers) == 0 {
		if a.Count, err = strconv.Atoi(strings.TrimSpace(r.PostForm("count"))); err != nil {
			err = faultOf("count", err)
		}
	}
	if err == nil {
		_, err = p.o.Console.AssignNumbers(r.Request.Context(), r.who, a)
	}
	if err != nil {
		return p.stockAgain(r, err)
	}
	return r.to("/stock"+with(nil, "tenant", a.Tenant), "saved")
}

func (p *Pages) releaseStock(r *request) error {
	release := console.Release{Tenant: r.PostForm("tenant")}
	var err error
	if release.Numbers, err = console.ParseNumberList(r.PostForm("numbers")); err == nil {
		release.Until, err = dayOf(r, "until")
	}
	if err == nil {
		_, err = p.o.Console.ReleaseNumbers(r.Request.Context(), r.who, release)
	}
	if err != nil {
		return p.stockAgain(r, err)
	}
	return r.to("/stock", "saved")
}

// faultOf says which field of a form is wrong.
func faultOf(field string, err error) error {
	return fmt.Errorf("%w: %s: %w", console.ErrInvalid, field, err)
}
