package terminal

import (
	"fmt"
	"io"
	"strings"

	"trunkline/console"
)

// History lists the changes of an object.
func History(list []console.ObjectVersion) *Table {
	t := &Table{Columns: []string{"revision", "at", "by", "changed"}, Of: "changes"}
	for i := range list {
		t.Add(figure(list[i].Revision), moment(list[i].At), list[i].By, changedIn(&list[i]))
	}
	return t
}

// changedIn names the fields that a change has changed, secrets without their values.
func changedIn(v *console.ObjectVersion) string {
	switch {
	case v.Spec == "":
		return "taken away"
	case v.Made:
		return "made"
	}
	fields := v.Changes
	names := make([]string, 0, len(fields))
	for n, f := range fields {
		if n == fieldsShown {
			names = append(names, fmt.Sprintf("and %d more", len(fields)-n))
			break
		}
		names = append(names, fmt.Sprintf("%s: %s -> %s", f.Path, quoteEmpty(f.Before), quoteEmpty(f.After)))
	}
	return strings.Join(names, "; ")
}

// ObjectThen prints an object as a version of it was set up.
func ObjectThen(out io.Writer, v *console.ObjectVersion) error {
	_, err := fmt.Fprintf(out, "# revision %d, %s, %s\n%s", v.Revision, moment(v.At), v.By, v.Spec)
	return err
}

// TariffVersions lists the versions of a tariff with when each is in force.
func TariffVersions(list []console.PriceVersion) *Table {
	t := &Table{Columns: []string{"revision", "version", "applied", "by", "begins", "ends", "state"}, Of: "versions"}
	for i := range list {
		v := &list[i]
		begins, ends := "always", ""
		if v.ValidFrom != nil {
			begins = moment(*v.ValidFrom)
		}
		if v.ValidUntil != nil {
			ends = moment(*v.ValidUntil)
		}
		t.Add(figure(v.Revision), v.Label, moment(v.Applied), v.By, begins, ends, strings.ReplaceAll(v.State, "_", " "))
	}
	return t
}
