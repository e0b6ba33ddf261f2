package provision

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strings"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// Compiler makes snapshots. It keeps the decks and tariffs that it made, so that a change of one does not make the
// others anew. It is not safe for concurrent use; its snapshots are.
type Compiler struct {
	rotations lcr.Rotations
	decks     map[string]*rating.Deck   // By id, currency and content.
	tariffs   map[string]*rating.Tariff // By id and content.
	used      map[string]bool
}

// NewCompiler returns a compiler that has made nothing yet.
func NewCompiler() *Compiler {
	return &Compiler{decks: make(map[string]*rating.Deck), tariffs: make(map[string]*rating.Tariff)}
}

// Compile checks the bundle and makes a snapshot of it. The bundle must not be changed afterwards. The error holds all
// that is wrong; the parts that concern the operator's file are *Fault.
func (c *Compiler) Compile(ctx context.Context, b *Bundle) (*Snapshot, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	c.used = make(map[string]bool)
	s := &Snapshot{
		operator: &b.Operator, exchange: new(lcr.Exchange),
		decks: make(map[string]*rating.Deck), costs: make(map[string]*rating.Tariff), tariffs: make(map[string]*rating.Tariff),
	}
	for _, x := range b.Operator.Exchange {
		if err := s.exchange.Add(x.From, x.To, x.Rate, x.Day); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(c.compileDecks(ctx, b, s), c.compileTariffs(ctx, b, s)); err != nil {
		return nil, err
	}
	s.index()
	if err := s.checkCurrencies(b); err != nil {
		return nil, err
	}
	var err error
	if s.world, err = c.world(&b.Operator, s); err != nil {
		return nil, err
	}
	c.forget()
	return s, nil
}

// forget drops what the last snapshot did not use.
func (c *Compiler) forget() {
	for key := range c.decks {
		if !c.used[key] {
			delete(c.decks, key)
		}
	}
	for key := range c.tariffs {
		if !c.used[key] {
			delete(c.tariffs, key)
		}
	}
}

func contentLabel(id string, data []byte) string {
	sum := sha256.Sum256(data)
	return id + "@" + hex.EncodeToString(sum[:4])
}

func (c *Compiler) compileDecks(ctx context.Context, b *Bundle, s *Snapshot) error {
	var faults []error
	for i := range b.Operator.Decks {
		d := &b.Operator.Decks[i]
		deck, err := c.deck(ctx, d.ID, d.File, d.Currency, b.Files[d.File])
		if err != nil {
			faults = append(faults, b.fault(fmt.Sprintf("decks[%d].file", i), fmt.Sprintf("%s: %s", d.File, err), "correct the deck file"))
			continue
		}
		s.decks[d.ID] = deck
		rounding := rating.DefaultRounding()
		if s.costs[d.ID], err = rating.FlatTariff(deck, rounding); err != nil {
			faults = append(faults, fmt.Errorf("deck %s: %w", d.ID, err))
		}
	}
	return errors.Join(faults...)
}

func (c *Compiler) deck(ctx context.Context, id, file string, currency money.Currency, data []byte) (*rating.Deck, error) {
	label := contentLabel(id, data)
	key := label + "/" + currency.String()
	c.used[key] = true
	if deck, ok := c.decks[key]; ok {
		return deck, nil
	}
	if data == nil {
		return nil, fmt.Errorf("file %s is not there", file)
	}
	deck, report, err := deckfile.Load(ctx, bytes.NewReader(data), nil, deckfile.Options{Label: label, Currency: currency})
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		return nil, err
	}
	c.decks[key] = deck
	return deck, nil
}

func (c *Compiler) compileTariffs(ctx context.Context, b *Bundle, s *Snapshot) error {
	var faults []error
	for i := range b.Operator.Tariffs {
		t := &b.Operator.Tariffs[i]
		tariff, err := c.tariff(ctx, t, b.Files)
		if err != nil {
			faults = append(faults, fmt.Errorf("tariff %s: %w", t.ID, err))
			continue
		}
		s.tariffs[t.ID] = tariff
	}
	return errors.Join(faults...)
}

// tariff parses a tariff file. A tariff's version is its content and that of the decks that it names.
func (c *Compiler) tariff(ctx context.Context, t *TariffSource, files map[string][]byte) (*rating.Tariff, error) {
	data := files[t.File]
	var all bytes.Buffer
	all.Write(data)
	open := func(file string) (*rating.Deck, error) {
		name := path.Join(path.Dir(t.File), file)
		content, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("file %s is not there", name)
		}
		all.Write(content)
		return c.deck(ctx, strings.TrimSuffix(path.Base(name), path.Ext(name)), name, tariffCurrency(data), content)
	}
	tariff, err := rating.ParseTariff(t.File, data, open)
	if err != nil {
		return nil, err
	}
	key := contentLabel("tariff/"+t.ID, all.Bytes())
	c.used[key] = true
	if known, ok := c.tariffs[key]; ok {
		return known, nil
	}
	c.tariffs[key] = tariff
	return tariff, nil
}

// tariffCurrency reads the currency key of a tariff file, which its decks share.
func tariffCurrency(data []byte) money.Currency {
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "currency:"); ok {
			value, _, _ = strings.Cut(value, "#")
			currency, err := money.ParseCurrency(strings.Trim(strings.TrimSpace(value), `"'`))
			if err == nil {
				return currency
			}
		}
	}
	return money.Currency{}
}

// world translates what routing needs.
func (c *Compiler) world(o *Operator, s *Snapshot) (*lcr.World, error) {
	gateways := make([]lcr.Gateway, 0, len(o.Gateways))
	for i := range o.Gateways {
		g := &o.Gateways[i]
		carrier := s.carriers[g.Carrier]
		gateways = append(gateways, lcr.Gateway{
			ID: g.ID, Carrier: g.Carrier, Deck: carrier.Deck, Cost: s.costs[carrier.Deck],
			Inactive: g.Inactive || carrier.Inactive, Priority: g.Priority, Weight: g.Weight,
			To: numberRules(g.ToRules), From: numberRules(g.FromRules),
		})
	}
	plans := make([]lcr.Plan, 0, len(o.RoutePlans))
	for i := range o.RoutePlans {
		plan, err := routePlan(&o.RoutePlans[i])
		if err != nil {
			return nil, err
		}
		plans = append(plans, plan)
	}
	return lcr.NewWorld(gateways, plans, s.exchange, &c.rotations)
}

func numberRules(rules []NumberRule) []lcr.NumberRule {
	out := make([]lcr.NumberRule, 0, len(rules))
	for _, r := range rules {
		out = append(out, lcr.NumberRule(r))
	}
	return out
}

func routePlan(p *RoutePlan) (lcr.Plan, error) {
	plan := lcr.Plan{ID: p.ID}
	for i := range p.Rules {
		r := &p.Rules[i]
		rule := lcr.Rule{
			ID: r.ID, Tenants: r.Tenants, Branches: r.Branches, Policy: lcr.Policy(r.Policy),
			MinMargin: r.MinMargin, MinPct: r.MinPct, MaxTries: r.MaxTries, Continue: r.Continue,
		}
		var err error
		if rule.To, err = prefixes(r.To); err != nil {
			return plan, err
		}
		if rule.From, err = prefixes(r.From); err != nil {
			return plan, err
		}
		if r.Hours != "" {
			if rule.Hours, err = lcr.ParseHours(r.Hours, r.TimeZone); err != nil {
				return plan, err
			}
		}
		for _, g := range r.Gateways {
			rule.Targets = append(rule.Targets, lcr.Target{Gateway: g.Gateway, Priority: g.Priority, Weight: g.Weight + g.Percent})
		}
		plan.Rules = append(plan.Rules, rule)
	}
	return plan, nil
}

func prefixes(texts []string) ([]e164.Prefix, error) {
	out := make([]e164.Prefix, 0, len(texts))
	for _, t := range texts {
		p, err := e164.ParsePrefix(t)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// sourceRoute is an address range and whom calls from it come from.
type sourceRoute struct {
	prefix netip.Prefix
	caller Caller
}
