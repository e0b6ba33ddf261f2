package pbx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"trunkline/cdr/smdr"
	"trunkline/console/terminal"
	"trunkline/internal/cause"
)

// Reading is how a file of records is to be read, in the words of whoever names it.
type Reading struct {
	Format  string // Name of a format, a file with a description, or auto.
	Zone    string // Time zone of the system's clock; UTC if empty.
	Day     string // First day of records that have a time and no date; empty: none.
	Stamp   string // What the time of a record is; empty: what the format says.
	Charset string
	Out     string // How calls are written: csv or json, one object a line.
}

// options are what a reader is to know; changed is when the file was last written. Errors name the flag.
func (r *Reading) options(changed time.Time) (smdr.Options, error) {
	out := smdr.Options{Zone: time.UTC, Reference: changed, Stamp: r.Stamp, Charset: r.Charset}
	if err := smdr.CheckCharset(r.Charset); err != nil {
		return out, fmt.Errorf("--charset: %w", err)
	}
	if r.Zone != "" {
		zone, err := time.LoadLocation(r.Zone)
		if err != nil {
			return out, fmt.Errorf("--time-zone: %w: use a name such as Europe/Moscow", err)
		}
		out.Zone = zone
	}
	day, err := FirstDay(r.Day, out.Zone)
	out.Day = day
	return out, err
}

// FirstDay reads the day of a flag --day, in a time zone; empty text is none.
func FirstDay(text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("--day: %w: write 2026-11-21", err)
	}
	return day, nil
}

// loadFormat finds a format by name or reads its description; nil for auto.
func loadFormat(name string) (*smdr.Format, error) {
	if name == "" || name == "auto" {
		return nil, nil //nolint:nilnil // No format means that it is to be found out.
	}
	if !strings.ContainsAny(name, "/\\") && !strings.HasSuffix(name, ".yaml") {
		return smdr.BuiltIn(name)
	}
	file, err := os.Open(name) //nolint:gosec // Named on the command line.
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f, err := smdr.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// printer prints calls, and lists faults beside them.
type printer struct {
	ctx    context.Context //nolint:containedctx // Lives as long as one file is read.
	calls  *smdr.Writer
	faults *bufio.Writer
}

// Call implements smdr.Sink.
func (p *printer) Call(c *smdr.Call) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	return p.calls.Write(c)
}

// Fault implements smdr.Sink.
func (p *printer) Fault(f smdr.Fault) error {
	_, err := p.faults.WriteString(terminal.Fault(f))
	return err
}

// Parse reads the records of a file, or of stdin for "-", and writes their calls on out; on errOut stand the format that they are found to have
// and the records that cannot be read. It needs no engine. A file or a reading that is wrong is an error that is marked as cause.Input.
func (r *Reading) Parse(ctx context.Context, name string, stdin io.Reader, out, errOut io.Writer) (sum smdr.Summary, err error) {
	writer, err := smdr.NewWriter(out, r.Out)
	if err != nil {
		return sum, cause.Mark(cause.Input, fmt.Errorf("--out: %w", err))
	}
	sink := &printer{ctx, writer, bufio.NewWriter(errOut)}
	if sum, err = r.read(name, stdin, sink, errOut); err != nil {
		return sum, err
	}
	return sum, errors.Join(writer.Close(), sink.faults.Flush())
}

func (r *Reading) read(name string, stdin io.Reader, sink smdr.Sink, errOut io.Writer) (sum smdr.Summary, err error) {
	format, err := loadFormat(r.Format)
	if err != nil {
		return sum, cause.Mark(cause.Input, err)
	}
	in, changed, err := OpenRecords(name, stdin)
	if err != nil {
		return sum, err
	}
	defer in.Close()
	options, err := r.options(changed)
	if err != nil {
		return sum, cause.Mark(cause.Input, err)
	}
	source := bufio.NewReaderSize(in, smdr.DetectBytes)
	if format == nil {
		if format, err = Recognise(source, Rewound(name, in, source), options, errOut); err != nil {
			return sum, err
		}
	}
	reader, err := smdr.NewReader(format, options, sink)
	if err != nil {
		return sum, cause.Mark(cause.Input, err)
	}
	err = reader.ReadAll(source)
	return reader.Summary(), err
}
