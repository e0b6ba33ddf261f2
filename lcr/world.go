package lcr

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"trunkline/internal/money"
)

// ErrWorld is returned, wrapped, for a world that makes no sense.
var ErrWorld = errors.New("routing")

// errTooDear is the reason why a rate has no cost.
var errTooDear = errors.New("the cost is beyond any amount")

// maxGateways bounds the gateways of a world: verdicts are numbered in 16 bits.
const maxGateways = 10_000

// Gateway is what routing knows of a gateway.
type Gateway struct {
	ID        string
	Carrier   string
	Deck      string // Id of the carrier's deck.
	Costs     *Costs // The deck; nil when the carrier has none.
	Inactive  bool
	Priority  int
	Weight    int
	MaxCalls  int           // 0: no bound.
	MaxCPS    int           // 0: no bound.
	DebtLimit *money.Amount // What we may owe the carrier, in its currency; nil: no bound.
	To        []NumberRule
	From      []NumberRule
	Emergency []NumberRule // For emergency calls in the place of To; without any their numbers are sent as they are.
	Permitted []string     // Beginnings of callers' numbers that the carrier accepts, as in NumberRule.Match; empty: all.
	CallerID  string       // The digits that are shown instead of a number that is not permitted; empty: the gateway is skipped.
}

// Parts is what a World is made of. None of it may be changed afterwards.
type Parts struct {
	Gateways  []Gateway
	Plans     []Plan
	Exchange  []money.ExchangeRate
	Rotations *Rotations // Shared by the worlds of a process; nil: of its own.
	Measures  *Measures  // Likewise.
	Previous  *World     // The world that this one replaces, whose decks need not be packed again; nil: none.
}

// World is everything that routing looks at: immutable, and safe for concurrent use.
type World struct {
	gateways   []gateway // By their ids.
	byID       map[string]int32
	plans      map[string][]*rule
	book       *book
	currencies []int // Of the book's decks: positions in the exchange table.
	exchange   *exchange
	measures   *Measures
}

// gateway is a Gateway with its places in the tables. It does not hold on to the deck.
type gateway struct {
	Gateway
	priced  bool // It has a deck.
	deck    int  // Position in the book.
	version string
	money   money.Currency
	quality int32 // Position in the tables of Measures.
	debt    int32
}

// NewWorld checks the parts and puts them together.
func NewWorld(p Parts) (*World, error) {
	if len(p.Gateways) > maxGateways {
		return nil, fmt.Errorf("%w: %d gateways are more than %d", ErrWorld, len(p.Gateways), maxGateways)
	}
	if p.Rotations == nil {
		p.Rotations = new(Rotations)
	}
	if p.Measures == nil {
		p.Measures = new(Measures)
	}
	w := &World{byID: make(map[string]int32), plans: make(map[string][]*rule), measures: p.Measures}
	if err := w.addDecks(&p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWorld, err)
	}
	w.addGateways(p.Gateways)
	plans := make(map[string]*Plan, len(p.Plans))
	for i := range p.Plans {
		plans[p.Plans[i].ID] = &p.Plans[i]
	}
	for id := range plans {
		rules, err := w.chain(plans, id, p.Rotations)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrWorld, err)
		}
		w.plans[id] = rules
	}
	return w, nil
}

// addDecks makes the book of all decks and the exchange table of their currencies.
func (w *World) addDecks(p *Parts) error {
	var decks []*Costs
	var currencies []money.Currency
	for i := range p.Gateways {
		if c := p.Gateways[i].Costs; c != nil && !slices.Contains(decks, c) {
			decks, currencies = append(decks, c), append(currencies, c.Currency())
		}
	}
	var err error
	if w.exchange, err = newExchange(p.Exchange, currencies); err != nil {
		return err
	}
	for _, c := range currencies {
		w.currencies = append(w.currencies, w.exchange.position(c))
	}
	var previous *book
	if p.Previous != nil {
		previous = p.Previous.book
	}
	w.book = newBook(decks, previous)
	return nil
}

func (w *World) addGateways(list []Gateway) {
	for i := range list {
		g := gateway{Gateway: list[i]}
		if c := g.Costs; c != nil {
			g.priced, g.deck = true, slices.Index(w.book.decks, c)
			g.version, g.money, g.Costs = c.tariff.Label(), c.Currency(), nil
		}
		g.quality, g.debt = w.measures.gateways.slot(g.ID), w.measures.carriers.slot(g.Carrier)
		w.gateways = append(w.gateways, g)
	}
	slices.SortFunc(w.gateways, func(a, b gateway) int { return cmp.Compare(a.ID, b.ID) })
	for i := range w.gateways {
		w.byID[w.gateways[i].ID] = int32(i)
	}
}

// RateMemory returns the memory in bytes that the rates of all decks take beside the decks themselves, and their number.
func (w *World) RateMemory() (bytes, rates int) { return w.book.bytes() }
