package pages

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
)

// upkeepRoutes are the pages of what an operator does on a bad day: pricing again, proxies, incidents, the end of records.
func (p *Pages) upkeepRoutes() map[string]handler {
	return map[string]handler{
		"GET /rerates": p.rerates, "POST /rerates": p.startRerate, "POST /rerates/preview": p.previewRerate, "POST /rerates/:run/undo": p.undoRerate,
		"GET /nodes": p.nodes, "POST /nodes/resolve": p.resolveNode, "POST /nodes/give-up": p.giveUpNode,
		"GET /incidents": p.incidents, "POST /incidents/:incident/close": p.closeIncident,
		"GET /retention": p.retention, "POST /retention/run": p.runRetention, "POST /retention/rebuild": p.rebuildSums,
		"POST /retention/holds": p.addHold, "POST /retention/holds/:hold/remove": p.removeHold,
		"GET /erasure": p.erasure, "POST /erasure": p.erase,
	}
}

// reratesView are the runs by which calls were priced again, and what a new one would change.
type reratesView struct {
	Runs                  []console.RerateRun
	Tenants, Carriers     []string
	Decks                 []string
	Order                 console.RerateOrder
	From, Until           string // As they were typed, UTC.
	Report                *console.RerateReport
	Refused               []string // Why it would be refused.
	Tenant, Carrier, Deck string
}

func (p *Pages) reratesView(r *request) (v reratesView, err error) {
	ctx := r.Request.Context()
	if v.Runs, err = p.o.Console.RerateRuns(ctx, r.who); err != nil {
		return v, err
	}
	for kind, to := range map[provision.Kind]*[]string{provision.KindTenant: &v.Tenants, provision.KindCarrier: &v.Carriers, provision.KindDeck: &v.Decks} {
		if *to, err = p.ids(r, kind); err != nil {
			return v, err
		}
	}
	now := p.o.Console.Now().UTC().Truncate(time.Hour)
	v.Tenant, v.Carrier, v.Deck = r.field("tenant"), r.field("carrier"), r.field("deck")
	v.From, v.Until = or(r.field("from"), now.AddDate(0, 0, -1).Format(fieldTime)), or(r.field("until"), now.Format(fieldTime))
	return v, nil
}

// fieldTime is how a field of a page has a moment.
const fieldTime = "2006-01-02T15:04"

// rerateOrder reads which calls are meant.
func rerateOrder(r *request) (o console.RerateOrder, err error) {
	o = console.RerateOrder{
		Whose: console.Whose{Tenant: r.PostForm("tenant"), Carrier: strings.TrimSpace(r.PostForm("carrier"))}, Deck: strings.TrimSpace(r.PostForm("deck")), Reason: r.PostForm("reason"),
	}
	for field, to := range map[string]*time.Time{"from": &o.From, "until": &o.Till} {
		if *to, err = parseMoment(r.PostForm(field)); err != nil {
			return o, fmt.Errorf("%w: %s: %q is no time: write it like 2026-11-30 14:00, in UTC", console.ErrInvalid, field, r.PostForm(field))
		}
	}
	return o, nil
}

func (p *Pages) rerates(r *request) error {
	v, err := p.reratesView(r)
	if err != nil {
		return err
	}
	return r.show("rerates", "Re-rates", v)
}

// previewRerate shows what would change, before anything does.
func (p *Pages) previewRerate(r *request) error {
	v, err := p.reratesView(r)
	if err != nil {
		return err
	}
	o, failure := rerateOrder(r)
	if failure == nil {
		var report console.RerateReport
		if report, failure = p.o.Console.Rerate(r.Request.Context(), r.who, o, false); failure == nil {
			v.Report = &report
			for _, why := range report.Refused {
				v.Refused = append(v.Refused, why.Error())
			}
		}
	}
	if failure != nil {
		return r.again("rerates", "Re-rates", v, failure)
	}
	return r.show("rerates", "Re-rates", v)
}

func (p *Pages) startRerate(r *request) error {
	o, err := rerateOrder(r)
	if err == nil {
		j, failure := p.o.Console.StartRerate(r.Request.Context(), r.who, o)
		if failure == nil {
			return r.begun(j, nil)
		}
		err = failure
	}
	if faultsOf(err) == nil {
		return err
	}
	v, failure := p.reratesView(r)
	if failure != nil {
		return failure
	}
	return r.again("rerates", "Re-rates", v, err)
}

func (p *Pages) undoRerate(r *request) error {
	id, err := strconv.ParseInt(r.Param("run"), 10, 64)
	if err != nil {
		return errors.Join(console.ErrNotFound, err)
	}
	return r.act("rerates", "Re-rates", "/rerates", func() error {
		_, err := p.o.Console.UndoRerate(r.Request.Context(), r.who, id, r.PostForm("reason"))
		return err
	}, func() (any, error) { return p.reratesView(r) })
}

// Writes reports whether somebody may price calls again.
func (v reratesView) Writes(who *access.Principal) bool {
	return who.May(access.WriteMoney) && who.May(access.ReadCost)
}
