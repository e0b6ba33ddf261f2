package smdr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"trunkline/cdr/smdr"
)

// kept keeps what a reader makes.
type kept struct {
	calls  []smdr.Call
	faults []smdr.Fault
}

func (k *kept) Call(c *smdr.Call) error {
	k.calls = append(k.calls, *c)
	return nil
}

func (k *kept) Fault(f smdr.Fault) error {
	k.faults = append(k.faults, f)
	return nil
}

// read reads a text in pieces of a size.
func read(t require.TestingT, format string, o smdr.Options, input []byte, size int) (kept, smdr.Summary) {
	f, err := smdr.BuiltIn(format)
	require.NoError(t, err)
	var k kept
	r, err := smdr.NewReader(f, o, &k)
	require.NoError(t, err)
	for rest := input; len(rest) > 0; rest = rest[min(size, len(rest)):] {
		_, err := r.Write(rest[:min(size, len(rest))])
		require.NoError(t, err)
	}
	require.NoError(t, r.Close())
	return k, r.Summary()
}

const (
	named = "01/02/26 10:07AM 1201  01 ИЯ ИВАНОВ84959876543           00:01'05 9876543210\n" +
		"01/02/26 10:08AM 1202  01 84959876544                    00:01'06 9876543211\n"
	header = "source,line,start,ring,duration,direction,from,to,extension,trunk,account,cause,raw\n"
)

func TestSingleByteCharsets(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]*charmap.Charmap{
		"cp1251": charmap.Windows1251, "cp866": charmap.CodePage866, "koi8-r": charmap.KOI8R,
	} {
		bytes, err := set.NewEncoder().Bytes([]byte(named))
		require.NoError(t, err)
		k, sum := read(t, "panasonic-tda-a", smdr.Options{Charset: name}, bytes, 7)
		require.Empty(t, k.faults, name)
		require.Len(t, k.calls, 2)
		require.Equal(t, "84959876543", k.calls[0].To, name)
		require.Equal(t, "9876543210", k.calls[0].Account, "columns are those of the bytes")
		require.Equal(t, strings.TrimSuffix(strings.SplitAfter(named, "\n")[0], "\n"), k.calls[0].Raw, name)
		require.Zero(t, sum.Foreign)

		bare, sum := read(t, "panasonic-tda-a", smdr.Options{}, bytes, 7)
		require.Len(t, bare.calls, 2)
		require.Equal(t, bare.calls[0].Digest, k.calls[0].Digest, "the charset makes no other calls")
		require.EqualValues(t, 1, sum.Foreign, "a hint that the charset is another")

		var out strings.Builder
		w, err := smdr.NewWriter(&out, "json")
		require.NoError(t, err)
		require.NoError(t, w.Write(&k.calls[0]))
		require.NoError(t, w.Close())
		require.Contains(t, out.String(), "ИЯ ИВАНОВ84959876543")
	}
	latin, _ := read(t, "generic-csv", smdr.Options{Charset: "latin1"}, []byte(header+"x,1,2026-01-02T10:00:00Z,0,60,outbound,101,102,101,M\xfcller,,,\n"), 3)
	require.Equal(t, "Müller", latin.calls[0].Trunk)
	f, err := smdr.BuiltIn("generic-csv")
	require.NoError(t, err)
	_, err = smdr.NewReader(f, smdr.Options{Charset: "cp1252"}, nil)
	require.ErrorIs(t, err, smdr.ErrDescription)
	require.ErrorIs(t, smdr.CheckCharset("cp1252"), smdr.ErrDescription)
	for _, name := range smdr.Charsets() {
		require.NoError(t, smdr.CheckCharset(name))
	}
}

func TestUTF16InAnyPieces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		charset string
		set     encoding.Encoding
	}{
		{"", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
		{"cp1251", unicode.UTF16(unicode.BigEndian, unicode.UseBOM)},
		{"utf-16", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"utf-16be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
		{"cp866", unicode.UTF8BOM},
	} {
		input, err := c.set.NewEncoder().Bytes([]byte(named))
		require.NoError(t, err)
		rapid.Check(t, func(t *rapid.T) {
			k, sum := read(t, "panasonic-tda-c", smdr.Options{Charset: c.charset}, input, rapid.IntRange(1, 9).Draw(t, "size"))
			require.Len(t, k.faults, 2, "it is another pattern; but the lines are right")
			require.Contains(t, k.faults[0].Raw, "ИВАНОВ")
			require.EqualValues(t, 2, sum.Lines)
			if c.charset == "cp866" {
				return
			}
			k, _ = read(t, "panasonic-tda-a", smdr.Options{Charset: c.charset}, input, rapid.IntRange(1, 9).Draw(t, "size"))
			require.Len(t, k.calls, 2)
			require.Equal(t, "9876543210", k.calls[0].Account, "columns are characters")
			require.Contains(t, k.calls[0].Raw, "ИЯ ИВАНОВ84959876543")
		})
	}
}

// A Telnet server may begin with IAC DONT, whose bytes are those of the mark of UTF-16.
func TestTelnetIsNoMark(t *testing.T) {
	t.Parallel()
	for _, negotiation := range []string{"\xff\xfe\x01", "\xff\xfe\x22\xff\xfb\x01", "\xff\xfe"} {
		for _, size := range []int{1, 1000} {
			k, _ := read(t, "panasonic-tda-a", smdr.Options{}, []byte(negotiation+"\r\n"+strings.SplitAfter(named, "\n")[1]), size)
			require.Len(t, k.calls, 1)
			require.Equal(t, "84959876544", k.calls[0].To)
		}
	}
}

func TestNewlinesInQuotedFields(t *testing.T) {
	t.Parallel()
	line := func(note string) string {
		return "x,1,2026-01-02T10:00:00Z,0,60,outbound,101,102,101,\"" + note + "\",,,\n"
	}
	rows := strings.Repeat("x,1,2026-01-02T10:00:00Z,0,60,outbound,101,103,101,,,,\n", 20)
	for _, c := range []struct {
		text          string
		calls, faults int
		trunk         string
	}{
		{line("first\nsecond, and third"), 1, 0, "first\nsecond, and third"},
		{line("first\r\n\r\n\"\"x\"\""), 1, 0, "first\n\n\"x\""},
		{line("a\n" + strings.Repeat("b\n", 14)), 1, 0, "a\n" + strings.Repeat("b\n", 14)},
		{"x,\"never closed\n" + line("good"), 1, 1, "good"},
		{"x,\"never closed\n" + rows, 20, 1, ""},
		{"x,\"cut off\n", 0, 1, ""},
		{"x,\"cut off\nx,\"cut off too\n" + line("good"), 1, 2, "good"},
		{"x,\"" + strings.Repeat("y", 65000) + "\n" + strings.Repeat("z", 1000) + "\n" + line("good"), 1, 2, "good"},
	} {
		for _, size := range []int{1, 1000} {
			k, sum := read(t, "generic-csv", smdr.Options{Zone: time.UTC}, []byte(header+c.text), size)
			require.Len(t, k.calls, c.calls, c.text)
			require.Len(t, k.faults, c.faults, c.text)
			require.EqualValues(t, strings.Count(c.text, "\n")+1, sum.Lines)
			if c.calls > 0 {
				require.Equal(t, c.trunk, k.calls[0].Trunk)
			}
			if c.faults > 0 {
				require.EqualValues(t, 2, k.faults[0].Line)
			}
		}
	}
}
