package smdr

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// charset is how the text of a system is encoded.
type charset struct {
	single *charmap.Charmap   // One byte a character; decoded after lines are cut.
	wide   bool               // UTF-16; decoded before lines are cut.
	order  unicode.Endianness // Of UTF-16 without a byte order mark.
}

// Charsets are the encodings that a system may use.
func Charsets() []string {
	return []string{"utf-8", "cp1251", "cp866", "koi8-r", "latin1", "utf-16", "utf-16le", "utf-16be"}
}

// CheckCharset returns an error for the name of an encoding that cannot be read; empty is utf-8.
func CheckCharset(name string) error {
	_, err := parseCharset(name)
	return err
}

func parseCharset(name string) (charset, error) {
	switch name {
	case "", "utf-8":
		return charset{}, nil
	case "cp1251":
		return charset{single: charmap.Windows1251}, nil
	case "cp866":
		return charset{single: charmap.CodePage866}, nil
	case "koi8-r":
		return charset{single: charmap.KOI8R}, nil
	case "latin1":
		return charset{single: charmap.ISO8859_1}, nil
	case "utf-16", "utf-16le":
		return charset{wide: true, order: unicode.LittleEndian}, nil
	case "utf-16be":
		return charset{wide: true, order: unicode.BigEndian}, nil
	}
	return charset{}, fmt.Errorf("%w: charset is %q: use utf-8, cp1251, cp866, koi8-r, latin1, utf-16, utf-16le or utf-16be", ErrDescription, name)
}

// text returns what the bytes of a record say; false: they are not of this charset.
func (c *charset) text(raw string) (string, bool) {
	switch {
	case isASCII(raw):
		return valid(raw), true
	case c.single == nil:
		return valid(raw), utf8.ValidString(raw)
	}
	return valid(c.decode(raw)), true
}

// decode makes UTF-8 of text with one byte a character.
func (c *charset) decode(s string) string {
	if c.single == nil || isASCII(s) {
		return s
	}
	out := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		out = utf8.AppendRune(out, c.single.DecodeByte(s[i]))
	}
	return string(out)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// intake takes the bytes of a stream as they come: it passes over a byte order mark and makes UTF-8 of UTF-16.
type intake struct {
	charset charset
	to      io.Writer
	head    []byte // The first bytes, as long as they may be a mark.
	begun   bool
	wide    *transform.Writer
}

// The byte order marks.
const (
	markUTF8 = "\xef\xbb\xbf"
	markLE   = "\xff\xfe"
	markBE   = "\xfe\xff"
)

func (in *intake) Write(p []byte) (int, error) {
	if !in.begun {
		in.head = append(in.head, p...)
		if mayBeMark(string(in.head)) {
			return len(p), nil
		}
		return len(p), in.begin()
	}
	return in.pass(p)
}

func (in *intake) pass(p []byte) (int, error) {
	if in.wide != nil {
		return in.wide.Write(p)
	}
	return in.to.Write(p)
}

// mayBeMark reports whether more bytes are wanted to know if a stream begins with a mark.
func mayBeMark(head string) bool {
	for _, mark := range [...]string{markUTF8, markLE, markBE} {
		if len(head) < len(mark) && mark[:len(head)] == head {
			return true
		}
	}
	return len(head) < telnetBytes && strings.HasPrefix(head, markLE)
}

// telnetBytes is how many bytes tell the mark of UTF-16 from IAC DONT, with which a Telnet server begins (RFC 854).
const telnetBytes = 4

// telnet reports whether what looks like the mark of UTF-16 is none: no text follows it.
func telnet(head string) bool {
	return strings.HasPrefix(head, markLE) && (len(head) < telnetBytes || head[2] < '\t' || head[3] >= '\t')
}

// begin looks for a mark and hands over the bytes that waited for it. A mark says more than what was set up.
func (in *intake) begin() error {
	in.begun = true
	head := string(in.head)
	in.head = nil
	for _, known := range []struct {
		mark string
		is   charset
	}{
		{markUTF8, charset{}},
		{markLE, charset{wide: true, order: unicode.LittleEndian}},
		{markBE, charset{wide: true, order: unicode.BigEndian}},
	} {
		if strings.HasPrefix(head, known.mark) && !telnet(head) {
			in.charset, head = known.is, head[len(known.mark):]
			break
		}
	}
	if in.charset.wide {
		in.wide = transform.NewWriter(in.to, unicode.UTF16(in.charset.order, unicode.IgnoreBOM).NewDecoder())
	}
	_, err := in.pass([]byte(head))
	return err
}

// rest hands over what waited for more bytes; at the end of the stream, half a character, too.
func (in *intake) rest(end bool) error {
	if !in.begun && len(in.head) > 0 {
		if err := in.begin(); err != nil {
			return err
		}
	}
	if end && in.wide != nil {
		return in.wide.Close()
	}
	return nil
}
