package pages

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/reports"
	"trunkline/reports/export"
)

// callRoutes are the pages about calls that are over.
func (p *Pages) callRoutes() map[string]handler {
	return map[string]handler{
		"GET /calls": p.calls, "GET /calls.csv": p.callsFile, "GET /calls.xlsx": p.callsFile, "GET /calls/:call": p.call, "GET /find": p.find, "GET /dead": p.dead, "POST /dead/retry": p.retry, "POST /dead/write-off": p.writeOff, "POST /dead/mend": p.mend,
		"GET /imports": p.imports, "POST /imports/undo": p.undoImports, "POST /imports/again": p.importAgain,
	}
}

// callsView is a page of calls.
type callsView struct {
	Legs     []console.CallLeg
	Period   reports.Period
	Text     string // Of the period.
	Filter   string
	Tenant   string
	Attempts bool
	Offset   int
	Rows     int
	More     bool
	Columns  []column
}

// column is a column that somebody may hide.
type column struct {
	ID, Title string
	Shown     bool
}

// callColumns are those that are shown and those that may be, for somebody.
func callColumns(who *access.Principal, chosen string) []column {
	all := []column{
		{"setup", "Begin", true},
		{"tenant", "Client", !who.Role.OfTenant()},
		{"branch", "Branch", true},
		{"extension", "Employee", true},
		{"direction", "Direction", true},
		{"from", "Caller", true},
		{"to", "To", true},
		{"destination", "Destination", true},
		{"talk", "Talk", true},
		{"billed", "Billed", false},
		{"pdd", "PDD", false},
		{"status", "SIP", true},
		{"cause", "Q.850", false},
		{"side", "Ended by", false},
		{"gateway", "Gateway", true},
		{"sale", "Price", true},
		{"cost", "Cost", false},
	}
	hidden := map[string]bool{
		"tenant": who.Role.OfTenant(), "gateway": who.Role.OfTenant(), "sale": !who.May(access.ReadSale), "cost": !who.May(access.ReadCost),
	}
	all = slices.DeleteFunc(all, func(c column) bool { return hidden[c.ID] })
	if chosen != "" {
		list := strings.Split(chosen, ",")
		for i := range all {
			all[i].Shown = slices.Contains(list, all[i].ID)
		}
	}
	return all
}

// Has reports whether a column is shown.
func (v callsView) Has(id string) bool {
	return slices.ContainsFunc(v.Columns, func(c column) bool { return c.ID == id && c.Shown })
}

// Next and Former are where the listing goes on.
func (v callsView) Next() string { return strconv.Itoa(v.Offset + v.Rows) }

// Former is the page before; empty text is the first one.
func (v callsView) Former() string {
	if v.Offset <= v.Rows {
		return ""
	}
	return strconv.Itoa(v.Offset - v.Rows)
}

func (p *Pages) calls(r *request) error {
	v := callsView{
		Text: or(r.Query("period"), "today"), Filter: r.Query("filter"), Tenant: r.Query("tenant"), Attempts: r.Query("attempts") == "on", Rows: 50,
	}
	chosen := r.Query("columns")
	if list := r.QueryArray("column"); len(list) > 0 {
		chosen = strings.Join(list, ",")
	}
	v.Columns = callColumns(r.who, chosen)
	if n, err := strconv.Atoi(r.Query("rows")); err == nil && (n == 25 || n == 100) {
		v.Rows = n
	}
	v.Offset, _ = strconv.Atoi(r.Query("offset")) // Nonsense is the first page.
	if err := p.search(r, &v); err != nil {
		return r.again("calls", "Calls", v, err)
	}
	return r.show("calls", "Calls", v)
}

func (p *Pages) search(r *request, v *callsView) error {
	period, err := p.o.Console.Period(r.who, v.Text, "", v.Tenant)
	if err != nil {
		return err
	}
	v.Period = period
	filter, err := reports.ParseFilter(v.Filter)
	if err != nil {
		return errors.Join(console.ErrInvalid, err)
	}
	v.Legs, err = p.o.Console.Calls(r.Request.Context(), r.who, console.CallQuery{
		Period: period, Tenant: v.Tenant, Filter: filter, Attempts: v.Attempts, Limit: v.Rows + 1, Offset: max(0, v.Offset),
	})
	if len(v.Legs) > v.Rows {
		v.Legs, v.More = v.Legs[:v.Rows], true
	}
	return err
}

// callsFile sends the calls that are shown, all of them, as a file; where they are too many to wait for a job is offered.
func (p *Pages) callsFile(r *request) error {
	q, err := p.askedCalls(r)
	if err != nil {
		return err
	}
	ctx, format := r.Request.Context(), strings.TrimPrefix(r.Request.URL.Path, "/calls.")
	n, long, err := p.o.Console.CountCalls(ctx, r.who, q)
	if err != nil {
		return err
	}
	if long {
		return r.show("export", "Export", exportView{Calls: n, Format: format, Formats: export.Formats()})
	}
	return r.table("calls", format, q.Period.Zone, func(f console.File, b *bytes.Buffer) error {
		return p.o.Console.ExportCalls(ctx, r.who, q, f, b)
	})
}

// callView is all of one call.
type callView struct {
	console.CallDetail

	Messages []console.SIPMessage
}

func (p *Pages) call(r *request) error {
	ctx := r.Request.Context()
	d, err := p.o.Console.Call(ctx, r.who, r.Param("call"))
	if err != nil {
		return err
	}
	v := callView{CallDetail: d}
	v.Messages, err = p.o.Console.Messages(ctx, r.who, r.Param("call"))
	if err != nil && !errors.Is(err, console.ErrNotFound) && !errors.Is(err, console.ErrForbidden) {
		return err
	}
	return r.show("call", "Call", v)
}

// find goes to what somebody looks for: a call's id, a client, or calls with a number.
func (p *Pages) find(r *request) error {
	text := strings.TrimSpace(r.Query("q"))
	if text == "" {
		return r.to("/calls", "")
	}
	ctx := r.Request.Context()
	if _, err := p.o.Console.Call(ctx, r.who, text); err == nil {
		return r.to("/calls/"+text, "")
	}
	if !r.who.Role.OfTenant() {
		things, err := p.o.Console.Things(ctx, r.who, "tenant")
		if err == nil {
			for _, t := range things {
				name, _ := t.Document["name"].(string)
				if t.ID == text || name != "" && strings.Contains(strings.ToLower(name), strings.ToLower(text)) {
					return r.to("/tenants/"+t.ID, "")
				}
			}
		}
	}
	line := text
	if digits := strings.TrimLeft(text, "+0123456789"); digits == "" {
		line = console.Searchable(r.who, strings.TrimPrefix(text, "+")) + "%"
	}
	return r.to("/calls"+with(nil, "period", "30d", "filter", line), "")
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
