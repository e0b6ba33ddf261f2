package pages

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/routing"
)

// gatewayExtra is the state of a gateway at this process's proxy; nil: not known.
func gatewayExtra(p *Pages, r *request, t console.Thing) (any, error) {
	if !r.who.May(access.ReadOverview) {
		return nil, nil
	}
	o, err := p.o.Console.Overview(r.Request.Context(), r.who)
	if err != nil {
		return nil, err
	}
	for i := range o.Gateways {
		if o.Gateways[i].ID == t.ID {
			return &o.Gateways[i], nil
		}
	}
	return nil, nil
}

// simulation is a question about a call and its answer.
type simulation struct {
	Tenant, Extension, Dialled, At string
	Tenants                        []string
	Answer                         *console.RouteAnswer
	Problem                        string
}

// simulate answers the question in the address, if there is one.
func (p *Pages) simulate(r *request) (v simulation, err error) {
	v = simulation{Tenant: r.Query("tenant"), Extension: r.Query("extension"), Dialled: strings.TrimSpace(r.Query("dialled")), At: r.Query("at")}
	if v.Tenants, err = p.tenantsOf(r); err != nil {
		return v, err
	}
	if v.Dialled == "" {
		return v, nil
	}
	q := console.RouteQuestion{Tenant: v.Tenant, Extension: v.Extension, Dialled: v.Dialled}
	if v.At != "" {
		at, err := time.ParseInLocation("2006-01-02T15:04", v.At, p.o.Console.Zone(v.Tenant))
		if err != nil {
			v.Problem = err.Error()
			return v, nil //nolint:nilerr // Told beside the form.
		}
		q.At = at
	}
	v.Answer, err = p.o.Console.Simulate(r.Request.Context(), r.who, q)
	if faults := faultsOf(err); faults != nil {
		v.Problem = faults[0].Problem
		return v, nil
	}
	return v, err
}

func (p *Pages) simulator(r *request) error {
	if err := mayRead(r.who, access.ReadRouting); err != nil {
		return err
	}
	v, err := p.simulate(r)
	if err != nil {
		return err
	}
	return r.show("simulator", "Simulator", v)
}

// routeExtra is the simulator beside a route plan.
func routeExtra(p *Pages, r *request, _ console.Thing) (any, error) {
	v, err := p.simulate(r)
	return v, err
}

// dialTest is a dial plan tried out.
type dialTest struct {
	Dialled, Area string
	Steps         []routing.DialStep
	Result        string
}

func dialExtra(p *Pages, r *request, t console.Thing) (any, error) {
	v := dialTest{Dialled: strings.TrimSpace(r.Query("dialled")), Area: strings.TrimSpace(r.Query("area"))}
	if v.Dialled == "" {
		return v, nil
	}
	steps, result, err := p.o.Console.DialTest(r.Request.Context(), r.who, t.ID, v.Dialled, v.Area)
	v.Steps, v.Result = steps, result.String()
	return v, err
}

// calculation is a price tried out, and the rates of a deck.
type calculation struct {
	To, Seconds string
	Answer      *console.PriceAnswer
	Problem     string
	Rates       []rating.Rate
	All         int
	Digits      string
	Now         time.Time
	Versions    []console.PriceVersion // Of a tariff, the newest first.
}

// calculate answers the question about a price in the address, if there is one.
func (p *Pages) calculate(r *request, q console.PriceQuestion) (v calculation, err error) {
	v = calculation{To: strings.TrimSpace(r.Query("to")), Seconds: or(r.Query("seconds"), "60"), Now: p.o.Console.Now()}
	if v.To == "" {
		return v, nil
	}
	seconds, err := strconv.Atoi(v.Seconds)
	if err != nil || seconds < 0 {
		v.Problem = r.t("Seconds are a whole number.")
		return v, nil //nolint:nilerr // Told beside the form.
	}
	q.To, q.Length = v.To, time.Duration(seconds)*time.Second
	a, err := p.o.Console.Price(r.Request.Context(), r.who, q)
	if faults := faultsOf(err); faults != nil {
		v.Problem = faults[0].Problem
		return v, nil
	}
	v.Answer = &a
	return v, err
}

func tariffExtra(p *Pages, r *request, t console.Thing) (any, error) {
	v, err := p.calculate(r, console.PriceQuestion{Tariff: t.ID})
	if err == nil {
		v.Versions, err = p.o.Console.Versions(r.Request.Context(), r.who, provision.KindTariff, t.ID)
		slices.Reverse(v.Versions)
	}
	return v, err
}

func (p *Pages) withdrawVersion(r *request) error {
	revision, err := strconv.ParseInt(r.Param("revision"), 10, 64)
	if err != nil {
		return errors.Join(console.ErrNotFound, err)
	}
	if err := p.o.Console.WithdrawVersion(r.Request.Context(), r.who, r.Param("id"), revision); err != nil {
		return err
	}
	return r.to("/tariffs/"+r.Param("id"), "done")
}

// ratesShown bounds the rates that are shown at once.
const ratesShown = 200

func deckExtra(p *Pages, r *request, t console.Thing) (any, error) {
	v, err := p.calculate(r, console.PriceQuestion{Deck: t.ID})
	if err != nil {
		return v, err
	}
	v.Digits = strings.TrimPrefix(strings.TrimSpace(r.Query("prefix")), "+")
	v.Rates, v.All, err = p.o.Console.Rates(r.Request.Context(), r.who, t.ID, v.Digits, ratesShown)
	return v, err
}
