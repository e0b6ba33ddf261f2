package rating

import (
	"errors"
	"strconv"
	"strings"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// errRequired is a key that is missing and has no default.
var errRequired = errors.New("it is required")

func (c *compiler) sources(docs []deckDoc, currency money.Currency) []Source {
	out := make([]Source, 0, len(docs))
	for i := range docs {
		doc, key := &docs[i], "decks["+strconv.Itoa(i)+"]"
		s := Source{
			Directions: parseAll(c, doc.Directions, key+".directions", parseDirection),
			Origins:    parseAll(c, doc.Origins, key+".origins", e164.ParsePrefix),
		}
		switch {
		case doc.CostPlus != nil:
			s.CostPlus = c.costPlus(doc.CostPlus, key+".cost_plus")
		case doc.File.given():
			s.Deck = c.deckFile(doc.File, key+".file")
		default:
			s.Deck = c.deck(doc, key, currency)
		}
		out = append(out, s)
	}
	return out
}

func (c *compiler) deckFile(file scalar, key string) *Deck {
	if c.open == nil {
		c.fail(file, key, errors.New("decks in files cannot be opened here: write the rates under rates"))
		return nil
	}
	return parse(c, file, key, c.open)
}

func (c *compiler) costPlus(doc *costPlusDoc, key string) *CostPlus {
	return &CostPlus{
		Over:     either(c, doc.Over, key+".over", "chosen", ChosenCarrier, "cheapest", CheapestCarrier),
		Percent:  c.percent(doc.Percent, key+".percent"),
		Absolute: parse(c, doc.Absolute, key+".absolute", money.ParseRate),
		Floor:    parse(c, doc.Floor, key+".floor", money.ParseRate),
		Ceiling:  parse(c, doc.Ceiling, key+".ceiling", money.ParseRate),
	}
}

// deck builds a deck of rates that stand in the tariff file.
func (c *compiler) deck(doc *deckDoc, key string, currency money.Currency) *Deck {
	b := NewDeckBuilder(doc.Name.value, currency)
	defaults := c.rate(&doc.Defaults, Rate{}, key+".defaults")
	for i := range doc.Rates {
		d, rateKey := &doc.Rates[i], key+".rates["+strconv.Itoa(i)+"]"
		r := c.rate(d, defaults, rateKey)
		if !d.Rate.given() && !doc.Defaults.Rate.given() && !r.Blocked {
			c.fail(d.line(), rateKey+".rate", errRequired)
		}
		for _, p := range c.prefixes(d, rateKey) {
			r.Prefix = p
			if err := b.Add(r); err != nil {
				c.fail(d.line(), rateKey, err)
			}
		}
	}
	deck, err := b.Build()
	if err != nil {
		c.fail(doc.Name, key+".rates", err)
		return nil
	}
	return deck
}

// line returns a value of the rate whose place stands for all of it.
func (d *rateDoc) line() scalar {
	for _, s := range append([]scalar{d.Prefix, d.Rate, d.Destination, d.Increment}, d.Prefixes...) {
		if s.line > 0 {
			return s
		}
	}
	return scalar{}
}

// prefixes returns the prefixes of a rate; "any" is every number.
func (c *compiler) prefixes(d *rateDoc, key string) []e164.Prefix {
	if d.Prefix.value == "any" {
		return []e164.Prefix{{}}
	}
	var out []e164.Prefix
	for _, text := range strings.FieldsFunc(d.Prefix.value, func(r rune) bool { return r == ',' || r == ' ' }) {
		out = append(out, parse(c, scalar{text, d.Prefix.line}, key+".prefix", e164.ParsePrefix))
	}
	out = append(out, parseAll(c, d.Prefixes, key+".prefixes", e164.ParsePrefix)...)
	if len(out) == 0 {
		c.fail(d.line(), key+".prefix", errRequired)
	}
	return out
}

// rate reads one rate over the deck's defaults.
func (c *compiler) rate(d *rateDoc, r Rate, key string) Rate {
	r.Line = d.line().line
	set(c, &r.Destination, d.Destination, key+".destination", plainText)
	set(c, &r.PerMinute, d.Rate, key+".rate", money.ParseRate)
	set(c, &r.ConnectFee, d.ConnectFee, key+".connect_fee", money.ParseAmount)
	set(c, &r.AttemptFee, d.AttemptFee, key+".attempt_fee", money.ParseAmount)
	set(c, &r.MinCharge, d.MinCharge, key+".min_charge", money.ParseAmount)
	set(c, &r.Increment, d.Increment, key+".increment", ParseIncrement)
	set(c, &r.Origin, d.Origin, key+".origin", e164.ParsePrefix)
	set(c, &r.Period, d.Period, key+".period", plainText)
	if d.Grace.given() {
		r.Grace = int32(c.number(d.Grace, key+".grace", maxIncrement)) //nolint:gosec // number bounds it
	}
	if d.Blocked.given() {
		r.Blocked = c.yes(d.Blocked, key+".blocked")
	}
	if d.EffectiveFrom.given() {
		r.From = c.moment(d.EffectiveFrom, key+".effective_from")
	}
	if d.EffectiveTo.given() {
		r.Till = c.moment(d.EffectiveTo, key+".effective_to")
	}
	return r
}

// set overwrites a value where the file gives one.
func set[T any](c *compiler, target *T, s scalar, key string, read func(string) (T, error)) {
	if s.given() {
		*target = parse(c, s, key, read)
	}
}

func plainText(s string) (string, error) { return s, nil }
