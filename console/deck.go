package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
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

// MappingSuffix is added to a deck's file for the file that remembers how its lists are read.
const MappingSuffix = ".mapping.json"

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

// deckList is a list that was read, beside the deck that it would change.
type deckList struct {
	stored   Stored
	source   provision.DeckSource
	old, new *rating.Deck
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
	out := &deckList{}
	name, content, err := c.d.Uploads.Upload(ctx, l.Upload, who.By())
	if err != nil {
		return nil, goneUpload(err)
	}
	out.name = name
	chosen := l.Mapping != nil
	if err := c.deckNow(ctx, l, out); err != nil {
		return nil, err
	}
	options := deckfile.Options{Label: name, Currency: out.source.Currency, Progress: l.told}
	out.new, out.report, err = deckfile.Load(ctx, bytes.NewReader(content), l.Mapping, options)
	if unreadable(err) && !chosen && l.Mapping != nil { // The carrier sends another form than last time.
		l.Mapping = nil
		out.new, out.report, err = deckfile.Load(ctx, bytes.NewReader(content), nil, options)
	}
	if unreadable(err) {
		return nil, invalid("%s: %s", name, err)
	}
	return out, err
}

func goneUpload(err error) error {
	if errors.Is(err, access.ErrNotFound) {
		return fmt.Errorf("%w: the file is not here any more: send it again", ErrNotFound)
	}
	return err
}

// unreadable reports whether a list cannot be made out at all.
func unreadable(err error) bool {
	return errors.Is(err, deckfile.ErrFile) || errors.Is(err, deckfile.ErrMapping)
}

// deckNow reads the deck as it is in force, and how its lists are read.
func (c *Console) deckNow(ctx context.Context, l *DeckList, out *deckList) (err error) {
	if out.stored, err = c.d.Setup.Load(ctx); err != nil {
		return err
	}
	bundle, err := provision.NewBundle(out.stored.Objects, out.stored.Files)
	if err != nil {
		return err
	}
	if out.source, err = l.source(ctx, bundle); err != nil {
		return err
	}
	options := deckfile.Options{Label: out.source.ID, Currency: out.source.Currency}
	if out.old, _, err = deckfile.Load(ctx, bytes.NewReader(out.stored.Files[out.source.File]), nil, options); err != nil {
		return fmt.Errorf("deck %s: %w", out.source.ID, err)
	}
	if text, ok := out.stored.Files[out.source.File+MappingSuffix]; ok && l.Mapping == nil {
		l.Mapping = new(deckfile.Mapping)
		if json.Unmarshal(text, l.Mapping) != nil {
			l.Mapping = nil // It is guessed anew.
		}
	}
	return nil
}

// source is the deck that a list is for, or what stands for it in a tariff.
func (l *DeckList) source(ctx context.Context, b *provision.Bundle) (provision.DeckSource, error) {
	kind, id := l.thing()
	if kind == provision.KindTariff {
		i := slices.IndexFunc(b.Operator.Tariffs, func(t provision.TariffSource) bool { return t.ID == id })
		if i < 0 {
			return provision.DeckSource{}, missing(kind, id)
		}
		file, currency, err := TariffDeck(ctx, &b.Operator.Tariffs[i], b.Files)
		return provision.DeckSource{ID: id, File: file, Currency: currency}, err
	}
	i := slices.IndexFunc(b.Operator.Decks, func(d provision.DeckSource) bool { return d.ID == id })
	if i < 0 {
		return provision.DeckSource{}, missing(kind, id)
	}
	return b.Operator.Decks[i], nil
}

// TariffDeck returns the only file of prices of a tariff, and its currency; the zero one where the file itself says it. It is ErrInvalid for a
// tariff with another number of files.
func TariffDeck(ctx context.Context, t *provision.TariffSource, files map[string][]byte) (string, money.Currency, error) {
	var names []string
	tariff, err := rating.ParseTariff(t.File, files[t.File], func(file string) (*rating.Deck, error) {
		name := path.Join(path.Dir(t.File), file)
		names = append(names, name)
		deck, _, err := deckfile.Load(ctx, bytes.NewReader(files[name]), nil, deckfile.Options{Label: name})
		return deck, err
	})
	if len(names) != 1 {
		return "", money.Currency{}, invalid("tariff %s names %d files of prices: a list needs exactly one", t.ID, len(names))
	}
	if err != nil {
		return names[0], money.Currency{}, nil //nolint:nilerr // Without its own currency the deck says which it is in.
	}
	return names[0], tariff.Currency(), nil
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
	for change := range deckfile.Diff(read.old, l.Effective, read.new, l.Effective) {
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
	if read.report.Faulty > 0 {
		return invalid("%d lines of the list are faulty, the first: %s; mend them, and send the list again", read.report.Faulty, read.report.Faults[0])
	}
	next, err := deckfile.Apply(read.old, read.new, l.Mode, l.Effective, read.source.ID)
	if err != nil {
		return invalid("%s", err)
	}
	var content bytes.Buffer
	if err := deckfile.Write(&content, next.Rates(), next.Currency()); err != nil {
		return err
	}
	mapping, err := json.Marshal(read.report.Mapping)
	if err != nil {
		return err
	}
	file := read.source.File
	return c.storeDeck(ctx, who, &l, read, "apply list", map[string][]byte{file: content.Bytes(), file + MappingSuffix: mapping}, read.name)
}

// UndoDeck puts in force what a deck, or the prices of a tariff, held before the last change. It is a change in its turn.
func (c *Console) UndoDeck(ctx context.Context, who *access.Principal, l DeckList) error {
	if err := may(who, access.WritePrices); err != nil {
		return err
	}
	read := &deckList{}
	if err := c.deckNow(ctx, &l, read); err != nil {
		return err
	}
	content, err := c.d.Uploads.Former(ctx, read.source.File)
	if err != nil {
		return err
	}
	return c.storeDeck(ctx, who, &l, read, "undo list", map[string][]byte{read.source.File: content}, "")
}

func (c *Console) storeDeck(ctx context.Context, who *access.Principal, l *DeckList, read *deckList, action string, files map[string][]byte, note string) error {
	if _, err := c.d.Setup.Save(ctx, read.stored.Revision, &provision.Changes{Files: files}, who.By()); err != nil {
		return err
	}
	kind, id := l.thing()
	return c.log(ctx, who, access.Deed{Action: action, Object: string(kind) + " " + id, After: note})
}
