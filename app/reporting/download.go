package reporting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"trunkline/access"
	"trunkline/console"
	"trunkline/internal/cause"
	"trunkline/reports/export"
)

// Download writes call records to files.
type Download struct {
	Console *console.Console
	Who     *access.Principal
	Query   console.CallQuery
	Options export.Options
	Now     func() time.Time
	Told    func(rows int64) // Hears how many rows were written so far, every now and then; nil: nobody does.

	rows int64
}

// File writes the records into a file, which is put in place when it is whole, and returns how many there are.
func (d *Download) File(ctx context.Context, name string) (rows int64, err error) {
	err = d.file(ctx, name, d.Query)
	return d.rows, err
}

func (d *Download) file(ctx context.Context, name string, q console.CallQuery) error {
	before := d.rows
	return PutFile(name, func(out io.Writer) error {
		n, err := d.Console.ExportRecords(ctx, d.Who, q, d.Options, out, func(rows int64) {
			if d.Told != nil {
				d.Told(before + rows)
			}
		})
		d.rows = before + n
		return err
	})
}

// Daily writes a file for every day of the period that has none yet in a folder, and is over; it returns how many records are in them.
func (d *Download) Daily(ctx context.Context, folder string) (rows int64, err error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return 0, cause.Mark(cause.Input, err)
	}
	for _, day := range d.Query.Period.Days() {
		name := filepath.Join(folder, "cdr-"+day.From.In(day.Zone).Format(time.DateOnly)+"."+string(d.Options.Format))
		if _, err := os.Stat(name); err == nil || !errors.Is(err, os.ErrNotExist) {
			continue
		}
		if d.Now().Before(day.Until) {
			break
		}
		q := d.Query
		q.Period = day
		if err := d.file(ctx, name, q); err != nil {
			return d.rows, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d.rows, nil
}

// PutFile writes a file beside its name and puts it in place when it is whole.
func PutFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return cause.Mark(cause.Input, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// PutTable writes a report in the format of a file's ending.
func PutTable(name, locale string, t *export.Table) error {
	o, err := Format("", name, locale)
	if err != nil {
		return cause.Mark(cause.Input, err)
	}
	o.BOM = o.Comma
	return PutFile(name, func(w io.Writer) error { return t.Write(w, o) })
}
