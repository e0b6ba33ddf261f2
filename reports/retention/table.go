package retention

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"trunkline/reports/export"
)

// table drops what is old of a kind that goes row by row, a day at a time.
func (r *Runner) table(ctx context.Context, k Kind) error {
	before, ok := r.Rules.Of(k).before(r.Clock.Now())
	if !ok {
		return nil
	}
	days, err := r.Rows.Days(ctx, k, before)
	if err != nil {
		return err
	}
	for _, day := range days {
		t := &rowDay{runner: r, kind: k, from: day, till: day.Add(24 * time.Hour)}
		if err := r.step(ctx, t.run); err != nil {
			return fmt.Errorf("%s of %s: %w", k, day.Format(time.DateOnly), err)
		}
	}
	return nil
}

// rowDay is a day of a kind that goes row by row.
type rowDay struct {
	runner     *Runner
	kind       Kind
	from, till time.Time
	stays      map[int64]bool // Ids that are held.
	ids        []int64
	figures    Figures
}

func (d *rowDay) run(ctx context.Context, held Held) error {
	if err := d.choose(ctx, held); err != nil || len(d.ids) == 0 {
		return err
	}
	r := d.runner
	e := Entry{Kind: d.kind, Day: d.from, Figures: d.figures, Made: r.Clock.Now()}
	var err error
	if e.File, err = r.nextFile(ctx, d.kind, d.from); err != nil {
		return err
	}
	if e.File != "" {
		if err := r.Archives.keep(ctx, e.File, func(out io.Writer) error { return d.write(ctx, out) }, d.check); err != nil {
			return err
		}
	}
	if err := r.Rows.Drop(ctx, e, d.ids); err != nil {
		return err
	}
	r.Told(Done{d.kind, d.from, d.figures.Rows, e.File})
	return nil
}

// choose finds out what may go: an id of which a row is held stays with all its rows.
func (d *rowDay) choose(ctx context.Context, held Held) error {
	d.stays = make(map[int64]bool)
	rows := make(map[int64]int64)
	err := d.runner.Rows.Each(ctx, d.kind, d.from, d.till, func(row Row) error {
		if rows[row.ID]++; rows[row.ID] == 1 {
			d.ids = append(d.ids, row.ID)
		}
		if held.Covers(row.Tenant, row.Text) {
			d.stays[row.ID] = true
		}
		return nil
	})
	free := d.ids[:0]
	for _, id := range d.ids {
		if !d.stays[id] {
			free = append(free, id)
			d.figures.Rows, d.figures.IDs = d.figures.Rows+rows[id], d.figures.IDs+rows[id]*id
		}
	}
	d.ids = free
	return err
}

func (d *rowDay) write(ctx context.Context, out io.Writer) error {
	r := d.runner
	sheet, err := export.NewSheet(out, r.Rows.Fields(d.kind), export.Options{Format: export.Parquet})
	if err != nil {
		return err
	}
	err = r.Rows.Each(ctx, d.kind, d.from, d.till, func(row Row) error {
		if d.stays[row.ID] {
			return nil
		}
		return sheet.Add(row.Cells...)
	})
	return errors.Join(err, sheet.Close())
}

func (d *rowDay) check(ctx context.Context, part string) error {
	var got Figures
	if err := Read(ctx, part, got.addRows); err != nil {
		return err
	}
	if got != d.figures {
		return fmt.Errorf("%w: it has %d rows, the store %d", ErrArchive, got.Rows, d.figures.Rows)
	}
	return nil
}
