package pages

import (
	"slices"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/ledger"
	"trunkline/reports"
)

// booksView are the accounts of clients and carriers.
type booksView struct {
	Rows   []accountRow
	Months []string // That may be closed, the latest first.
}

func (p *Pages) booksView(r *request) (v booksView, err error) {
	v.Months = p.months("")[1:] // This one is not over.
	kinds := []ledger.Kind{ledger.TenantAccount}
	if r.who.May(access.ReadCost) {
		kinds = append(kinds, ledger.CarrierAccount)
	}
	for _, kind := range kinds {
		states, err := p.o.Console.AccountsOf(r.Request.Context(), r.who, kind)
		if err != nil {
			return v, err
		}
		for _, s := range states {
			row, err := newAccountRow(s)
			if err != nil {
				return v, err
			}
			v.Rows = append(v.Rows, row)
		}
	}
	return v, nil
}

func (p *Pages) books(r *request) error {
	if r.who.Role.OfTenant() {
		return console.ErrForbidden
	}
	v, err := p.booksView(r)
	if err != nil {
		return err
	}
	return r.show("books", "Books", v)
}

func (p *Pages) closeBooks(r *request) error {
	return r.act("books", "Books", "/books", func() error {
		whose, err := accountNamed(r.PostForm("account"))
		if err == nil {
			_, err = p.o.Console.CloseBooks(r.Request.Context(), r.who, whose, r.PostForm("month"), r.PostForm("reason"))
		}
		return err
	}, func() (any, error) { return p.booksView(r) })
}

// accountNamed reads "tenant/acme" or "carrier/alfa"; nothing is all of them.
func accountNamed(text string) (console.Whose, error) {
	kind, owner, _ := strings.Cut(text, "/")
	switch {
	case text == "":
		return console.Whose{}, nil
	case kind == string(ledger.TenantAccount) && owner != "":
		return console.Whose{Tenant: owner}, nil
	case kind == string(ledger.CarrierAccount) && owner != "":
		return console.Whose{Carrier: owner}, nil
	}
	return console.Whose{}, console.ErrNotFound
}

// ledgerView are the books of one account.
type ledgerView struct {
	Kind, Owner string
	accountRow
	Lines    []ledger.Line
	Closings []ledger.Closing
	Months   []string // That may be opened again.
	Period   reports.Period
	Text     string
}

func (p *Pages) ledgerView(r *request) (v ledgerView, err error) {
	ctx := r.Request.Context()
	v.Kind, v.Owner, v.Text = r.Param("kind"), r.Param("owner"), or(r.Query("period"), "last-month")
	whose, err := accountNamed(v.Kind + "/" + v.Owner)
	if err != nil {
		return v, err
	}
	if v.Closings, err = p.o.Console.Closings(ctx, r.who, whose); err != nil {
		return v, err
	}
	states, err := p.o.Console.AccountsOf(ctx, r.who, ledger.Kind(v.Kind))
	if err != nil {
		return v, err
	}
	var state ledger.State // Nothing was posted yet.
	for _, s := range states {
		if s.Owner == v.Owner {
			state = s
		}
	}
	if v.accountRow, err = newAccountRow(state); err != nil {
		return v, err
	}
	if v.Period, err = p.o.Console.Period(r.who, v.Text, "", whose.Tenant); err != nil {
		return v, err
	}
	v.Months = p.months(whose.Tenant)[1:]
	v.Lines, err = p.o.Console.StatementOf(ctx, r.who, whose, v.Period.From, v.Period.Until, console.MaxLines)
	slices.Reverse(v.Lines)
	return v, err
}

func (p *Pages) booksOf(r *request) error {
	if r.who.Role.OfTenant() {
		return console.ErrForbidden
	}
	v, err := p.ledgerView(r)
	if err != nil {
		return err
	}
	return r.show("ledger", "Books", v)
}

func (p *Pages) openBooks(r *request) error {
	return r.act("ledger", "Books", "/books/"+r.Param("kind")+"/"+r.Param("owner"), func() error {
		whose, err := accountNamed(r.Param("kind") + "/" + r.Param("owner"))
		if err == nil {
			_, err = p.o.Console.OpenBooks(r.Request.Context(), r.who, whose, r.PostForm("month"), r.PostForm("reason"))
		}
		return err
	}, func() (any, error) { return p.ledgerView(r) })
}
