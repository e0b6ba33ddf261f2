package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/cdr/smdr"
)

func newFormatsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "formats [NAME]",
		Short: "List the formats that can be read, with what proves them",
		Long: `Formats lists every built-in format with its proof and the documents that it was taken from, first of them where the
proof was found. The proof is one of

  field     the tests read records that a system in the field wrote
  sample    the tests read what the vendor printed as an example
  layout    the vendor's table of the layout, or the source of a program that reads it; the values in the tests are made up
  unproven  no public document was found: a beginning for a description of your own

With a name it shows the notes of that format too.`,
		Example: "  trunkline import formats\n  trunkline import formats samsung",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				f, err := smdr.BuiltIn(args[0])
				if err != nil {
					return withCode(exitUsage, err)
				}
				return printFormat(cmd.OutOrStdout(), f, true)
			}
			all, err := smdr.All()
			if err != nil {
				return err
			}
			for _, f := range all {
				if err := printFormat(cmd.OutOrStdout(), f, false); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func printFormat(out io.Writer, f *smdr.Format, notes bool) error {
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
