package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// Uploads keeps files that somebody looks at before they are put in force.
type Uploads interface {
	// KeepUpload keeps a file for a day, for who sent it.
	KeepUpload(ctx context.Context, id, by, name string, content []byte) error
	// Upload returns a file that was kept for somebody; access.ErrNotFound.
	Upload(ctx context.Context, id, by string) (name string, content []byte, err error)
	// Former returns what a provisioned file held before its last change; ErrNotFound.
	Former(ctx context.Context, file string) ([]byte, error)
}

// MaxDeck bounds the price list that somebody sends, in bytes.
const MaxDeck = 64 << 20

// DeckList says how a price list that was sent is to be read and put in force.
type DeckList struct {
	Deck      string
	Tariff    string            // Instead of a deck: a tariff, which has exactly one file of prices.
	Upload    string            // Id under which the list is kept.
	Mapping   *deckfile.Mapping // Nil: as the last one of the deck, or guessed.
	Effective time.Time         // Start of rates without a date of their own; zero: now.
	Mode      deckfile.Mode

	told func(lines int) // Nil: nobody waits for how far it is.
}

// thing is what the list is for.
func (l *DeckList) thing() (provision.Kind, string) {
	if l.Tariff != "" {
		return provision.KindTariff, l.Tariff
	}
	return provision.KindDeck, l.Deck
}

// Page is the page of what the list is for.
func (l *DeckList) Page() string {
	kind, id := l.thing()
	return "/" + string(kind) + "s/" + id
}

// Comparison is what a price list would change.
type Comparison struct {
	Deck      string            `json:"deck,omitempty"`
	Tariff    string            `json:"tariff,omitempty"`
	Upload    string            `json:"upload"`
	Name      string            `json:"name"` // Of the file.
	Effective time.Time         `json:"effective"`
	Mode      deckfile.Mode     `json:"mode"`
	Lines     int               `json:"lines"`
	Summary   deckfile.Summary  `json:"summary"`
	Changes   []RateChange      `json:"changes"` // Without the same ones; the first thousand.
	Faulty    int               `json:"faulty"`  // Lines with faults; a list with any is not put in force.
	Faults    []deckfile.Fault  `json:"faults"`  // The first hundred.
	Mapping   *deckfile.Mapping `json:"mapping"`
}

// RateChange is one rate before and after.
type RateChange struct {
	Kind        deckfile.Kind `json:"kind"`
	Prefix      string        `json:"prefix"`
	Destination string        `json:"destination"`
	Old         *money.Rate   `json:"old,omitempty"` // Per minute.
	New         *money.Rate   `json:"new,omitempty"`
	From        time.Time     `json:"from,omitzero"`
}

const (
	changesMost = 1000
	faultsMost  = 100
)

// SendDeck keeps a price list, so that it can be compared and put in force, and returns its id. Of l only what it is for is looked at.
func (c *Console) SendDeck(ctx context.Context, who *access.Principal, l DeckList, name string, in io.Reader) (string, error) {
	if err := may(who, access.WritePrices); err != nil {
		return "", err
	}
	kind, id := l.thing()
	if _, err := c.Thing(ctx, who, kind, id); err != nil {
		return "", err
	}
	content, err := io.ReadAll(io.LimitReader(in, MaxDeck+1))
	if err != nil {
		return "", err
	}
	if len(content) == 0 || len(content) > MaxDeck {
		return "", invalid("file: choose a price list of up to %d MiB", MaxDeck>>20)
	}
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("name a file: %w", err)
	}
	upload := hex.EncodeToString(random[:])
	return upload, c.d.Uploads.KeepUpload(ctx, upload, who.By(), name, content)
}

// deckList is a list that was read, beside the prices that it would change.
type deckList struct {
	revision int64
	prices   *PriceFile
	list     *rating.Deck
	report   *deckfile.Report
	name     string
}

func (c *Console) readList(ctx context.Context, who *access.Principal, l *DeckList) (*deckList, error) {
	if err := may(who, access.WritePrices); err != nil {
		return nil, err
	}
	if l.Effective.IsZero() {
		l.Effective = c.d.Clock.Now().Truncate(time.Second)
	}
	name, content, err := c.d.Uploads.Upload(ctx, l.Upload, who.By())
	if err != nil {
		return nil, goneUpload(err)
	}
	out, err := c.pricesNow(ctx, l)
	if err != nil {
		return nil, err
	}
	out.name = name
	out.list, out.report, err = out.prices.Read(ctx, bytes.NewReader(content), l.Mapping, name, l.told)
	return out, err
}

func goneUpload(err error) error {
	if errors.Is(err, access.ErrNotFound) {
		return fmt.Errorf("%w: the file is not here any more: send it again", ErrNotFound)
	}
	return err
}

// pricesNow reads the prices that are in force.
func (c *Console) pricesNow(ctx context.Context, l *DeckList) (*deckList, error) {
	stored, err := c.d.Setup.Load(ctx)
	if err != nil {
		return nil, err
	}
	bundle, err := provision.NewBundle(stored.Objects, stored.Files)
	if err != nil {
		return nil, err
	}
	kind, id := l.thing()
	prices, err := ReadPriceFile(ctx, bundle, kind, id)
	return &deckList{revision: stored.Revision, prices: prices}, err
}

// CompareDeck tells what a list that was sent would change. Nothing is stored.
func (c *Console) CompareDeck(ctx context.Context, who *access.Principal, l DeckList) (*Comparison, error) {
	read, err := c.readList(ctx, who, &l)
	if err != nil {
		return nil, err
	}
	out := &Comparison{
		Deck: l.Deck, Tariff: l.Tariff, Upload: l.Upload, Name: read.name, Effective: l.Effective, Mode: l.Mode, Lines: read.report.Lines, Summary: deckfile.Summary{},
		Faulty: read.report.Faulty, Faults: read.report.Faults[:min(len(read.report.Faults), faultsMost)], Mapping: &read.report.Mapping, Changes: []RateChange{},
	}
	for change := range deckfile.Diff(read.prices.Deck, l.Effective, read.list, l.Effective) {
		if change.Kind == deckfile.Closed && l.Mode == deckfile.Update {
			change.Kind = deckfile.Same
		}
		out.Summary[change.Kind]++
		if change.Kind != deckfile.Same && len(out.Changes) < changesMost {
			out.Changes = append(out.Changes, rateChange(change))
		}
	}
	return out, nil
}

func rateChange(c deckfile.Change) RateChange {
	out := RateChange{Kind: c.Kind, Prefix: c.Prefix.Digits(), Destination: c.Destination()}
	if c.Old != nil {
		out.Old = &c.Old.PerMinute
	}
	if c.New != nil {
		out.New, out.From = &c.New.PerMinute, c.New.From
	}
	return out
}

// ApplyDeck puts a list in force, all or nothing. Rates that change end when the new ones begin; what calls cost before stays.
func (c *Console) ApplyDeck(ctx context.Context, who *access.Principal, l DeckList) error {
	read, err := c.readList(ctx, who, &l)
	if err != nil {
		return err
	}
	files, err := read.prices.Changed(read.list, read.report, l.Mode, l.Effective)
	if err != nil {
		return err
	}
	return c.storeDeck(ctx, who, &l, read, "apply list", files, read.name)
}

// UndoDeck puts in force what a deck, or the prices of a tariff, held before the last change. It is a change in its turn.
func (c *Console) UndoDeck(ctx context.Context, who *access.Principal, l DeckList) error {
	if err := may(who, access.WritePrices); err != nil {
		return err
	}
	read, err := c.pricesNow(ctx, &l)
	if err != nil {
		return err
	}
	content, err := c.d.Uploads.Former(ctx, read.prices.Name)
	if err != nil {
		return err
	}
	return c.storeDeck(ctx, who, &l, read, "undo list", map[string][]byte{read.prices.Name: content}, "")
}

func (c *Console) storeDeck(ctx context.Context, who *access.Principal, l *DeckList, read *deckList, action string, files map[string][]byte, note string) error {
	if _, err := c.d.Setup.Save(ctx, read.revision, &provision.Changes{Files: files}, who.By()); err != nil {
		return err
	}
	kind, id := l.thing()
	return c.log(ctx, who, access.Deed{Action: action, Object: string(kind) + " " + id, After: note})
}
