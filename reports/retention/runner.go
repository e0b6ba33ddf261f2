package retention

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"trunkline/internal/clock"
	"trunkline/reports/export"
)

// Runner applies rules to stores. Its steps are a day of a kind each; the holds are read anew before every one.
type Runner struct {
	Rules    Rules
	Clock    clock.Clock
	Books    Books
	Calls    CallStore
	Columns  ColumnStore
	Rows     RowStore
	Log      Log
	Holds    Holds
	Archives Archives
	// Alone runs a step while no other process runs one, or adds a hold.
	Alone func(ctx context.Context, f func(context.Context) error) error
	// Told is called after every step that changed something.
	Told func(Done)
}

// Done is a step that was done.
type Done struct {
	Kind Kind
	Day  time.Time // Zero: of all days.
	Rows int64
	File string // Of the archive; empty: there is none.
}

// Run drops and blanks what the rules say. Killed at any point and run again it loses nothing and archives nothing twice.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.step(ctx, r.resume); err != nil {
		return err
	}
	if err := r.calls(ctx); err != nil {
		return err
	}
	for _, k := range []Kind{Traces, Raw} {
		if err := r.step(ctx, func(ctx context.Context, held Held) error { return r.blank(ctx, k, held) }); err != nil {
			return err
		}
	}
	for _, k := range tables() {
		if err := r.table(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// step runs f alone, with the holds of now.
func (r *Runner) step(ctx context.Context, f func(ctx context.Context, held Held) error) error {
	return r.Alone(ctx, func(ctx context.Context) error {
		holds, err := r.Holds.InForce(ctx)
		if err != nil {
			return err
		}
		return f(ctx, heldBy(holds))
	})
}

// resume ends what an interrupted run had begun: days of calls that were archived, and not or not noted as dropped.
func (r *Runner) resume(ctx context.Context, held Held) error {
	if err := r.Calls.Settle(ctx); err != nil {
		return err
	}
	open, err := r.Log.Unfinished(ctx)
	if err != nil {
		return err
	}
	for i := range open {
		e := &open[i]
		there, err := r.Calls.Figures(ctx, e.Part)
		if err != nil {
			return err
		}
		switch {
		case there.Rows == 0:
			err = r.Log.End(ctx, e.ID)
		case there == e.Figures && e.Part.Held.equal(&held) && r.archived(ctx, e):
			err = r.drop(ctx, e)
		case there == e.Figures: // A hold came or went, or the archive is not whole: nothing was dropped, and it is begun anew.
			err = r.discard(ctx, e)
		default:
			err = fmt.Errorf("%w: of the calls of %s, %d rows were archived and %d are there: look at %s before you run it again",
				ErrArchive, e.Day.Format(time.DateOnly), e.Figures.Rows, there.Rows, e.File)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// archived reports whether the archive of an entry is there and whole, or none is wanted.
func (r *Runner) archived(ctx context.Context, e *Entry) bool {
	if e.File == "" {
		return r.Archives.Dir == ""
	}
	got, err := CallFigures(ctx, e.File)
	return err == nil && got == e.Figures
}

func (r *Runner) discard(ctx context.Context, e *Entry) error {
	if err := r.Calls.Unretire(ctx, e.ID); err != nil {
		return err
	}
	// The file before the note of it: one that is left over would be of nothing that was dropped.
	if err := r.Archives.remove(e.File); err != nil {
		return err
	}
	return r.Log.Discard(ctx, e.ID)
}

func (r *Runner) drop(ctx context.Context, e *Entry) error {
	if err := r.Calls.Retire(ctx, e.ID, e.Part, e.Figures); err != nil {
		return err
	}
	if err := r.Log.End(ctx, e.ID); err != nil {
		return err
	}
	r.Told(Done{e.Kind, e.Day, e.Figures.Rows, e.File})
	return nil
}

// calls drops days of calls.
func (r *Runner) calls(ctx context.Context) error {
	before, ok := r.Rules.Calls.before(r.Clock.Now())
	if !ok {
		return nil
	}
	days, err := r.Calls.Days(ctx, Held{})
	if err != nil {
		return err
	}
	for i := range days {
		day := days[i].Day
		if day.Add(24 * time.Hour).After(before) {
			break
		}
		err := r.step(ctx, func(ctx context.Context, held Held) error {
			obstacles, err := r.Books.Obstacles(ctx, before)
			if err != nil || slices.ContainsFunc(obstacles, func(o Obstacle) bool { return o.of(day) }) {
				return err
			}
			return r.day(ctx, day, held)
		})
		if err != nil {
			return fmt.Errorf("calls of %s: %w", day.Format(time.DateOnly), err)
		}
	}
	return nil
}

// day archives and drops a day of calls.
func (r *Runner) day(ctx context.Context, day time.Time, held Held) error {
	last, without, err := r.Books.Stable(ctx)
	if err != nil {
		return err
	}
	e := Entry{Kind: Calls, Day: day, Part: Part{Day: day, Last: last, Without: without, Held: held}, Made: r.Clock.Now()}
	if e.Figures, err = r.Calls.Figures(ctx, e.Part); err != nil || e.Figures.Rows == 0 {
		return err
	}
	if e.File, err = r.nextFile(ctx, Calls, day); err != nil {
		return err
	}
	if e.File != "" {
		if err := r.archiveCalls(ctx, &e); err != nil {
			return err
		}
	}
	if e.ID, err = r.Log.Begin(ctx, e); err != nil {
		return err
	}
	return r.drop(ctx, &e)
}

// nextFile returns the name of a day's archive; empty: there is to be none.
func (r *Runner) nextFile(ctx context.Context, k Kind, day time.Time) (string, error) {
	if r.Archives.Dir == "" {
		return "", nil
	}
	earlier, err := r.Log.Times(ctx, k, day)
	return r.Archives.name(k, day, earlier), err
}

func (r *Runner) archiveCalls(ctx context.Context, e *Entry) error {
	in, err := r.Calls.Read(ctx, e.Part)
	if err != nil {
		return err
	}
	defer in.Close()
	return r.Archives.keep(ctx, e.File, func(out io.Writer) error {
		_, err := export.Copy(ctx, out, in, export.Options{Format: export.Parquet}, func(int64) {})
		return err
	}, func(ctx context.Context, part string) error {
		got, err := CallFigures(ctx, part)
		if err == nil && got != e.Figures {
			err = fmt.Errorf("%w: it has %+v, the store %+v", ErrArchive, got, e.Figures)
		}
		return err
	})
}

func (r *Runner) blank(ctx context.Context, k Kind, held Held) error {
	before, ok := r.Rules.Of(k).before(r.Clock.Now())
	if !ok {
		return nil
	}
	_, free, err := r.Columns.Filled(ctx, k, before, held)
	if err != nil || free.Rows == 0 {
		return err
	}
	if err := r.Columns.Blank(ctx, k, before, held); err != nil {
		return err
	}
	r.Told(Done{Kind: k, Rows: free.Rows})
	return nil
}
