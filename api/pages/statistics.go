package pages

import (
	"bytes"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/reports"
)

// figureRoutes are the pages about figures.
func (p *Pages) figureRoutes() map[string]handler {
	return map[string]handler{
		"GET /statistics": p.statistics, "GET /statistics.csv": p.statisticsFile, "GET /statistics.xlsx": p.statisticsFile, "GET /employees": p.employees,
	}
}

// statisticsView is an answer with the question it is of.
type statisticsView struct {
	Text, By, Filter, Tenant, Branch, Order, Side string
	CompareTo                                     string // The period to compare with; empty: the one before, if any.
	Compare, Formulas                             bool
	Dimensions                                    []reports.Dimension
	Answer                                        *reports.Answer
	Chart                                         chart
	Currency                                      string
}

// dimensionsFor are what somebody may group by.
func dimensionsFor(who *access.Principal) []reports.Dimension {
	return slices.DeleteFunc(reports.Dimensions(), func(d reports.Dimension) bool {
		return who.Role.OfTenant() && slices.Contains([]reports.Dimension{reports.ByTenant, reports.ByCarrier, reports.ByGateway}, d)
	})
}

// formerOrders are orders that had another name when a view may have been saved.
func formerOrders() map[string]string {
	return map[string]string{"talk": string(reports.OrderDuration)}
}

// question reads the address.
func (p *Pages) question(r *request, v *statisticsView) (q reports.Question, err error) {
	*v = statisticsView{
		Text: or(r.Query("period"), "this-month"), By: r.Query("by"), Filter: r.Query("filter"), Tenant: r.Query("tenant"), Branch: r.Query("branch"),
		Order: or(formerOrders()[r.Query("order")], r.Query("order")), Side: or(r.Query("side"), string(reports.Calls)), Compare: r.Query("compare") == "on", Formulas: r.Query("formulas") == "on",
		Dimensions: dimensionsFor(r.who), Currency: or(r.Query("currency"), r.Query("into")), CompareTo: or(r.Query("compare_to"), r.Query("against")), // Views that were saved before have the former names.
	}
	if v.By == "" && !r.Request.URL.Query().Has("by") {
		v.By = string(reports.ByDay)
	}
	v.Compare = v.Compare || v.CompareTo != ""
	return p.o.Console.ReadQuestion(r.who, console.QuestionText{
		Period: v.Text, CompareTo: v.CompareTo, Tenant: v.Tenant, Branch: v.Branch, By: v.By, Filter: v.Filter, Side: v.Side, Order: v.Order,
		Currency: v.Currency, Compare: v.Compare, Top: statisticsTop,
	})
}

// statisticsTop bounds the rows that are shown; the rest is told as one.
const statisticsTop = 500

func (p *Pages) statistics(r *request) error {
	var v statisticsView
	q, err := p.question(r, &v)
	if err == nil {
		v.Answer, err = p.o.Console.Stats(r.Request.Context(), r.who, q)
	}
	if err != nil {
		return r.again("statistics", "Statistics", v, err)
	}
	v.Chart = barsOf(r, v.Answer)
	return r.show("statistics", "Statistics", v)
}

// barsMost bounds the bars of a chart.
const barsMost = 60

// barsOf draws the rows of an answer: answered and unanswered.
func barsOf(r *request, a *reports.Answer) chart {
	c := chart{
		Tooltip: &tooltip{Trigger: "axis"}, Legend: &legend{}, XAxis: &axis{Type: "category"}, YAxis: &axis{Type: "value"},
		Series: []series{{Name: r.t("answered"), Type: "bar", Stack: "all"}, {Name: r.t("not answered"), Type: "bar", Stack: "all"}},
	}
	for i := range a.Rows[:min(len(a.Rows), barsMost)] {
		row := &a.Rows[i]
		c.XAxis.Data = append(c.XAxis.Data, keyText(row))
		c.Series[0].add(row.Answered)
		c.Series[1].add(row.Unanswered)
	}
	return c
}

func keyText(row *reports.Row) string {
	if row.Other {
		return "…"
	}
	return strings.Join(row.Keys, " ")
}

func (p *Pages) statisticsFile(r *request) error {
	var v statisticsView
	q, err := p.question(r, &v)
	if err != nil {
		return err
	}
	q.Top = 0
	a, err := p.o.Console.Stats(r.Request.Context(), r.who, q)
	if err != nil {
		return err
	}
	return r.table("statistics", strings.TrimPrefix(r.Request.URL.Path, "/statistics."), q.Period.Zone, func(f console.File, b *bytes.Buffer) error {
		return console.StatsTable(r.who, a).Write(b, f.Options("statistics"))
	})
}

// employeesView are the people of a company with what they did in a period.
type employeesView struct {
	Text      string
	Employees []employee
}

type employee struct {
	ID, Name, Branch, Number string
	Inactive                 bool
	Figures                  *reports.Row // Nil: did not call.
}

func (p *Pages) employees(r *request) error {
	v := employeesView{Text: or(r.Query("period"), "this-month")}
	tenant := or(r.Query("tenant"), r.who.Tenant)
	period, err := p.o.Console.Period(r.who, v.Text, "", tenant)
	if err != nil {
		return err
	}
	parts, err := p.o.Console.Parts(r.Request.Context(), r.who, tenant, console.Extensions)
	if err != nil {
		return err
	}
	a, err := p.o.Console.Stats(r.Request.Context(), r.who, reports.Question{
		Side: reports.Calls, Period: period, Tenant: tenant, By: []reports.Dimension{reports.ByExtension},
	})
	if err != nil {
		return err
	}
	rows := make(map[string]*reports.Row, len(a.Rows))
	for i := range a.Rows {
		rows[keyText(&a.Rows[i])] = &a.Rows[i]
	}
	for _, part := range parts {
		e := employee{ID: part.ID, Figures: rows[part.ID]}
		e.Name, _ = part.Document["name"].(string)
		e.Branch, _ = part.Document["branch"].(string)
		e.Number, _ = part.Document["caller_id"].(string)
		e.Inactive, _ = part.Document["inactive"].(bool)
		v.Employees = append(v.Employees, e)
	}
	return r.show("employees", "Employees", v)
}

// delta is how much a number changed, in percent, for templates; empty: it was nought.
func delta(now, before int64) string {
	if before == 0 { // There is nothing to compare with.
		return ""
	}
	n := (now - before) * 100 / before
	if n > 0 {
		return "+" + strconv.FormatInt(n, 10) + " %"
	}
	return strconv.FormatInt(n, 10) + " %"
}

// narrowed is the address of statistics that look closer at a row.
func narrowed(query url.Values, a *reports.Answer, row reports.Row) string {
	line := query.Get("filter")
	for i, d := range a.By {
		if d.Timed() || i >= len(row.Keys) || row.Keys[i] == "" || row.Other {
			continue
		}
		line = strings.TrimSpace(line + " " + string(d) + `:"` + strings.ReplaceAll(row.Keys[i], `"`, "") + `"`)
	}
	return "/calls" + with(nil, "period", or(query.Get("period"), "this-month"), "tenant", query.Get("tenant"), "filter", line)
}
