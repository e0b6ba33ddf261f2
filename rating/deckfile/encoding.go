package deckfile

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
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
	case validPrefix(sample):
		return "utf-8"
	}
	return guessCharmap(sample)
}

// guessCharmap counts runs: a word in Cyrillic is high bytes one after another, a Western word has single ones.
func guessCharmap(sample []byte) string {
	var runs, ansi, dos int
	for i := 1; i < len(sample); i++ {
		b := sample[i]
		if b < 0x80 {
			continue
		}
		if sample[i-1] >= 0x80 {
			runs++
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
	}
	return "windows-1251"
}

// validPrefix allows for a character that the end of the sample cuts.
func validPrefix(sample []byte) bool {
	for cut := range min(utf8.UTFMax, len(sample)+1) {
		if utf8.Valid(sample[:len(sample)-cut]) {
			return true
		}
	}
	return false
}

// decoded returns the text of r in UTF-8, without a byte order mark.
func decoded(r io.Reader, name string) (io.Reader, error) {
	var e encoding.Encoding
	switch name {
	case "", "utf-8":
		e = unicode.UTF8BOM
	case "utf-16le":
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "utf-16be":
		e = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "windows-1251":
		e = charmap.Windows1251
	case "windows-1252":
		e = charmap.Windows1252
	case "cp866":
		e = charmap.CodePage866
	default:
		return nil, fmt.Errorf("%w: encoding %q: want utf-8, utf-16le, utf-16be, windows-1251, windows-1252 or cp866", ErrMapping, name)
	}
	return e.NewDecoder().Reader(r), nil
}
