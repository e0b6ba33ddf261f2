package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"slices"
	"time"

	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// mappingSuffix is added to a file of prices for the file that remembers how its lists are read.
const mappingSuffix = ".mapping.json"

// PriceFile is the file of prices of a deck, or of a tariff that has exactly one, as it is provisioned: what a price list changes.
type PriceFile struct {
	ID       string // Of the deck or the tariff.
	Name     string
	Currency money.Currency // The zero one where the file itself says it.
	Deck     *rating.Deck
	Mapping  *deckfile.Mapping // How its last list was read; nil: not known, and guessed.
}

// ReadPriceFile reads the file of prices of a deck or a tariff. Errors are ErrNotFound and ErrInvalid.
func ReadPriceFile(ctx context.Context, b *provision.Bundle, kind provision.Kind, id string) (*PriceFile, error) {
	p := &PriceFile{ID: id}
	if err := p.find(ctx, b, kind); err != nil {
		return nil, err
	}
	content, ok := b.Files[p.Name]
	if !ok {
		return nil, invalid("the file %s of %s %s is not stored: apply the operator's file first", p.Name, kind, id)
	}
	var err error
	if p.Deck, _, err = deckfile.Load(ctx, bytes.NewReader(content), nil, deckfile.Options{Label: id, Currency: p.Currency}); err != nil {
		return nil, invalid("%s %s: %s", kind, id, err)
	}
	if text, ok := b.Files[p.Name+mappingSuffix]; ok {
		p.Mapping = new(deckfile.Mapping)
		if json.Unmarshal(text, p.Mapping) != nil {
			p.Mapping = nil // It is guessed anew.
		}
	}
	return p, nil
}

// find finds the file and its currency.
func (p *PriceFile) find(ctx context.Context, b *provision.Bundle, kind provision.Kind) (err error) {
	if kind == provision.KindTariff {
		i := slices.IndexFunc(b.Operator.Tariffs, func(t provision.TariffSource) bool { return t.ID == p.ID })
		if i < 0 {
			return missing(kind, p.ID)
		}
		p.Name, p.Currency, err = onlyPrices(ctx, &b.Operator.Tariffs[i], b.Files)
		return err
	}
	i := slices.IndexFunc(b.Operator.Decks, func(d provision.DeckSource) bool { return d.ID == p.ID })
	if i < 0 {
		return missing(kind, p.ID)
	}
	p.Name, p.Currency = b.Operator.Decks[i].File, b.Operator.Decks[i].Currency
	return nil
}

// onlyPrices returns the only file of prices of a tariff, and its currency; the zero one where the file itself says it.
func onlyPrices(ctx context.Context, t *provision.TariffSource, files map[string][]byte) (string, money.Currency, error) {
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

// ListOptions say how a list is read for a file of prices.
type ListOptions struct {
	Name    string // Of the list.
	Answers deckfile.Answers
	Forget  bool      // How the last list was read says nothing of this one.
	Now     time.Time // Steps that the list does not say stay as they are then.
	Told    func(lines int)
}

// Read reads a list for the file: by what somebody says, by the headings of the last one, and by what is found out. It is
// ErrInvalid for a list that cannot be made out at all. A list that leaves a question open comes with the report of how it was
// understood so far, and a *deckfile.QuestionError; faulty lines are in the report.
func (p *PriceFile) Read(ctx context.Context, in io.Reader, o ListOptions) (*rating.Deck, *deckfile.Report, error) {
	options := deckfile.Options{
		Label: o.Name, Currency: p.Currency, Progress: o.Told, Answers: o.Answers, Learned: p.Mapping, Increment: deckfile.Usual(p.Deck), Steps: deckfile.StepsAt(p.Deck, o.Now),
	}
	if o.Forget {
		options.Learned = nil
	}
	if options.Currency.IsZero() {
		options.Currency = p.Deck.Currency()
	}
	deck, report, err := deckfile.Load(ctx, in, nil, options)
	if unreadable(err) && (report == nil || len(report.Reading.Questions) == 0) {
		return nil, report, invalid("%s: %s", o.Name, err)
	}
	return deck, report, err
}

// unreadable reports whether a list cannot be made out at all.
func unreadable(err error) bool {
	return errors.Is(err, deckfile.ErrFile) || errors.Is(err, deckfile.ErrMapping)
}

// Next is what the file becomes when a list is put in force.
func (p *PriceFile) Next(list *rating.Deck, report *deckfile.Report, plan deckfile.Plan) (*rating.Deck, error) {
	if list.Len() == 0 && len(report.Closed) == 0 {
		if report.Faulty > 0 {
			return nil, invalid("no line of the list is good, the first: %s", report.Faults[0])
		}
		return nil, invalid("the list has no rates: it would close all that the deck has")
	}
	plan.Label, plan.Closed = p.ID, report.Closed
	if at := report.Mapping.Start(); at.After(plan.Effective) && !report.Mapping.Dated() { // What the list does not name ends when its prices begin.
		plan.Effective = at
	}
	next, err := deckfile.Apply(p.Deck, list, plan)
	if err != nil {
		return nil, invalid("%s", err)
	}
	return next, nil
}

// Files are the files that put what the file becomes in force, and remember how the list was read.
func (p *PriceFile) Files(next *rating.Deck, report *deckfile.Report) (map[string][]byte, error) {
	var content bytes.Buffer
	if err := deckfile.Write(&content, next.Rates(), next.Currency()); err != nil {
		return nil, err
	}
	mapping, err := json.Marshal(report.Mapping)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{p.Name: content.Bytes(), p.Name + mappingSuffix: mapping}, nil
}
