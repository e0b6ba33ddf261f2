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

// Read reads a list for the file: by a mapping, or else as the last one, or else as is guessed. It is ErrInvalid for a list that
// cannot be made out at all; faulty lines are in the report.
func (p *PriceFile) Read(ctx context.Context, in io.ReadSeeker, mapping *deckfile.Mapping, name string, told func(lines int)) (*rating.Deck, *deckfile.Report, error) {
	options := deckfile.Options{Label: name, Currency: p.Currency, Progress: told}
	chosen := mapping != nil
	if !chosen {
		mapping = p.Mapping
	}
	deck, report, err := deckfile.Load(ctx, in, mapping, options)
	if unreadable(err) && !chosen && mapping != nil { // The carrier sends another form than last time.
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			return nil, nil, err
		}
		deck, report, err = deckfile.Load(ctx, in, nil, options)
	}
	if unreadable(err) {
		return nil, nil, invalid("%s: %s", name, err)
	}
	return deck, report, err
}

// unreadable reports whether a list cannot be made out at all.
func unreadable(err error) bool {
	return errors.Is(err, deckfile.ErrFile) || errors.Is(err, deckfile.ErrMapping)
}

// Changed returns the files that put a list in force from a moment on. It is ErrInvalid for a list with faulty lines.
func (p *PriceFile) Changed(list *rating.Deck, report *deckfile.Report, mode deckfile.Mode, effective time.Time) (map[string][]byte, error) {
	if report.Faulty > 0 {
		return nil, invalid("%d lines of the list are faulty, the first: %s; mend them, and send the list again", report.Faulty, report.Faults[0])
	}
	next, err := deckfile.Apply(p.Deck, list, mode, effective, p.ID)
	if err != nil {
		return nil, invalid("%s", err)
	}
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
