package terminal

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"trunkline/console"
	"trunkline/provision"
)

// fieldsShown bounds the fields that are listed of one object.
const fieldsShown = 12

// Changes tells what an operator's file would change, object by object, and how much that is.
func Changes(out io.Writer, c *provision.Changes) {
	w := aligned(out)
	counts := make(map[provision.Action]int)
	for i := range c.List {
		change := &c.List[i]
		counts[change.Action]++
		fmt.Fprintf(w, "%s\t%s\t%s\n", change.Action, change.Kind, change.ID)
		for n, f := range change.Fields {
			if n == fieldsShown {
				fmt.Fprintf(w, "\t\t  ... and %d more fields\n", len(change.Fields)-n)
				break
			}
			fmt.Fprintf(w, "\t\t  %s: %s -> %s\n", f.Path, quoteEmpty(f.Before), quoteEmpty(f.After))
		}
	}
	_ = w.Flush() // The command's output: nothing can be done about it.
	for name := range c.Files {
		fmt.Fprintf(out, "file    %s\n", name)
	}
	fmt.Fprintf(out, "%d to create, %d to update, %d to delete, %d kept, %d files\n",
		counts[provision.Create], counts[provision.Update], counts[provision.Delete], counts[provision.Keep], len(c.Files))
}

// Kept tells what was changed elsewhere and stays as it is there.
func Kept(out io.Writer, kept []provision.Name) {
	for _, n := range kept {
		fmt.Fprintf(out, "kept    %s: it was changed at another place since the file was applied last\n", n)
	}
}

// Conflict shows what was changed both in the file and elsewhere, by whom and when there.
func Conflict(out io.Writer, c *provision.Conflict, by string, at time.Time) {
	what := "was changed"
	switch {
	case c.Gone:
		what = "was taken away"
	case c.Extra:
		what = "is not in the file, and was made or changed"
	}
	fmt.Fprintf(out, "conflict %s %s at another place by %s, %s", c.Name, what, by, at.Format(time.RFC3339))
	if !c.Extra {
		fmt.Fprint(out, ", and in the file too")
	}
	fmt.Fprintln(out)
	for n, f := range c.Fields {
		if n == fieldsShown {
			fmt.Fprintf(out, "           ... and %d more fields\n", len(c.Fields)-n)
			break
		}
		fmt.Fprintf(out, "           %s: stored %s, file %s\n", f.Path, quoteEmpty(f.Before), quoteEmpty(f.After))
	}
}

// NewVersions tells from when on the prices are in force that a revision brings, and what is so until then.
func NewVersions(out io.Writer, after *provision.Snapshot, revision int64, now time.Time) {
	o := after.Operator()
	for i := range o.Tariffs {
		newVersion(out, after.Timeline(provision.KindTariff, o.Tariffs[i].ID), revision, now)
	}
	for i := range o.Decks {
		newVersion(out, after.Timeline(provision.KindDeck, o.Decks[i].ID), revision, now)
	}
}

// newVersion tells of the version that a revision brings to a tariff or deck, if it brings any.
func newVersion(out io.Writer, line *provision.Timeline, revision int64, now time.Time) {
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

// ReadOtherwise tells which imports were read by other settings than those that are in force, PBX by PBX.
func ReadOtherwise(out io.Writer, list []console.Import) {
	slices.SortFunc(list, func(a, b console.Import) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.PBX, b.PBX))
	})
	for len(list) > 0 {
		first := list[0]
		n := slices.IndexFunc(list, func(i console.Import) bool { return i.Tenant != first.Tenant || i.PBX != first.PBX })
		if n < 0 {
			n = len(list)
		}
		calls := int64(0)
		for i := range n {
			calls += list[i].Calls
		}
		fmt.Fprintf(out, "PBX %s of %s: %d imports with %d calls were read by other settings (%s); `trunkline import again --tenant %s --pbx %s --changed --dry-run` shows what reading them anew gives\n",
			first.PBX, first.Tenant, n, calls, strings.Join(first.Changed, ", "), first.Tenant, first.PBX)
		list = list[n:]
	}
}
