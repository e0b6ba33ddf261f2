package pages

import (
	"bytes"
	"errors"
	"strings"

	"trunkline/console"
	"trunkline/reports/traffic"
)

// lineRoutes are the pages about lines.
func (p *Pages) lineRoutes() map[string]handler {
	return map[string]handler{"GET /lines": p.lines, "GET /lines.csv": p.linesFile, "GET /lines.xlsx": p.linesFile}
}

// linesView is the traffic of trunk groups with the question it is of.
type linesView struct {
	Text, Tenant, PBX string
	Report            *traffic.Report
	Chart             chart
}

func (p *Pages) lineQuestion(r *request, v *linesView) (q console.LinesQuery, err error) {
	*v = linesView{Text: or(r.Query("period"), "this-month"), Tenant: r.Query("tenant"), PBX: r.Query("pbx")}
	q = console.LinesQuery{Tenant: v.Tenant, PBX: v.PBX}
	q.Period, err = p.o.Console.Period(r.who, v.Text, "", v.Tenant)
	return q, err
}

func (p *Pages) lines(r *request) error {
	var v linesView
	q, err := p.lineQuestion(r, &v)
	if err == nil {
		v.Report, err = p.o.Console.Lines(r.Request.Context(), r.who, q)
	}
	if err != nil {
		return r.again("lines", "Lines", v, err)
	}
	v.Chart = busyDays(v.Report)
	return r.show("lines", "Lines", v)
}

// curvesMost bounds the curves of a chart.
const curvesMost = 8

// busyDays draws the busy hour of each day, of the first groups that carried anything.
func busyDays(report *traffic.Report) chart {
	c := chart{Tooltip: &tooltip{Trigger: "axis"}, Legend: &legend{Type: "scroll"}, XAxis: &axis{Type: "category"}, YAxis: &axis{Type: "value"}}
	for i := range report.Groups {
		g := &report.Groups[i]
		if g.BusyHour == nil || len(c.Series) == curvesMost {
			continue
		}
		s := series{Name: strings.TrimPrefix(g.Owner+"/"+g.ID, "/"), Type: "line"}
		for k := range g.Days {
			if len(c.Series) == 0 {
				c.XAxis.Data = append(c.XAxis.Data, g.Days[k].Date)
			}
			var most traffic.Erlang
			if b := g.Days[k].BusyHour; b != nil {
				most = b.Carried
			}
			s.put(most)
		}
		c.Series = append(c.Series, s)
	}
	return c
}

func (p *Pages) linesFile(r *request) error {
	var v linesView
	q, err := p.lineQuestion(r, &v)
	if err != nil {
		return err
	}
	rows, err := traffic.ParseRows(r.Query("rows"))
	if err != nil {
		return errors.Join(console.ErrInvalid, err)
	}
	report, err := p.o.Console.Lines(r.Request.Context(), r.who, q)
	if err != nil {
		return err
	}
	return r.table("lines", strings.TrimPrefix(r.Request.URL.Path, "/lines."), q.Period.Zone, func(f console.File, b *bytes.Buffer) error {
		return report.Table(rows).Write(b, f.Options("lines"))
	})
}
