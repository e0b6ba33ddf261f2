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
	"runtime"
	"strings"
	"sync"

	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// Compiler makes snapshots. It keeps the decks and tariffs that it made, so that a change of one does not make the
// others anew. It is not safe for concurrent use; its snapshots are.
type Compiler struct {
	rotations lcr.Rotations
	measures  lcr.Measures
	world     *lcr.World
	decks     map[string]*rating.Deck   // By id, currency and content.
	costs     map[string]*lcr.Costs     // Likewise.
	tariffs   map[string]*rating.Tariff // By id and content.
	used      map[string]bool
}

// NewCompiler returns a compiler that has made nothing yet.
func NewCompiler() *Compiler {
	return &Compiler{
		decks: make(map[string]*rating.Deck), costs: make(map[string]*lcr.Costs), tariffs: make(map[string]*rating.Tariff),
	}
}

// Measures returns the figures of quality and the debts that all snapshots of the compiler look at. It is safe for
// concurrent use, and changing it changes the routes of the snapshot in force at once.
func (c *Compiler) Measures() *lcr.Measures { return &c.measures }

// Compile checks the bundle and makes a snapshot of it. The bundle must not be changed afterwards. The error holds all
// that is wrong; the parts that concern the operator's file are *Fault.
func (c *Compiler) Compile(ctx context.Context, b *Bundle) (*Snapshot, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	c.used = make(map[string]bool)
	operator := b.Operator // A copy: the snapshot does not hold on to the bundle's files.
	s := &Snapshot{
		operator: &operator,
		decks:    make(map[string]*rating.Deck), costs: make(map[string]*lcr.Costs), tariffs: make(map[string]*rating.Tariff),
	}
	b.describeFormats()
	b.showLogos()
	if err := errors.Join(c.compileDecks(ctx, b, s), c.compileTariffs(ctx, b, s)); err != nil {
		return nil, err
	}
	s.index()
	if err := s.checkCurrencies(b); err != nil {
		return nil, err
	}
	var err error
	if s.world, err = c.newWorld(&operator, s); err != nil {
		return nil, err
	}
	c.world = s.world
	c.forget()
	return s, nil
}

// forget drops what the last snapshot did not use.
func (c *Compiler) forget() {
	for key := range c.decks {
		if !c.used[key] {
			delete(c.decks, key)
			delete(c.costs, key)
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

// compiledDeck is a deck on its way into a snapshot.
type compiledDeck struct {
	key   string
	deck  *rating.Deck
	costs *lcr.Costs
	err   error
}

// compileDecks makes the decks that are new or have changed, several at a time.
func (c *Compiler) compileDecks(ctx context.Context, b *Bundle, s *Snapshot) error {
	sources := b.Operator.Decks
	made := make([]compiledDeck, len(sources))
	var group sync.WaitGroup
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range sources {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			made[i] = c.compileDeck(ctx, &sources[i], b.Files[sources[i].File])
		})
	}
	group.Wait()
	var faults []error
	for i := range made {
		d, id := &made[i], sources[i].ID
		if d.err != nil {
			faults = append(faults, b.fault(fmt.Sprintf("decks[%d].file", i), fmt.Sprintf("%s: %s", sources[i].File, d.err), "correct the deck file"))
			continue
		}
		c.decks[d.key], c.costs[d.key], c.used[d.key] = d.deck, d.costs, true
		s.decks[id], s.costs[id] = d.deck, d.costs
	}
	return errors.Join(faults...)
}

// compileDeck only reads what the compiler has; it may run beside others.
func (c *Compiler) compileDeck(ctx context.Context, source *DeckSource, data []byte) compiledDeck {
	d := compiledDeck{key: deckKey(source.ID, source.Currency, data)}
	if d.deck, d.costs = c.decks[d.key], c.costs[d.key]; d.costs != nil {
		return d
	}
	if d.deck == nil {
		d.deck, d.err = newDeck(ctx, source.ID, source.File, source.Currency, data)
	}
	if d.err == nil {
		d.costs, d.err = lcr.NewCosts(d.deck)
	}
	return d
}

func deckKey(id string, currency money.Currency, data []byte) string {
	return contentLabel(id, data) + "/" + currency.String()
}

// deck makes a deck, or finds the one that it made before of the same content.
func (c *Compiler) deck(ctx context.Context, id, file string, currency money.Currency, data []byte) (*rating.Deck, error) {
	key := deckKey(id, currency, data)
	c.used[key] = true
	if deck, ok := c.decks[key]; ok {
		return deck, nil
	}
	deck, err := newDeck(ctx, id, file, currency, data)
	if err == nil {
		c.decks[key] = deck
	}
	return deck, err
}

func newDeck(ctx context.Context, id, file string, currency money.Currency, data []byte) (*rating.Deck, error) {
	if data == nil {
		return nil, fmt.Errorf("file %s is not there", file)
	}
	options := deckfile.Options{Label: contentLabel(id, data), Currency: currency}
	deck, report, err := deckfile.Load(ctx, bytes.NewReader(data), nil, options)
	if err == nil {
		err = report.Err()
	}
	return deck, err
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

// sourceRoute is an address range and whom calls from it come from.
type sourceRoute struct {
	prefix netip.Prefix
	caller Caller
}
