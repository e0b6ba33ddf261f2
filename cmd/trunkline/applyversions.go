package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"trunkline/app"
	"trunkline/console"
	"trunkline/provision"
)

// printKept tells what was changed elsewhere and stays as it is there.
func printKept(out io.Writer, kept []provision.Name) {
	for _, n := range kept {
		fmt.Fprintf(out, "kept    %s: it was changed at another place since the file was applied last\n", n)
	}
}

// printConflicts shows what was changed both in the file and elsewhere, and refuses it with how to choose.
func printConflicts(ctx context.Context, l *app.Local, errOut io.Writer, list []provision.Conflict) error {
	for i := range list {
		c := &list[i]
		at, by, err := l.LastChange(ctx, l.Who, c.Name)
		if err != nil {
			return err
		}
		what := "was changed"
		switch {
		case c.Gone:
			what = "was taken away"
		case c.Extra:
			what = "is not in the file, and was made or changed"
		}
		fmt.Fprintf(errOut, "conflict %s %s at another place by %s, %s", c.Name, what, by, at.Format(time.RFC3339))
		if !c.Extra {
			fmt.Fprint(errOut, ", and in the file too")
		}
		fmt.Fprintln(errOut)
		for n, f := range c.Fields {
			if n == fieldsShown {
				fmt.Fprintf(errOut, "           ... and %d more fields\n", len(c.Fields)-n)
				break
			}
			fmt.Fprintf(errOut, "           %s: stored %s, file %s\n", f.Path, quoteEmpty(f.Before), quoteEmpty(f.After))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return withCode(exitConflict, fmt.Errorf("%d things were changed at another place too, and nothing was applied: --keep %s leaves what is stored, "+
		"--overwrite %s takes what the file says", len(list), list[0].Name, list[0].Name))
}

// printVersions tells from when on the prices are in force that the changes bring, and what is so until then.
func printVersions(ctx context.Context, l *app.Local, p *console.ApplyPlan, out io.Writer, now time.Time) error {
	next := p.Revision()
	snapshot, err := l.AfterApply(ctx, l.Who, p, now)
	if err != nil {
		return err
	}
	o := snapshot.Operator()
	for i := range o.Tariffs {
		printVersion(out, snapshot.Timeline(provision.KindTariff, o.Tariffs[i].ID), next, now)
	}
	for i := range o.Decks {
		printVersion(out, snapshot.Timeline(provision.KindDeck, o.Decks[i].ID), next, now)
	}
	return nil
}

// printVersion tells of the version that a revision brings to a tariff or deck, if it brings any.
func printVersion(out io.Writer, line *provision.Timeline, revision int64, now time.Time) {
	v := line.Latest()
	if v == nil || v.Revision != revision || len(line.All()) == 1 && v.Begins.IsZero() {
		return
	}
	fmt.Fprintf(out, "version %s ", v.Label)
	before := line.At(v.Begins.Add(-1))
	switch {
	case v.Begins.After(now) && before != nil && before != v:
		fmt.Fprintf(out, "is in force from %s; until then %s is\n", v.Begins.UTC().Format(time.RFC3339), before.Label)
	case v.Begins.After(now):
		fmt.Fprintf(out, "is in force from %s; until then nothing is, and its calls are refused\n", v.Begins.UTC().Format(time.RFC3339))
	case before != nil && before != v:
		fmt.Fprintf(out, "is in force from now on; calls of before keep %s (`trunkline rerate` prices them again)\n", before.Label)
	default:
		fmt.Fprintf(out, "is in force since %s\n", v.Begins.UTC().Format(time.RFC3339))
	}
	for _, later := range line.All() {
		if later != v && !later.Withdrawn && later.Begins.After(now) && later.Begins.After(v.Begins) {
			fmt.Fprintf(out, "        %s stays announced for %s (`trunkline tariff withdraw` takes it back)\n", later.Label, later.Begins.UTC().Format(time.RFC3339))
		}
	}
	if !v.Ends.IsZero() && (line.Next(v.Begins).IsZero() || line.Next(v.Begins).After(v.Ends)) {
		fmt.Fprintf(out, "        warning: nothing is in force from %s on: apply the version that follows before then\n", v.Ends.UTC().Format(time.RFC3339))
	}
}
