package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// guessEncoding names the encoding of a sample: by its mark, as UTF-8 where it is valid, and else by the bytes that
// Russian and West European words are made of.
func guessEncoding(sample []byte) string {
	switch {
	case bytes.HasPrefix(sample, []byte{0xFF, 0xFE}):
		return "utf-16le"
	case bytes.HasPrefix(sample, []byte{0xFE, 0xFF}):
		return "utf-16be"
	case zeros(sample, 1)*3 > len(sample):
		return "utf-16le"
	case zeros(sample, 0)*3 > len(sample):
		return "utf-16be"
	case validPrefix(sample):
		return "utf-8"
	}
	return guessCharmap(sample)
}

// guessCharmap counts runs: a word in Cyrillic is high bytes one after another, a Western word has single ones.
func guessCharmap(sample []byte) string {
	var runs, ansi, dos, koi int
	for i := 1; i < len(sample); i++ {
		b := sample[i]
		if b < 0x80 {
			continue
		}
		if sample[i-1] >= 0x80 {
			runs++
		}
		if b >= 0xC0 && b <= 0xDF {
			koi++ // Small letters of KOI8-R, which are capitals in Windows-1251.
		}
		switch {
		case b >= 0xE0 && b <= 0xEF:
			ansi, dos = ansi+1, dos+1
		case b >= 0xC0:
			ansi++
		case b <= 0xAF:
			dos++
		}
	}
	switch {
	case runs < 8:
		return "windows-1252"
	case dos > ansi:
		return "cp866"
	case koi*3 > ansi*2:
		return "koi8-r"
	}
	return "windows-1251"
}

// zeros counts the bytes at every second place that are nothing: the upper halves of plain letters in UTF-16.
func zeros(sample []byte, first int) int {
	n := 0
	for i := first; i < len(sample); i += 2 {
		if sample[i] == 0 {
			n++
		}
	}
	return n
}

// validPrefix allows for a character that the end of the sample cuts.
func validPrefix(sample []byte) bool {
	for cut := range min(utf8.UTFMax, len(sample)+1) {
		if rest := sample[len(sample)-cut:]; utf8.Valid(sample[:len(sample)-cut]) {
			return len(rest) == 0 || !utf8.FullRune(rest)
		}
	}
	return false
}

// decoded returns the text of r in UTF-8, without a byte order mark.
func decoded(r io.Reader, name string) (io.Reader, error) {
	e, err := encodingOf(name)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return skipMark(r), nil
	}
	return e.NewDecoder().Reader(r), nil
}

// skipMark leaves a byte order mark of UTF-8 out.
func skipMark(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, sniffBytes)
	if mark, err := b.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = b.Discard(3) // They were seen.
	}
	return b
}

// encodingOf returns the encoding of a name of the WHATWG, and nil for UTF-8.
func encodingOf(name string) (encoding.Encoding, error) {
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8":
		return nil, nil //nolint:nilnil // UTF-8 needs no decoder.
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), nil
	case "cp866":
		return charmap.CodePage866, nil
	case "cp850":
		return charmap.CodePage850, nil
	case "cp437":
		return charmap.CodePage437, nil
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, fmt.Errorf("%w: encoding %q: want a name such as utf-8, utf-16le, windows-1251, windows-1252, iso-8859-2, koi8-r, cp866 or shift_jis", ErrFile, name)
	}
	return e, nil
}

// GuessEncoding names the encoding of a file of text.
func (f *File) GuessEncoding() (string, error) {
	head, err := f.head()
	if len(head) < sniffBytes { // It is the whole file: nothing cuts its last character.
		head = append(head, '\n')
	}
	return guessEncoding(head), err
}

func (f *File) head() ([]byte, error) {
	head := make([]byte, min(sniffBytes, f.source.Size()))
	if _, err := f.source.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return head, nil
}
