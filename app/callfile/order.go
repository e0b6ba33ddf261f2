package callfile

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"trunkline/internal/cause"
	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// Order is what calls of a file are to be rated by, in the words of whoever orders it.
type Order struct {
	Tariff    string // File of a tariff (.yaml) or of a deck (.csv, .xlsx).
	Calls     string // File of calls, or - for the standard input.
	Format    string // csv, table or json.
	Explain   bool   // With how each price came about.
	Scale     int    // Decimal places of amounts by a deck, 0 to 6.
	Rounding  string // Of amounts by a deck.
	Currency  string // Of a deck that does not say it.
	Zone      string // Of times that name none; empty: they have to.
	Since     string // When the contract began; empty: the client was always there.
	Tax       string // As ParseTax reads it.
	Inclusive bool   // The prices contain the tax.
}

// Run rates the calls and writes them to out. Faults of files and of the order are marked as cause.Input; calls that could not be rated, which
// are written with their reasons, are an error that is marked as cause.Part.
func (o *Order) Run(ctx context.Context, out io.Writer) error {
	tariff, err := o.tariff(ctx)
	if err != nil {
		return cause.Mark(cause.Input, err)
	}
	calls, tax, err := o.read(tariff)
	if err != nil {
		return cause.Mark(cause.Input, err)
	}
	rated, failed := Rate(tariff, calls, o.Explain)
	if err := tax.Add(rated); err != nil {
		return err
	}
	if err := Write(out, o.Format, rated, Columns{Explain: o.Explain, Tax: tax != nil}); err != nil {
		return err
	}
	if failed > 0 {
		return cause.Mark(cause.Part, fmt.Errorf("%d of %d calls could not be rated: see their notes", failed, len(calls)))
	}
	return nil
}

// read reads the calls, and the tax that is told on them.
func (o *Order) read(tariff *rating.Tariff) ([]Row, *Tax, error) {
	zone, err := o.timeZone()
	if err != nil {
		return nil, nil, err
	}
	tax, err := ParseTax(o.Tax, o.Inclusive, zone)
	if err != nil {
		return nil, nil, err
	}
	calls, err := Read(o.Calls, zone)
	if err != nil {
		return nil, nil, err
	}
	since, err := parseSince(o.Since, tariff)
	for i := range calls {
		calls[i].Call.Since = since
	}
	return calls, tax, err
}

// parseSince reads when a contract began; a day is its midnight in the tariff's time zone.
func parseSince(text string, tariff *rating.Tariff) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--since %q: want a day such as 2026-09-15, or a moment such as 2026-09-15T00:00:00+02:00", text)
	}
	return tariff.Midnight(day.Date()), nil
}

// tariff reads a tariff or a deck, by the name of the file.
func (o *Order) tariff(ctx context.Context) (*rating.Tariff, error) {
	switch strings.ToLower(filepath.Ext(o.Tariff)) {
	case ".yaml", ".yml":
		return deckfile.OpenTariff(ctx, o.Tariff)
	}
	mode, err := money.ParseRounding(o.Rounding)
	if err != nil {
		return nil, fmt.Errorf("--rounding: %w", err)
	}
	deck, err := deckfile.OpenDeck(ctx, o.Tariff, o.Currency)
	if err != nil {
		return nil, err
	}
	rounding := rating.DefaultRounding()
	rounding.Scale, rounding.Money = o.Scale, mode
	return rating.FlatTariff(deck, rounding)
}

func (o *Order) timeZone() (*time.Location, error) {
	if o.Zone == "" {
		return nil, nil //nolint:nilnil // No zone means that times have to name theirs.
	}
	zone, err := time.LoadLocation(o.Zone)
	if err != nil {
		return nil, fmt.Errorf("--zone: %w: use a name such as Europe/Moscow", err)
	}
	return zone, nil
}
