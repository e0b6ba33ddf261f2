package pages

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/language"

	"trunkline/access"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/reports"
)

// dashboardView is the first page of a client's people.
type dashboardView struct {
	Text      string
	Period    reports.Period
	Month     *reports.Row // The present month, and the one before to compare.
	Spent     []sum
	Forecast  []sum             // What the month would come to at this pace.
	Cap       *console.Standing // The month's cap in money; nil: none.
	Days      chart
	Hours     chart
	Missed    missed
	Branches  *reports.Answer
	Employees *reports.Answer
	Countries *reports.Answer
	World     chart
	Names     names
}

// missed are calls that came in, and those of them that nobody answered.
type missed struct{ In, Missed int64 }

// names are what people call branches and employees, by their ids.
type names struct {
	Branches, Employees map[string]string
}

// Of is the name of a branch or an employee, or the id where there is none.
func (n names) Of(field, id string) string {
	switch field {
	case "branch":
		return or(n.Branches[id], id)
	case "extension":
		if name := n.Employees[id]; name != "" {
			return id + " " + name
		}
	}
	return id
}

// namesOf reads the names that a tenant gave.
func (p *Pages) namesOf(ctx context.Context, r *request, tenant string) (names, error) {
	n := names{make(map[string]string), make(map[string]string)}
	for part, into := range map[console.Part]map[string]string{console.Branches: n.Branches, console.Extensions: n.Employees} {
		items, err := p.o.Console.Parts(ctx, r.who, tenant, part)
		if err != nil {
			return n, err
		}
		for _, item := range items {
			into[item.ID], _ = item.Document["name"].(string)
		}
	}
	return n, nil
}

func (p *Pages) dashboard(r *request) error {
	ctx := r.Request.Context()
	v := dashboardView{Text: or(r.Query("period"), "this-month")}
	var err error
	if v.Period, err = p.o.Console.Period(r.who, v.Text, "", ""); err != nil {
		return err
	}
	if v.Names, err = p.namesOf(ctx, r, r.who.Tenant); err != nil {
		return err
	}
	group, gctx := errgroup.WithContext(ctx)
	for _, fill := range []func(context.Context, *request, *dashboardView) error{p.branches, p.employeesMost, p.byDay, p.byHour, p.world} {
		group.Go(func() error { return fill(gctx, r, &v) }) // Each fills parts of its own.
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return r.show("dashboard", "Overview", v)
}

// ask asks a question about the calls of the period.
func (p *Pages) ask(ctx context.Context, r *request, q reports.Question) (*reports.Answer, error) {
	q.Side = reports.Calls
	return p.o.Console.Stats(ctx, r.who, q)
}

// branches are those that call most. Their total is that of all.
func (p *Pages) branches(ctx context.Context, r *request, v *dashboardView) (err error) {
	if v.Branches, err = p.ask(ctx, r, reports.Question{Period: v.Period, By: []reports.Dimension{reports.ByBranch}, Order: topOrder(r), Top: topRows, Compare: true}); err != nil {
		return err
	}
	v.Month = &v.Branches.Total
	return p.spending(ctx, r, v)
}

// employeesMost are the employees that call most.
func (p *Pages) employeesMost(ctx context.Context, r *request, v *dashboardView) (err error) {
	v.Employees, err = p.ask(ctx, r, reports.Question{Period: v.Period, By: []reports.Dimension{reports.ByExtension}, Order: topOrder(r), Top: topRows, Compare: true})
	return err
}

// topRows bounds the lists of the first page.
const topRows = 10

// topOrder is by money, for those who see it.
func topOrder(r *request) reports.Order {
	if r.who.May(access.ReadSale) {
		return reports.OrderSale
	}
	return reports.OrderLegs
}

// spending are the tiles: what was spent against the cap, and what the month will come to.
func (p *Pages) spending(ctx context.Context, r *request, v *dashboardView) error {
	sale := v.Month.Sale
	locale := reports.Locale{Language: r.language}
	v.Spent = sums(locale, sale)
	if now := p.o.Console.Now(); now.After(v.Period.From) && now.Before(v.Period.Till) {
		forecast, err := pace(sale, now.Sub(v.Period.From), v.Period.Till.Sub(v.Period.From))
		if err != nil {
			return err
		}
		v.Forecast = sums(locale, forecast)
	}
	if !r.who.May(access.ReadLimits) {
		return nil
	}
	limits, err := p.o.Console.Limits(ctx, r.who, r.who.Tenant)
	if err != nil {
		return err
	}
	for i := range limits.Standing {
		s := &limits.Standing[i]
		if s.Period == "month" && s.Measure == "money" && (s.Owner == "" || s.Owner == r.who.Branch) {
			v.Cap = s
		}
	}
	return nil
}

// pace is what money comes to over the whole of a time when it came in so far in a part of it.
func pace(p reports.Purse, part, whole time.Duration) (reports.Purse, error) {
	out := reports.Purse{}
	for c, a := range p {
		amount, err := a.MulDiv(int64(whole/time.Second), max(1, int64(part/time.Second)), money.HalfUp)
		if err != nil {
			return nil, err
		}
		out[c] = amount
	}
	return out, nil
}

// byDay draws the calls of each day. Those that came in and that nobody answered are counted on the way.
func (p *Pages) byDay(ctx context.Context, r *request, v *dashboardView) error {
	a, err := p.ask(ctx, r, reports.Question{Period: v.Period, By: []reports.Dimension{reports.ByDay, reports.ByDirection}, Order: reports.OrderKey})
	if err != nil {
		return err
	}
	days := &reports.Answer{By: a.By[:1]}
	for i := range a.Rows {
		row := &a.Rows[i]
		if row.Keys[1] == "inbound" {
			v.Missed.In += row.Legs
			v.Missed.Missed += row.Unanswered
		}
		if last := len(days.Rows) - 1; last < 0 || days.Rows[last].Keys[0] != row.Keys[0] {
			days.Rows = append(days.Rows, reports.Row{Keys: row.Keys[:1]})
		}
		day := &days.Rows[len(days.Rows)-1]
		day.Answered += row.Answered
		day.Unanswered += row.Unanswered
	}
	v.Days = barsOf(r, days)
	return nil
}

// byHour draws hours and weekdays as a map of heat.
func (p *Pages) byHour(ctx context.Context, r *request, v *dashboardView) error {
	a, err := p.ask(ctx, r, reports.Question{Period: v.Period, By: []reports.Dimension{reports.ByWeekday, reports.ByHourOfDay}})
	if err != nil {
		return err
	}
	v.Hours = heat(r, a)
	return nil
}

// heat draws an answer by weekday and hour of day.
func heat(r *request, a *reports.Answer) chart {
	days := []string{r.t("Mon"), r.t("Tue"), r.t("Wed"), r.t("Thu"), r.t("Fri"), r.t("Sat"), r.t("Sun")}
	c := chart{
		Tooltip: &tooltip{Trigger: "item"}, XAxis: &axis{Type: "category"}, YAxis: &axis{Type: "category", Data: days, Inverse: true},
		VisualMap: &visualMap{Calculable: true, Orient: "vertical", Left: "right"}, Series: []series{{Name: r.t("Calls"), Type: "heatmap"}},
	}
	for h := range 24 {
		c.XAxis.Data = append(c.XAxis.Data, time.Date(0, 1, 1, h, 0, 0, 0, time.UTC).Format("15"))
	}
	for i := range a.Rows {
		row := &a.Rows[i]
		if len(row.Keys) != 2 {
			continue
		}
		day, hour := atoi(row.Keys[0]), atoi(row.Keys[1])
		c.Series[0].put([]int64{hour, day - 1, row.Legs})
		c.VisualMap.Max = max(c.VisualMap.Max, row.Legs)
	}
	return c
}

// atoi reads a small number of a key.
func atoi(text string) int64 {
	var n int64
	for _, c := range text {
		if c < '0' || c > '9' {
			return n
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// world draws where calls go to.
func (p *Pages) world(ctx context.Context, r *request, v *dashboardView) error {
	filter, err := reports.ParseFilter("direction:outbound")
	if err != nil {
		return err
	}
	v.Countries, err = p.ask(ctx, r, reports.Question{Period: v.Period, By: []reports.Dimension{reports.ByCountry}, Filter: filter, Top: countriesMost})
	if err != nil {
		return err
	}
	v.World = worldMap(r, v.Countries)
	return nil
}

const countriesMost = 300

// worldMap draws an answer by country. Countries of the map are known by their numbers (ISO 3166-1 numeric).
func worldMap(r *request, a *reports.Answer) chart {
	c := chart{Tooltip: &tooltip{Trigger: "item"}, VisualMap: &visualMap{Left: "left", Bottom: "0"}, Series: []series{{Name: r.t("Calls"), Type: "map", Map: "world"}}}
	for i := range a.Rows {
		region, err := language.ParseRegion(keyText(&a.Rows[i]))
		if err != nil {
			continue
		}
		c.Series[0].put(place{Name: threeDigits(region.M49()), Value: a.Rows[i].Legs, Key: keyText(&a.Rows[i])})
		c.VisualMap.Max = max(c.VisualMap.Max, a.Rows[i].Legs)
	}
	return c
}

// place is a country on a map.
type place struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
	Key   string `json:"key"`
}

func threeDigits(n int) string {
	return string([]byte{byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)})
}
