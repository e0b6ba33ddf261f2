package smdr

import (
	"io"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Options are what a reader is to know of the system beside its format.
type Options struct {
	Zone      *time.Location // Of the system's clock; UTC if nil.
	Reference time.Time      // Records without a year are not later than a day after it.
	Day       time.Time      // First day of records that have a time and no day; zero when a header tells it.
	Stamp     string         // What the time of a record is, if not what the format says: start, answer or end.
	Charset   string         // Of the text: one of Charsets; utf-8 if empty. A byte order mark says more.
	Strict    bool           // A last line that nothing ended is cut off, and so a fault, not a record.
}

// Reader reads the records of one stream. Bytes are written to it as they come, in any pieces; the calls come out of the
// sink in an order that depends on the bytes alone. It is not safe for concurrent use.
type Reader struct {
	format    *Format
	options   Options
	sink      Sink
	in        intake
	narrow    narrow
	lines     splitter
	assembler *assembler
	cutter    cutter
	builder   builder
	joiner    *joiner
	runs      runs
	seen      *seen
	sum       Summary
	entry     entry
	takeLine  func(*line) error
	takeRec   func(*record) error
}

// NewReader returns a reader of one stream; a wrong Stamp or Charset is ErrDescription.
func NewReader(f *Format, o Options, sink Sink) (*Reader, error) {
	if o.Zone == nil || f.description.UTC {
		o.Zone = time.UTC
	}
	stamp := f.stamp
	if o.Stamp != "" {
		var err error
		if stamp, err = parseStamp(o.Stamp); err != nil {
			return nil, err
		}
	}
	set, err := parseCharset(o.Charset)
	if err != nil {
		return nil, err
	}
	r := &Reader{
		format: f, options: o, sink: sink, lines: splitter{framed: f.description.Layout.Framed},
		assembler: newAssembler(f), cutter: f.cutter(), seen: newSeen(),
		builder: builder{format: f, stamp: stamp, stamps: stamper{zone: o.Zone, reference: o.Reference, last: noon(o.Day)}},
	}
	r.joiner = newJoiner(f, r.emit, r.fault)
	r.in = intake{charset: set, to: lineWriter{r}}
	r.takeLine = func(l *line) error { return r.assembler.add(l, r.takeRec) }
	r.takeRec = r.record
	return r, nil
}

// Write reads the records that end in p. Its only errors are those of the sink.
func (r *Reader) Write(p []byte) (int, error) {
	r.sum.Bytes += int64(len(p))
	return r.in.Write(p)
}

// lineWriter takes the bytes of a stream as lines are cut in them.
type lineWriter struct{ r *Reader }

func (w lineWriter) Write(p []byte) (int, error) {
	if err := w.r.lines.write(p, w.r.takeLine); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close ends the stream: calls that waited for more of their records are given out.
func (r *Reader) Close() error {
	if err := r.rest(true); err != nil {
		return err
	}
	if err := r.assembler.close(r.takeRec); err != nil {
		return err
	}
	return r.joiner.close()
}

// rest reads a last line that nothing ended.
func (r *Reader) rest(end bool) error {
	if err := r.in.rest(end); err != nil {
		return err
	}
	return r.lines.rest(r.takeLine)
}

// record reads one record.
func (r *Reader) record(rec *record) error {
	text, ok := r.in.charset.text(rec.raw)
	if !ok {
		r.sum.Foreign++
	}
	if rec.fault == "" && rec.partial && r.options.Strict {
		rec.fault = "cut off: the stream ended within the line"
	}
	if rec.fault != "" {
		return r.fault(Fault{rec.line, rec.fault, text})
	}
	if r.header(text) || r.passes(text) {
		r.sum.Other++
		return nil
	}
	reason := r.cut(rec.raw, text)
	if reason == "" {
		reason = r.builder.build(rec, &r.entry)
	}
	switch reason {
	case "":
	case skipped:
		r.sum.Other++
		return nil
	default:
		return r.fault(Fault{rec.line, reason, text})
	}
	return r.understood(rec, text)
}

// understood counts a record that was read, and gives it to its call unless it is a repetition.
func (r *Reader) understood(rec *record, text string) error {
	r.sum.Records++
	c := &r.entry.call
	c.Digest = xxhash.Sum64String(rec.raw)
	c.Raw = text
	c.Again = r.runs.count(c.Wall, c.Digest)
	if r.seen.before(c.Digest ^ uint64(c.Wall.UnixMicro())*0x9e3779b97f4a7c15 ^ uint64(c.Again)*0xff51afd7ed558ccd) { //nolint:gosec // A mixture of bits.
		r.sum.Duplicates++
		return nil
	}
	if r.entry.unsynchronised {
		r.sum.Unsynchronised++
	}
	r.sum.time(c.Start)
	return r.joiner.add(&r.entry)
}

// cut puts the fields of a record into the builder. The columns of fixed layouts are bytes of single-byte charsets and
// characters of UTF-16; everything else is cut when it is decoded.
func (r *Reader) cut(raw, text string) string {
	set, v := &r.in.charset, &r.builder.values
	if r.format.description.Layout.Kind != "fixed" || isASCII(raw) {
		if set.single == nil {
			text = raw
		}
		return r.cutter.cut(text, v)
	}
	decode := set.decode
	if set.wide {
		raw, decode = r.narrow.pack(raw), r.narrow.unpack
	}
	reason := r.cutter.cut(raw, v)
	for i := range v {
		v[i] = decode(v[i])
	}
	return reason
}

// passes reports whether a line is no record: one that the format skips, wherever on the page it begins, or a ruler, or
// the echo of a password, with the question for it or without.
func (r *Reader) passes(raw string) bool {
	text := strings.TrimLeft(raw, " \t")
	if _, echo, ok := strings.Cut(text, "assword:"); ok {
		text = echo
	}
	return r.format.skip.any(raw) || r.format.skip.any(text) || strings.Trim(text, "*-=_ ") == ""
}

// header takes the day out of a line that tells it.
func (r *Reader) header(raw string) bool {
	for i := range r.format.dates {
		h := &r.format.dates[i]
		if !h.line.match(raw) {
			continue
		}
		at := findShape(raw, h.shape)
		if at < 0 {
			continue
		}
		var m moment
		if !h.form.read(raw[at:at+len(h.shape)], &m) {
			continue
		}
		if t, _, reason := r.builder.stamps.resolve(&m); reason == "" {
			r.builder.stamps.last = t.Add(h.shift())
		}
		return true
	}
	return false
}

func (r *Reader) emit(c *Call) error {
	r.sum.Calls++
	return r.sink.Call(c)
}

func (r *Reader) fault(f Fault) error {
	r.sum.Faulty++
	return r.sink.Fault(f)
}

// Summary returns what was read so far.
func (r *Reader) Summary() Summary {
	s := r.sum
	s.Lines, s.Joined = r.lines.number, r.joiner.joined
	return s
}

// ReadAll reads a whole stream and closes the reader.
func (r *Reader) ReadAll(in io.Reader) error {
	buffer := make([]byte, 256<<10)
	for {
		n, err := in.Read(buffer)
		if n > 0 {
			if _, err := r.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return r.Close()
		}
		if err != nil {
			return err
		}
	}
}

// shift is added to the time of a heading without a time of day: the day that it tells is nearest to its own noon.
func (h *headerDate) shift() time.Duration {
	for _, op := range h.form {
		if op.kind == 'H' || op.kind == 'h' {
			return 0
		}
	}
	return halfDay
}

const halfDay = 12 * time.Hour

func noon(day time.Time) time.Time {
	if day.IsZero() {
		return day
	}
	return day.Add(halfDay)
}

// Settle says that nothing came for a long time: a last line without an end is complete, and calls that wait for more
// records are given out. Calls of events that have not ended go on.
func (r *Reader) Settle() error {
	if err := r.rest(false); err != nil {
		return err
	}
	if r.format.events != nil {
		return nil
	}
	if err := r.assembler.close(r.takeRec); err != nil {
		return err
	}
	return r.joiner.close()
}
