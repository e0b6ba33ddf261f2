package main

import (
	"io"

	"trunkline/app/reporting"
	"trunkline/reports/export"
)

// writeTableFile writes a report in the format of a file's ending.
func writeTableFile(name, locale string, t *export.Table) error {
	o, err := reporting.Format("", name, locale)
	if err != nil {
		return withCode(exitUsage, err)
	}
	o.BOM = o.Comma
	return writeFile(name, func(w io.Writer) error { return t.Write(w, o) })
}
