package provision

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

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
	measures  lcr.Measures
	world     *lcr.World
	decks     map[string]*rating.Deck   // By id, currency and content.
	costs     map[string]*lcr.Costs     // Likewise.
	tariffs   map[string]*rating.Tariff // By the key of their version.
	outlines  map[[sha256.Size]byte]rating.Outline
	library   *library
	used      map[string]bool
}

// NewCompiler returns a compiler that has made nothing yet.
func NewCompiler() *Compiler {
	return &Compiler{
		decks: make(map[string]*rating.Deck), costs: make(map[string]*lcr.Costs), tariffs: make(map[string]*rating.Tariff),
		outlines: make(map[[sha256.Size]byte]rating.Outline), library: newLibrary(),
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
		operator: &operator, library: c.library,
		decks: make(map[string]*rating.Deck), costs: make(map[string]*lcr.Costs), tariffs: make(map[string]*rating.Tariff),
		versions: make(map[*Version]*rating.Tariff),
	}
	b.describeFormats()
	b.showLogos()
	if err := c.recall(ctx, b, s); err != nil {
		return nil, err
	}
	if err := errors.Join(c.compileDecks(ctx, b, s), c.compileTariffs(ctx, b, s)); err != nil {
		return nil, err
	}
	var err error
	if s.countries, err = e164.NewCountries(); err != nil {
		return nil, err
	}
	s.exchange = ratesOf(&operator, b.rates())
	s.index()
	if err := s.checkCurrencies(b); err != nil {
		return nil, err
	}
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
		for _, v := range s.Timeline(KindDeck, id).All() {
			if v.key == d.key {
				s.versions[v] = d.costs.Tariff()
			}
		}
	}
	return errors.Join(faults...)
}

// compileDeck only reads what the compiler has; it may run beside others.
func (c *Compiler) compileDeck(ctx context.Context, source *DeckSource, data []byte) compiledDeck {
	d := compiledDeck{key: deckKey(source.ID, source.Currency, source.File, data)}
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

func deckKey(id string, currency money.Currency, file string, data []byte) string {
	return deckVersionKey(&Version{Kind: KindDeck, ID: id, currency: currency, files: []heldFile{{file, sha256.Sum256(data)}}})
}

func fileKey(f heldFile) string { return "file/" + f.name + "@" + hex.EncodeToString(f.sum[:]) }

// deck makes the deck of a tariff, or finds the one that it made before of the same content.
func (c *Compiler) deck(ctx context.Context, f heldFile, currency money.Currency, data []byte) (*rating.Deck, error) {
	key := fileKey(f)
	c.used[key] = true
	if deck, ok := c.decks[key]; ok && deck.Currency() == currency {
		return deck, nil
	}
	deck, err := newDeck(ctx, deckName(f.name), f.name, currency, data)
	if err == nil {
		c.decks[key] = deck
	}
	return deck, err
}

// deckName is what a deck in a file of a tariff is called.
func deckName(file string) string { return strings.TrimSuffix(path.Base(file), path.Ext(file)) }

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

// recall reads the past of the bundle's prices.
func (c *Compiler) recall(ctx context.Context, b *Bundle, s *Snapshot) (err error) {
	if b.Past == nil {
		return nil
	}
	c.library.use(b.Past.Archive)
	s.contracts, s.revision = b.Past.Contracts, b.Past.Revision
	h := historian{ctx: ctx, archive: b.Past.Archive, outlines: c.outlines}
	s.timelines, err = h.read(b.Past)
	return err
}

// ahead is how long before the last change versions are kept ready that were in force then: calls of a moment ago are priced by them.
const ahead = 24 * time.Hour

// compileTariffs makes what the bundle holds, and the other versions that are in force now or will be. Those of the past are made
// when they are asked for.
func (c *Compiler) compileTariffs(ctx context.Context, b *Bundle, s *Snapshot) error {
	var faults []error
	for i := range b.Operator.Tariffs {
		t := &b.Operator.Tariffs[i]
		now, err := c.currentVersion(t, b)
		if err == nil {
			s.tariffs[t.ID], err = c.tariff(ctx, now, b.content)
		}
		if err == nil {
			err = c.versionsAhead(ctx, b, s, t.ID)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("tariff %s: %w", t.ID, err))
		}
	}
	return errors.Join(faults...)
}

// currentVersion is what the bundle itself holds of a tariff, as a version.
func (c *Compiler) currentVersion(t *TariffSource, b *Bundle) (*Version, error) {
	v := &Version{Kind: KindTariff, ID: t.ID}
	take := func(name string) error {
		content, ok := b.Files[name]
		if !ok {
			return fmt.Errorf("file %s is not there", name)
		}
		v.files = append(v.files, heldFile{name, sha256.Sum256(content)})
		return nil
	}
	if err := take(t.File); err != nil {
		return nil, err
	}
	outline, ok := c.outlines[v.files[0].sum]
	if !ok {
		var err error
		if outline, err = rating.ReadOutline(t.File, b.Files[t.File]); err != nil {
			return nil, err
		}
		c.outlines[v.files[0].sum] = outline
	}
	for _, file := range outline.Files {
		if err := take(path.Join(path.Dir(t.File), file)); err != nil {
			return nil, err
		}
	}
	v.Name, v.from, v.Ends = outline.Version, outline.From, outline.Till
	v.Label, v.key = label(v), versionKey(v)
	return v, nil
}

// versionsAhead makes the versions of a tariff that are in force since shortly before the last change, or will be.
func (c *Compiler) versionsAhead(ctx context.Context, b *Bundle, s *Snapshot, id string) error {
	line := s.timelines[thing{KindTariff, id}]
	if line.Latest() == nil {
		return nil
	}
	for _, v := range line.inForceSince(line.Latest().Applied.Add(-ahead)) {
		made, err := c.tariff(ctx, v, func(f heldFile) ([]byte, error) { return b.Past.Archive.Content(ctx, f.sum) })
		if err != nil {
			return err
		}
		s.versions[v] = made
	}
	return nil
}

// content is what a file of the bundle holds.
func (b *Bundle) content(f heldFile) ([]byte, error) { return b.Files[f.name], nil }

// tariff makes a version of a tariff, or finds the one that was made before.
func (c *Compiler) tariff(ctx context.Context, v *Version, content func(heldFile) ([]byte, error)) (*rating.Tariff, error) {
	c.used[v.key] = true
	if known, ok := c.tariffs[v.key]; ok {
		for _, f := range v.files[1:] {
			c.used[fileKey(f)] = true
		}
		return known, nil
	}
	tariff, err := parseVersion(v, content, func(f heldFile, currency money.Currency, data []byte) (*rating.Deck, error) {
		return c.deck(ctx, f, currency, data)
	})
	if err == nil {
		c.tariffs[v.key] = tariff
	}
	return tariff, err
}

// parseVersion reads a version of a tariff with the decks that it names.
func parseVersion(
	v *Version, content func(heldFile) ([]byte, error), deck func(heldFile, money.Currency, []byte) (*rating.Deck, error),
) (*rating.Tariff, error) {
	main := v.files[0]
	data, err := content(main)
	if err != nil {
		return nil, err
	}
	tariff, err := rating.ParseTariff(main.name, data, func(file string) (*rating.Deck, error) {
		name := path.Join(path.Dir(main.name), file)
		at := slices.IndexFunc(v.files[1:], func(f heldFile) bool { return f.name == name })
		if at < 0 {
			return nil, fmt.Errorf("file %s is not there", name)
		}
		list, err := content(v.files[1+at])
		if err != nil {
			return nil, err
		}
		return deck(v.files[1+at], tariffCurrency(data), list)
	})
	if err != nil {
		return nil, err
	}
	return tariff.Labelled(v.Label), nil
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
