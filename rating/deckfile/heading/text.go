package heading

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// symbols are signs that stand for a word.
func symbols() map[rune]string {
	return map[rune]string{
		'%': "percent", '#': "id", '№': "id", '€': "eur", '$': "usd", '£': "gbp", '₽': "rub", '¥': "jpy", '₴': "uah", '₺': "try", '₹': "inr",
		'¢': "ct", '/': "per", 'ß': "ss",
	}
}

// Normal is a heading in lower case, without accents and signs, its words parted by single spaces: two headings are the same
// where their normal forms are.
func Normal(heading string) string { return strings.Join(words(heading), " ") }

// words takes a heading apart at spaces and signs, between letters and digits, and where a small letter meets a capital one.
func words(heading string) []string {
	signs := symbols()
	var b strings.Builder
	var last rune
	for _, r := range norm.NFD.String(heading) {
		switch sign, known := signs[r]; {
		case unicode.Is(unicode.Mn, r):
			continue
		case r == 'ß':
			b.WriteString(sign)
		case known:
			b.WriteString(" " + sign + " ")
		case unicode.IsLetter(r), unicode.IsDigit(r):
			if unicode.IsLower(last) && unicode.IsUpper(r) || unicode.IsLetter(last) && unicode.IsDigit(r) || unicode.IsDigit(last) && unicode.IsLetter(r) && !ordinal(r) {
				b.WriteByte(' ')
			}
			b.WriteRune(unicode.ToLower(r))
		case r == '\'' || r == '’':
			b.WriteByte(' ')
		case r == '.' && unicode.IsLetter(last):
			b.WriteString(" ") // "Eff. Date"
		default:
			b.WriteByte(' ')
		}
		last = r
	}
	return strings.Fields(b.String())
}

// ordinal reports whether a letter behind a digit belongs to it: 1st, 2nd, nth.
func ordinal(r rune) bool { return r == 's' || r == 'n' || r == 't' }
