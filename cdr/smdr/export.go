package smdr

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Writer writes calls in the form of `trunkline import parse`.
type Writer struct {
	out     *bufio.Writer
	json    bool
	started bool
	buffer  []byte
}

// columns are the names of the columns, in their order.
const columns = "source,line,start,ring,duration,direction,from,to,extension,trunk,account,cause,raw"

// NewWriter returns a writer of "csv" or "json" (one object a line).
func NewWriter(out io.Writer, kind string) (*Writer, error) {
	if kind != "csv" && kind != "json" {
		return nil, fmt.Errorf("the output is csv or json, not %q", kind)
	}
	return &Writer{out: bufio.NewWriterSize(out, 256<<10), json: kind == "json"}, nil
}

// Write writes one call.
func (w *Writer) Write(c *Call) error {
	b := w.buffer[:0]
	if w.json {
		b = w.object(b, c)
	} else {
		if !w.started {
			b = append(b, columns+"\n"...)
			w.started = true
		}
		b = w.row(b, c)
	}
	w.buffer = b
	_, err := w.out.Write(b)
	return err
}

// Close writes what is left, and the heading where there was no call.
func (w *Writer) Close() error {
	if !w.json && !w.started {
		if _, err := w.out.WriteString(columns + "\n"); err != nil {
			return err
		}
		w.started = true
	}
	return w.out.Flush()
}

func directionWord(c *Call) string {
	if c.Direction == 0 {
		return ""
	}
	return c.Direction.String()
}

func (w *Writer) row(b []byte, c *Call) []byte {
	b = appendCell(b, c.Source)
	b = append(strconv.AppendInt(append(b, ','), c.Line, 10), ',')
	b = append(c.Start.AppendFormat(b, time.RFC3339), ',')
	b = append(strconv.AppendInt(b, seconds(c.Ring), 10), ',')
	b = append(strconv.AppendInt(b, seconds(c.Duration), 10), ',')
	b = append(b, directionWord(c)...)
	for _, s := range [...]string{c.From, c.To, c.Extension, c.Trunk, c.Account, c.Cause, c.Raw} {
		b = appendCell(append(b, ','), s)
	}
	return append(b, '\n')
}

// seconds are whole seconds; parts of one count as one, so that no answered call lasts none.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

func appendCell(b []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\r\n") && (s == "" || s[0] != ' ') {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

func (w *Writer) object(b []byte, c *Call) []byte {
	b = append(b, '{')
	text := func(name, value string) {
		b = append(append(b, '"'), name...)
		b = append(b, "\":"...)
		b = append(appendString(b, value), ',')
	}
	number := func(name string, n int64) {
		b = append(append(b, '"'), name...)
		b = append(strconv.AppendInt(append(b, "\":"...), n, 10), ',')
	}
	text("source", c.Source)
	number("line", c.Line)
	text("start", c.Start.Format(time.RFC3339))
	number("ring", seconds(c.Ring))
	number("duration", seconds(c.Duration))
	text("direction", directionWord(c))
	text("from", c.From)
	text("to", c.To)
	text("extension", c.Extension)
	text("trunk", c.Trunk)
	text("account", c.Account)
	text("cause", c.Cause)
	text("raw", c.Raw)
	b[len(b)-1] = '}'
	return append(b, '\n')
}

// appendString writes a JSON string (RFC 8259, section 7).
func appendString(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, "\\u00"...)
			b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
