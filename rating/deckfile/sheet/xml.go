package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlScanner reads the XML of a spreadsheet tag by tag. It knows what programs that write spreadsheets use: elements, attributes,
// text, references to characters, and comments. A part with entities of its own is refused. A tag or a text that is longer than
// the buffer is an error, so a cell of absurd size needs no memory.
type xmlScanner struct {
	in    *bufio.Reader
	name  []byte // Of the last tag, without its prefix; valid until the next call.
	attrs []byte
	end   bool // It is an end tag, or an element without content.
	alone bool // It is an element without content.
	text  []byte
}

func newXMLScanner(in io.Reader) *xmlScanner {
	return &xmlScanner{in: bufio.NewReaderSize(in, 4*maxCell)}
}

// tag goes to the next tag; text is what stood before it. io.EOF: there is none.
func (x *xmlScanner) tag() error {
	text, err := x.in.ReadSlice('<')
	if err != nil {
		if errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("%w: a cell has more than %d characters", ErrFile, maxCell)
		}
		return err
	}
	x.text = append(x.text[:0], text[:len(text)-1]...)
	tag, err := x.in.ReadSlice('>')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return fmt.Errorf("%w: XML: a tag of absurd size", ErrFile)
	case err != nil:
		return fmt.Errorf("%w: XML ends within a tag", ErrFile)
	}
	tag = tag[:len(tag)-1]
	if len(tag) == 0 {
		return fmt.Errorf("%w: XML: an empty tag", ErrFile)
	}
	switch tag[0] {
	case '!':
		return x.declaration(tag)
	case '?':
		return x.tag()
	}
	x.end, x.alone = tag[0] == '/', tag[len(tag)-1] == '/'
	tag = bytes.TrimSuffix(bytes.TrimPrefix(tag, []byte("/")), []byte("/"))
	x.name, x.attrs = tag, nil
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		x.name, x.attrs = tag[:i], tag[i:]
	}
	if i := bytes.IndexByte(x.name, ':'); i >= 0 {
		x.name = x.name[i+1:]
	}
	return nil
}

// declaration skips a comment, and refuses anything else.
func (x *xmlScanner) declaration(tag []byte) error {
	if !bytes.HasPrefix(tag, []byte("!--")) {
		return fmt.Errorf("%w: XML with declarations of its own", ErrFile)
	}
	for !bytes.HasSuffix(tag, []byte("--")) {
		var err error
		if tag, err = x.in.ReadSlice('>'); err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("%w: XML ends within a comment", ErrFile)
		}
		tag = bytes.TrimSuffix(tag, []byte(">"))
	}
	return x.tag()
}

// attr returns an attribute of the last tag; the name may be without its prefix.
func (x *xmlScanner) attr(name string) string {
	for rest := x.attrs; ; {
		i := bytes.IndexByte(rest, '=')
		if i < 0 || i+1 >= len(rest) {
			return ""
		}
		key := bytes.TrimSpace(rest[:i])
		quote := rest[i+1]
		value := rest[i+2:]
		end := bytes.IndexByte(value, quote)
		if end < 0 {
			return ""
		}
		if string(key) == name || bytes.HasSuffix(key, []byte(":"+name)) {
			return unescape(value[:end])
		}
		rest = value[end+1:]
	}
}

// unescape replaces references to characters.
func unescape(text []byte) string {
	if bytes.IndexByte(text, '&') < 0 {
		if bytes.Contains(text, []byte("_x000D_")) {
			return strings.ReplaceAll(string(text), "_x000D_", "")
		}
		return string(text)
	}
	var b strings.Builder
	for rest := string(text); ; {
		before, after, found := strings.Cut(rest, "&")
		b.WriteString(before)
		if !found {
			return strings.ReplaceAll(b.String(), "_x000D_", "")
		}
		name, behind, closed := strings.Cut(after, ";")
		if r, ok := reference(name); ok && closed {
			b.WriteRune(r)
			rest = behind
			continue
		}
		b.WriteByte('&')
		rest = after
	}
}

func reference(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, numeric := strings.CutPrefix(name, "#")
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseInt(digits, base, 32)
	return rune(n), numeric && err == nil && utf8.ValidRune(rune(n))
}
