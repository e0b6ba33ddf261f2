package deckfile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"trunkline/internal/money"
	"trunkline/rating"
)

// OpenTariff reads a tariff; the decks that it names stand beside it.
func OpenTariff(ctx context.Context, file string) (*rating.Tariff, error) {
	data, err := os.ReadFile(file) //nolint:gosec // the user names the file on his own command line
	if err != nil {
		return nil, err
	}
	return rating.ParseTariff(file, data, decksIn(ctx, filepath.Dir(file)))
}

// decksIn opens the decks of a folder.
func decksIn(ctx context.Context, folder string) rating.DeckOpener {
	return func(name string) (*rating.Deck, error) { return OpenDeck(ctx, filepath.Join(folder, name), "") }
}

// OpenDeck reads a deck that must have no faulty lines.
func OpenDeck(ctx context.Context, file, currency string) (*rating.Deck, error) {
	opts := Options{Label: filepath.Base(file)}
	if currency != "" {
		c, err := money.ParseCurrency(currency)
		if err != nil {
			return nil, fmt.Errorf("--currency: %w", err)
		}
		opts.Currency = c
	}
	deck, report, err := ReadFile(ctx, file, opts)
	if err != nil {
		return nil, err
	}
	return deck, Spotless(file, report)
}

// Spotless is an error for a list with faulty lines.
func Spotless(file string, report *Report) error {
	if report.Faulty == 0 {
		return nil
	}
	var b bytes.Buffer
	WriteFaults(&b, report, 20)
	return fmt.Errorf("%s: %d faulty lines:\n%s", file, report.Faulty, strings.TrimRight(b.String(), "\n"))
}

// ReadFile reads a deck with whatever faults it has.
func ReadFile(ctx context.Context, file string, opts Options) (*rating.Deck, *Report, error) {
	f, err := os.Open(file) //nolint:gosec // the user names the file on his own command line
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	deck, report, err := Load(ctx, f, nil, opts)
	if err != nil {
		return nil, report, fmt.Errorf("%s: %w", file, err)
	}
	return deck, report, nil
}

// WriteFaults writes one line for each fault, up to a limit.
func WriteFaults(out io.Writer, r *Report, limit int) {
	for i, f := range r.Faults {
		if i == limit {
			_, _ = fmt.Fprintf(out, "... and %d more\n", r.Faulty-limit)
			return
		}
		_, _ = fmt.Fprintln(out, f)
	}
}
