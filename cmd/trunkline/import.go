package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/pbx"
	"trunkline/cdr/smdr"
)

func newImportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Call records of other systems: SMDR of PBXs, CDRs of other switches",
		Long: `Import reads the call records of PBXs and of other switches. parse shows what it makes of a file and needs no engine; file
brings the calls of a file into the system, where they are rated and reported like our own; errors lists what could not be read.`,
	}
	cmd.AddCommand(newParseCommand(), newFormatsCommand(), newImportFileCommand(), newImportErrorsCommand(),
		newImportListCommand(), newImportUndoCommand(), newImportAgainCommand())
	return cmd
}

// readOptions are the flags that say how a file is to be read.
type readOptions struct {
	format  string
	zone    string
	day     string
	stamp   string
	charset string
}

func (o *readOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "auto", "name of a format, a file with a description (./mine.yaml), or auto")
	f.StringVar(&o.zone, "time-zone", "", "time zone of the system's clock, such as Europe/Moscow (default UTC)")
	f.StringVar(&o.day, "day", "", "first day (YYYY-MM-DD) of records that have a time and no date")
	f.StringVar(&o.charset, "charset", "utf-8", "of names and notes: "+strings.Join(smdr.Charsets(), ", "))
	f.StringVar(&o.stamp, "stamp", "", "what the time of a record is, if not what the format says: start, answer or end")
}

// options makes reader's options of the flags; changed is when the file was last written.
func (o *readOptions) options(changed time.Time) (smdr.Options, error) {
	out := smdr.Options{Zone: time.UTC, Reference: changed, Stamp: o.stamp, Charset: o.charset}
	if err := smdr.CheckCharset(o.charset); err != nil {
		return out, withCode(exitUsage, fmt.Errorf("--charset: %w", err))
	}
	if o.zone != "" {
		zone, err := time.LoadLocation(o.zone)
		if err != nil {
			return out, withCode(exitUsage, fmt.Errorf("--time-zone: %w: use a name such as Europe/Moscow", err))
		}
		out.Zone = zone
	}
	if o.day != "" {
		day, err := time.ParseInLocation(time.DateOnly, o.day, out.Zone)
		if err != nil {
			return out, withCode(exitUsage, fmt.Errorf("--day: %w: write 2026-11-21", err))
		}
		out.Day = day
	}
	return out, nil
}

// loadFormat finds a format by name or reads its description; nil for auto.
func loadFormat(name string) (*smdr.Format, error) {
	if name == "" || name == "auto" {
		return nil, nil //nolint:nilnil // No format means that it is to be found out.
	}
	if !strings.ContainsAny(name, "/\\") && !strings.HasSuffix(name, ".yaml") {
		f, err := smdr.BuiltIn(name)
		return f, withCode(exitUsage, err)
	}
	file, err := os.Open(name) //nolint:gosec // Named on the command line.
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	defer file.Close()
	f, err := smdr.Read(file)
	if err != nil {
		return nil, withCode(exitUsage, fmt.Errorf("%s: %w", name, err))
	}
	return f, nil
}

func newParseCommand() *cobra.Command {
	var o readOptions
	var out string
	cmd := &cobra.Command{
		Use:   "parse FILE",
		Short: "Show the calls of a file as CSV or JSON; needs no engine",
		Long: `Parse prints one line for every call: source,line,start,ring,duration,direction,from,to,extension,trunk,account,cause,raw.
Start is RFC 3339 in the time zone given, ring and duration are seconds. What could not be read is listed on the standard
error with its line number and the reason; so is a summary. FILE may be "-", the standard input.

Exit status: 0 done; 2 an option or the file name is wrong; 3 done, but some lines could not be read.`,
		Example: "  trunkline import parse --format auto smdr.log --out csv\n" +
			"  nc pbx 2300 | trunkline import parse --format panasonic-tda-c - --out json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return parseFile(cmd.Context(), cmd, args[0], &o, out)
		},
	}
	o.register(cmd)
	cmd.Flags().StringVar(&out, "out", "csv", "csv or json (one object a line)")
	return cmd
}

// parseSink prints calls and lists faults.
type parseSink struct {
	ctx    context.Context //nolint:containedctx // Lives as long as one file is read.
	calls  *smdr.Writer
	faults *bufio.Writer
}

func (s *parseSink) Call(c *smdr.Call) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return s.calls.Write(c)
}

func (s *parseSink) Fault(f smdr.Fault) error {
	_, err := fmt.Fprintf(s.faults, "line %d: %s: %s\n", f.Line, f.Reason, shortened(f.Raw))
	return err
}

// shortened is text for one line of a list.
func shortened(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' {
			return '|'
		}
		if r < ' ' {
			return '\ufffd'
		}
		return r
	}, s)
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "..."
	}
	return s
}

func parseFile(ctx context.Context, cmd *cobra.Command, name string, o *readOptions, kind string) error {
	errOut := cmd.ErrOrStderr()
	writer, err := smdr.NewWriter(cmd.OutOrStdout(), kind)
	if err != nil {
		return withCode(exitUsage, fmt.Errorf("--out: %w", err))
	}
	format, err := loadFormat(o.format)
	if err != nil {
		return err
	}
	in, changed, err := pbx.OpenRecords(name, cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer in.Close()
	options, err := o.options(changed)
	if err != nil {
		return err
	}
	source := bufio.NewReaderSize(in, smdr.DetectBytes)
	if format == nil {
		if format, err = pbx.Recognise(source, pbx.Rewound(name, in, source), options, errOut); err != nil {
			return err
		}
	}
	sink := &parseSink{ctx, writer, bufio.NewWriter(errOut)}
	reader, err := smdr.NewReader(format, options, sink)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if err := reader.ReadAll(source); err != nil {
		return err
	}
	if err := errors.Join(writer.Close(), sink.faults.Flush()); err != nil {
		return err
	}
	sum := reader.Summary()
	printSummary(errOut, &sum)
	if sum.Faulty > 0 {
		return withCode(exitPartial, fmt.Errorf("%d records could not be read", sum.Faulty))
	}
	return nil
}

func printSummary(out io.Writer, s *smdr.Summary) {
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
