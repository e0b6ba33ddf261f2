package pages

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"trunkline/access"
	"trunkline/cdr"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/reports"
)

// nowRoutes are the pages about what happens now.
func (p *Pages) nowRoutes() map[string]handler {
	return map[string]handler{
		"GET /": p.start, "GET /live": p.live, "GET /live/stream": p.liveStream, "POST /live/drop": p.drop, "POST /health/unlock": p.unlock, "GET /now/stream": p.nowStream,
		"GET /health": p.health,
	}
}

// start is where somebody begins: each role sees first what it works with.
func (p *Pages) start(r *request) error {
	switch {
	case r.who.Role.OfTenant():
		return p.dashboard(r)
	case !r.who.May(access.ReadOverview):
		return r.to("/expenses", "")
	}
	return p.overview(r)
}

// overviewView is the operator's first page.
type overviewView struct {
	Now   nowView
	Chart chart
	Error bool // The figures cannot be read.
}

// nowView are the tiles.
type nowView struct {
	State   console.Overview
	Figures *reports.Row // Of the last hour; nil: not read.
	Spend   reports.Purse
	Locked  int
	Bad     int // Parts that do not work.
}

func (p *Pages) nowView(ctx context.Context, r *request) (v nowView, err error) {
	if v.State, err = p.o.Console.Overview(ctx, r.who); err != nil {
		return v, err
	}
	for _, g := range v.State.Gateways {
		if g.Locked {
			v.Locked++
		}
	}
	for _, h := range v.State.Parts {
		if !h.Healthy {
			v.Bad++
		}
	}
	till := p.o.Console.Now().Truncate(cdr.SlotLength).Add(cdr.SlotLength) // Legs count in slots: all who look in one ask the same.
	answer, err := p.o.Console.Stats(ctx, r.who, reports.Question{Side: reports.Calls, Period: reports.Span(till.Add(-time.Hour), till, time.UTC)})
	if err != nil {
		return v, err
	}
	v.Figures, v.Spend = &answer.Total, answer.Total.Sale
	return v, nil
}

func (p *Pages) overview(r *request) error {
	var v overviewView
	group, ctx := errgroup.WithContext(r.Request.Context())
	group.Go(func() (err error) {
		v.Now, err = p.nowView(ctx, r)
		return err
	})
	group.Go(func() (err error) {
		v.Chart, err = p.dayChart(ctx, r)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return r.show("overview", "Overview", v)
}

// dayChart are the calls of the last 24 hours, and those of the same hours a week ago behind them.
func (p *Pages) dayChart(ctx context.Context, r *request) (chart, error) {
	now := p.o.Console.Now()
	till := now.Truncate(time.Hour).Add(time.Hour)
	curve := func(till time.Time) reports.Question {
		return reports.Question{
			Side: reports.Calls, Period: reports.Span(till.Add(-24*time.Hour), till, time.UTC), By: []reports.Dimension{reports.ByHour}, Order: reports.OrderKey,
		}
	}
	answers, err := p.o.Console.AllStats(ctx, r.who, []reports.Question{curve(till), curve(till.AddDate(0, 0, -7))})
	if err != nil {
		return chart{}, err
	}
	legs := make([]map[string]int64, len(answers))
	for i, a := range answers {
		legs[i] = make(map[string]int64, len(a.Rows))
		for j := range a.Rows {
			legs[i][a.Rows[j].Keys[0]] = a.Rows[j].Legs
		}
	}
	c := chart{
		Tooltip: &tooltip{Trigger: "axis"}, Legend: &legend{}, XAxis: &axis{Type: "category"}, YAxis: &axis{Type: "value"},
		Series: []series{{Name: r.t("Calls"), Type: "line", Smooth: true}, {Name: r.t("A week ago"), Type: "line", Smooth: true, Line: &line{Type: "dashed"}}},
	}
	for h := range 24 {
		at := till.Add(time.Duration(h-24) * time.Hour)
		c.XAxis.Data = append(c.XAxis.Data, at.Format("15:04"))
		c.Series[0].add(legs[0][at.Format(time.RFC3339)])
		c.Series[1].add(legs[1][at.AddDate(0, 0, -7).Format(time.RFC3339)])
	}
	return c, nil
}

// liveView are the calls in progress.
type liveView struct {
	Calls []console.LiveCall
	All   int    // Before the filter.
	Text  string // What is looked for.
}

// liveMost bounds the calls that are shown at once; whoever has more asks for some of them.
const liveMost = 200

func (p *Pages) liveView(ctx context.Context, r *request) (liveView, error) {
	all, err := p.o.Console.Live(ctx, r.who)
	if err != nil {
		return liveView{}, err
	}
	v := liveView{All: len(all), Text: strings.TrimSpace(r.Query("q"))}
	for i := range all {
		c := &all[i]
		if v.Text != "" && !strings.Contains(strings.Join([]string{c.ID, c.Tenant, c.Branch, c.Extension, c.From, c.To, c.Carrier, c.Gateway, c.State}, " "), v.Text) {
			continue
		}
		if len(v.Calls) < liveMost {
			v.Calls = append(v.Calls, *c)
		}
	}
	return v, nil
}

func (p *Pages) live(r *request) error {
	v, err := p.liveView(r.Request.Context(), r)
	if err != nil {
		return err
	}
	return r.show("live", "Live calls", v)
}

// drop ends the calls that are ticked.
func (p *Pages) drop(r *request) error {
	calls := r.PostFormArray("call")
	for _, call := range calls {
		if err := p.o.Console.Drop(r.Request.Context(), r.who, call, r.PostForm("reason")); err != nil {
			return err
		}
	}
	return r.to("/live", "done")
}

// The streams of live parts.
const (
	streamEvery = 2 * time.Second
	streamMost  = 10 * time.Minute // Browsers come again by themselves.
)

func (p *Pages) liveStream(r *request) error {
	return p.stream(r, "live", "rows", func(ctx context.Context) (any, error) { return p.liveView(ctx, r) })
}

func (p *Pages) nowStream(r *request) error {
	return p.stream(r, "overview", "tiles", func(ctx context.Context) (any, error) { return p.nowView(ctx, r) })
}

// stream sends a part of a page whenever it is other than before (server-sent events).
func (p *Pages) stream(r *request, page, block string, data func(context.Context) (any, error)) error {
	ctx, cancel := context.WithTimeout(r.Request.Context(), streamMost)
	defer cancel()
	control := http.NewResponseController(r.Writer)
	if err := control.SetWriteDeadline(clock.System{}.Now().Add(streamMost + time.Minute)); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	r.Header("Content-Type", "text/event-stream")
	last := ""
	for {
		v, err := data(ctx)
		if err != nil {
			return nil // The stream ends; the page shows that it is stale, and the browser comes again.
		}
		var b bytes.Buffer
		part := view{Language: r.language, Who: r.who, Data: v, Query: r.Request.URL.Query()}
		if err := p.sets[r.language][page].ExecuteTemplate(&b, block, part); err != nil {
			return err
		}
		if text := b.String(); text != last {
			last = text
			_, err = fmt.Fprintf(r.Writer, "data: %s\n\n", strings.ReplaceAll(text, "\n", "\ndata: "))
		} else {
			_, err = fmt.Fprint(r.Writer, ": still here\n\n")
		}
		if err != nil || control.Flush() != nil {
			return nil // Nobody listens any more.
		}
		if p.wait(ctx, streamEvery) != nil {
			return nil
		}
	}
}

func (p *Pages) health(r *request) error {
	o, err := p.o.Console.Overview(r.Request.Context(), r.who)
	if err != nil {
		return err
	}
	locks, err := p.o.Console.SIPLocks(r.Request.Context(), r.who)
	if err != nil {
		return err
	}
	return r.show("health", "Health", healthView{o, locks})
}

// healthView is how the system is, and whom its proxy refuses because of wrong passwords.
type healthView struct {
	console.Overview
	Locks []console.SIPLock
}

// unlock lets a source in again.
func (p *Pages) unlock(r *request) error {
	if err := p.o.Console.LiftSIPLock(r.Request.Context(), r.who, r.PostForm("source"), r.PostForm("login")); err != nil {
		return err
	}
	return r.to("/health", "done")
}

func (p *Pages) wait(ctx context.Context, d time.Duration) error {
	return clock.Sleep(ctx, p.o.Clock, d)
}
