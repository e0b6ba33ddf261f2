package pages

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
)

// booksRoutes are the pages of what is set up beside calls: exchange rates, reports by mail, how clients are invoiced, the operator's file, and
// how things were before.
func (p *Pages) booksRoutes() map[string]handler {
	return map[string]handler{
		"GET /exchange": p.exchange, "POST /exchange": p.setRate,
		"GET /schedules": p.schedules, "GET /schedules/:id": p.schedule, "POST /schedules/:id": p.putSchedule, "POST /schedules/:id/remove": p.removeSchedule,
		"POST /schedules/:id/send": p.sendSchedule, "POST /schedules/:id/pause": p.pauseSchedule,
		"GET /profiles": p.profiles, "GET /profiles/:tenant": p.profile, "POST /profiles/:tenant": p.putProfile, "POST /profiles/:tenant/remove": p.removeProfile,
		"GET /history": p.findHistory, "GET /history/:kind/:id": p.history,
		"GET /operator-file": p.operatorFile, "POST /operator-file": p.applyFile,
		"POST /verify": p.verifyInvoices, "POST /accounts/:tenant/readings": p.putReadings,
	}
}

// ratesShownDays are the days whose exchange rates are shown unless somebody asks for more.
const ratesShownDays = 30

// exchangeView are exchange rates: those of the house, those of banks and lists, and when they were fetched.
type exchangeView struct {
	Since   string
	Own     []ownRate
	Kept    []console.KeptRate
	Fetches []console.RateFetch
	Reads   bool // Those of the house may be seen.
}

// ownRate is a rate that the operator has set.
type ownRate struct{ From, To, Rate, Day string }

func (p *Pages) exchangeView(r *request) (v exchangeView, err error) {
	ctx := r.Request.Context()
	since := p.o.Console.Now().UTC().AddDate(0, 0, -ratesShownDays)
	if text := r.Query("since"); text != "" {
		if since, err = time.Parse(time.DateOnly, text); err != nil {
			return v, fmt.Errorf("%w: since: %q is no day: write it like 2026-11-30", console.ErrInvalid, text)
		}
	}
	v.Since = since.Format(time.DateOnly)
	if v.Kept, err = p.o.Console.ExchangeRates(ctx, r.who, since, auditRows); err != nil {
		return v, err
	}
	if v.Fetches, err = p.o.Console.RateFetches(ctx, r.who, jobsShown); err != nil {
		return v, err
	}
	if v.Reads = r.who.May(access.ReadRouting); !v.Reads {
		return v, nil
	}
	settings, err := p.o.Console.Thing(ctx, r.who, provision.KindSettings, settingsID)
	if err != nil {
		return v, err
	}
	v.Own, err = ownRates(settings.Document)
	return v, err
}

// ownRates are the rates in the settings.
func ownRates(d console.Document) ([]ownRate, error) {
	text, err := yaml.Marshal(d["exchange"])
	if err != nil {
		return nil, err
	}
	var list []provision.ExchangeRate
	if err := yaml.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	out := make([]ownRate, len(list))
	for i := range list {
		out[i] = ownRate{list[i].From.String(), list[i].To.String(), list[i].Rate, list[i].Day.Format(time.DateOnly)}
	}
	return out, nil
}

func (p *Pages) exchange(r *request) error {
	v, err := p.exchangeView(r)
	if err != nil {
		return err
	}
	return r.show("exchange", "Exchange rates", v)
}

// setRate adds a rate of the house, or puts it in the place of one of the same day.
func (p *Pages) setRate(r *request) error {
	return r.act("exchange", "Exchange rates", "/exchange", func() error { return p.putRate(r) }, func() (any, error) { return p.exchangeView(r) })
}

func (p *Pages) putRate(r *request) error {
	rate := map[string]any{}
	for _, name := range []string{"from", "to", "rate", "day"} {
		text := strings.TrimSpace(r.PostForm(name))
		if text == "" {
			return fmt.Errorf("%w: %s: it is empty: give all four", console.ErrInvalid, name)
		}
		rate[name] = text
	}
	day, err := time.Parse(time.DateOnly, r.PostForm("day"))
	if err != nil {
		return errors.Join(console.ErrInvalid, fmt.Errorf("day: %q is no day: write it like 2026-11-30", r.PostForm("day")))
	}
	rate["day"], rate["rate"] = day, strings.ReplaceAll(r.PostForm("rate"), ",", ".")
	rate["from"], rate["to"] = strings.ToUpper(r.PostForm("from")), strings.ToUpper(r.PostForm("to"))
	ctx := r.Request.Context()
	settings, err := p.o.Console.Thing(ctx, r.who, provision.KindSettings, settingsID)
	if err != nil {
		return err
	}
	list, _ := settings.Document["exchange"].([]any)
	kept := make([]any, 0, len(list)+1)
	for _, one := range list {
		if !sameRate(one, rate) {
			kept = append(kept, one)
		}
	}
	settings.Document["exchange"] = append(kept, rate)
	_, err = p.o.Console.PutThing(ctx, r.who, console.Change{Kind: provision.KindSettings, ID: settingsID, Tag: settings.Tag}, settings.Document)
	return err
}

// sameRate reports whether a rate of the settings is of the same currencies and day.
func sameRate(one any, rate map[string]any) bool {
	text, err := yaml.Marshal(one)
	if err != nil {
		return false
	}
	var was provision.ExchangeRate
	if yaml.Unmarshal(text, &was) != nil {
		return false
	}
	day, _ := rate["day"].(time.Time)
	return was.From.String() == rate["from"] && was.To.String() == rate["to"] && was.Day.Equal(day)
}
