package terminal

import (
	"fmt"
	"io"
	"strings"
	"time"

	"trunkline/cdr/importer"
	"trunkline/cdr/smdr"
	"trunkline/console"
)

// ReadRecords tells what was read of a stream of records, from when to when, and where it is silent.
func ReadRecords(out io.Writer, s *smdr.Summary) {
	fmt.Fprintf(out, "lines %d, calls %d, joined %d, duplicates %d, faulty %d, other %d", s.Lines, s.Calls, s.Joined, s.Duplicates, s.Faulty, s.Other)
	if s.Unsynchronised > 0 {
		fmt.Fprintf(out, ", unsynchronised %d", s.Unsynchronised)
	}
	fmt.Fprintln(out)
	if s.Foreign > 0 {
		fmt.Fprintf(out, "hint: %d records have bytes that are not UTF-8: give the charset of the system (cp1251, cp866, koi8-r, latin1)\n", s.Foreign)
	}
	if s.First.IsZero() {
		return
	}
	fmt.Fprintf(out, "from %s to %s\n", s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339))
	for _, g := range s.Gaps {
		fmt.Fprintf(out, "silent from %s to %s (%s)\n", g.From.Format(time.RFC3339), g.Till.Format(time.RFC3339), g.Till.Sub(g.From).Truncate(time.Minute))
	}
}

// Fault is one line of a record that could not be read.
func Fault(f smdr.Fault) string {
	return fmt.Sprintf("line %d: %s: %s\n", f.Line, f.Reason, oneLine(f.Raw))
}

// ImportFaults lists the records that could not be read or rated.
func ImportFaults(out io.Writer, faults []console.ImportFault) error {
	w := aligned(out)
	fmt.Fprint(w, "ID\tFOUND\tTENANT\tPBX\tFILE\tLINE\tREASON\tRECORD\n")
	for i := range faults {
		f := &faults[i]
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", f.ID, f.Found.UTC().Format(time.RFC3339), f.Tenant, f.PBX, f.File, f.Line, f.Reason, oneLine(f.Record))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d records\n", len(faults))
	return err
}

// RecordFormat shows a format of records, with what proves it, and its notes if asked for.
func RecordFormat(out io.Writer, f *smdr.Format, notes bool) error {
	d := f.Description()
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %s\n", d.Name, d.Title)
	for i, s := range d.Sources {
		word := "and from"
		if i == 0 {
			word = string(d.Proof)
		}
		fmt.Fprintf(&b, "%-20s %s: %s\n", "", word, s)
	}
	if notes && d.Notes != "" {
		fmt.Fprintf(&b, "%-20s %s\n", "", d.Notes)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// Imports lists what was imported, and what has become of it.
func Imports(list []console.Import) *Table {
	t := &Table{Of: "imports", Columns: []string{
		"id", "begun", "tenant", "pbx", "file", "way", "calls", "unusable", "first_call", "last_call", "state", "changed", "by",
	}}
	for i := range list {
		m := &list[i]
		state := m.State
		if m.ReimportOf != 0 {
			state += fmt.Sprintf("; %d anew", m.ReimportOf)
		}
		t.Add(figure(m.ID), moment(m.Started), m.Tenant, m.PBX, m.File, m.Method, figure(m.Calls),
			figure(m.Unusable), moment(m.First), moment(m.Last), state, strings.Join(m.Changed, " "), m.By)
	}
	return t
}

// ImportsUndone tells which calls were taken back, and which stay.
func ImportsUndone(out io.Writer, u *importer.Undo) {
	fmt.Fprintf(out, "undo %d: %d calls of PBX %s of %s taken back\n", u.ID, u.Legs, u.PBX, u.Tenant)
	if u.Shared > 0 {
		fmt.Fprintf(out, "%d calls stay: other imports have brought them, too (%s)\n", u.Shared, strings.Trim(fmt.Sprint(u.Others), "[]"))
	}
}

// ImportsAnew compares imports with what reading them anew would give.
func ImportsAnew(list []importer.Outlook) *Table {
	t := &Table{Of: "imports", Columns: []string{"id", "file", "calls", "would_be", "unusable", "would_be_unusable", "first_call", "would_be_first", "last_call", "would_be_last"}}
	for i := range list {
		l := &list[i]
		t.Add(figure(l.Import.ID), l.Import.Origin, figure(l.Import.Calls), figure(l.Calls),
			figure(l.Import.Unusable), figure(l.Unusable), moment(l.Import.First), moment(l.First), moment(l.Import.Last), moment(l.Last))
	}
	return t
}
