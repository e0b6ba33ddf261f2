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
	Forecast  []sum                // What the month would come to at this pace.
	Cap       *console.LimitStatus // The month's cap in money; nil: none.
	Days      chart
	Hours     chart
	Missed    missed
	Branches  *reports.Answer
	Employees *reports.Answer
	World     chart
	Names     names
}

// missed are calls that came in, and those of them that nobody answered.
type missed struct{ In, Missed int64 }

// names are what people call branches and employees.
type names console.Names

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

func (p *Pages) dashboard(r *request) error {
	v := dashboardView{Text: or(r.Query("period"), "this-month")}
	var err error
	if v.Period, err = p.o.Console.Period(r.who, v.Text, "", ""); err != nil {
		return err
	}
	named, err := p.o.Console.Names(r.who, r.who.Tenant)
	if err != nil {
		return err
	}
	v.Names = names(named)
	group, ctx := errgroup.WithContext(r.Request.Context())
	group.Go(func() error { return p.figures(ctx, r, &v) })
	group.Go(func() error { return p.monthCap(ctx, r, &v) })
	if err := group.Wait(); err != nil {
		return err
	}
	return r.show("dashboard", "Overview", v)
}

// figures asks all questions of the page at once, for they are about the same calls.
func (p *Pages) figures(ctx context.Context, r *request, v *dashboardView) error {
	questions := []reports.Question{
		{By: []reports.Dimension{reports.ByBranch}, Order: topOrder(r), Top: topRows, Compare: true}, // Its total is that of all.
		{By: []reports.Dimension{reports.ByExtension}, Order: topOrder(r), Top: topRows, Compare: true},
		{By: []reports.Dimension{reports.ByDay, reports.ByDirection}, Order: reports.OrderKey},
		{By: []reports.Dimension{reports.ByWeekday, reports.ByHourOfDay}},
		{By: []reports.Dimension{reports.ByCountry, reports.ByDirection}},
	}
	for i := range questions {
		questions[i].Side, questions[i].Period, questions[i].Summary = reports.Calls, v.Period, true
	}
	answers, err := p.o.Console.AllStats(ctx, r.who, questions)
	if err != nil {
		return err
	}
	v.Branches, v.Employees, v.Month = answers[0], answers[1], &answers[0].Total
	v.byDay(r, answers[2])
	v.Hours, v.World = heat(r, answers[3]), worldMap(r, answers[4])
	return v.spending(r, p.o.Console.Now())
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

// spending are the tiles of money: what was spent, and what the month will come to.
func (v *dashboardView) spending(r *request, now time.Time) error {
	locale := reports.Locale{Language: r.language}
	v.Spent = sums(locale, v.Month.Sale)
	if !now.After(v.Period.From) || !now.Before(v.Period.Until) {
		return nil
	}
	forecast, err := pace(v.Month.Sale, now.Sub(v.Period.From), v.Period.Until.Sub(v.Period.From))
	if err != nil {
		return err
	}
	v.Forecast = sums(locale, forecast)
	return nil
}

// monthCap is the cap in money of the month.
func (p *Pages) monthCap(ctx context.Context, r *request, v *dashboardView) error {
	if !r.who.May(access.ReadLimits) {
		return nil
	}
	limits, err := p.o.Console.Limits(ctx, r.who, r.who.Tenant)
	if err != nil {
		return err
	}
	for i := range limits.Limits {
		s := &limits.Limits[i]
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
func (v *dashboardView) byDay(r *request, a *reports.Answer) {
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

// worldMap draws where calls went to, of an answer by country and direction. Countries of the map are known by their numbers
// (ISO 3166-1 numeric).
func worldMap(r *request, a *reports.Answer) chart {
	c := chart{Tooltip: &tooltip{Trigger: "item"}, VisualMap: &visualMap{Left: "left", Bottom: "0"}, Series: []series{{Name: r.t("Calls"), Type: "map", Map: "world"}}}
	for i := range a.Rows {
		row := &a.Rows[i]
		region, err := language.ParseRegion(row.Keys[0])
		if err != nil || row.Keys[1] != "outbound" {
			continue
		}
		c.Series[0].put(place{Name: threeDigits(region.M49()), Value: row.Legs, Key: row.Keys[0]})
		c.VisualMap.Max = max(c.VisualMap.Max, row.Legs)
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
