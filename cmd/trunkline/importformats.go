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
		Short: "List the formats that can be read, with the documents they were taken from",
		Long: `Formats lists every built-in format with the documents that its layout was taken from, and whether they settle it
(sure: yes, partly or no). With a name it shows the notes of that format too.`,
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
	fmt.Fprintf(&b, "%-20s %s\n%-20s sure: %s\n", d.Name, d.Title, "", d.Sure)
	for _, s := range d.Sources {
		fmt.Fprintf(&b, "%-20s from: %s\n", "", s)
	}
	if notes && d.Notes != "" {
		fmt.Fprintf(&b, "%-20s %s\n", "", d.Notes)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
