package columns

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/heading"
)

// headerRows is how deep the header may lie below titles and addresses.
const headerRows = 40

// header is where the headings stand.
type header struct {
	heads []string // Nil: there are none.
	first int      // Rows before it, counted from 0, are titles and the header.
	above []string // Texts that stand above.
}

// findHeader finds the row, or the two rows, that name a price and a code, and the most columns beside.
func (r *resolver) findHeader(rows [][]string) header {
	best, quality := header{}, 0
	for i := range min(len(rows), headerRows) {
		for n := 1; n <= 2 && i+n <= len(rows); n++ {
			heads := joined(rows[i : i+n])
			q := r.quality(heads)
			if q > quality && (n != 2 || !numeric(rows[i+1])) || q == quality && n == 1 && best.first == i+1 && i > 0 && titled(rows[i-1]) {
				best, quality = header{heads: heads, first: i + n}, q
			}
		}
	}
	if best.heads == nil {
		if best = unknownHeader(rows); best.heads == nil {
			return best
		}
	}
	top := best.first
	for _, row := range rows[:top] {
		if !slices.Equal(trimmed(row), trimmed(best.heads)) {
			best.above = append(best.above, texts(row)...)
		}
	}
	if n := len(best.above); n > 20 {
		best.above = best.above[:20]
	}
	return best
}

// titled reports whether a row has one text, at its beginning: a title above the headings, and no part of them.
func titled(row []string) bool { return len(texts(row)) == 1 && cell.Trim(row[0]) != "" }

// unknownHeader is the first row of words right above a row with numbers: headings that nobody knows, and that can be named in answers.
func unknownHeader(rows [][]string) header {
	for i := range min(len(rows)-1, headerRows) {
		if words := texts(rows[i]); len(words) > 1 && !numeric(rows[i]) && numeric(rows[i+1]) && len(trimmed(rows[i])) >= len(trimmed(rows[i+1])) {
			return header{heads: joined(rows[i : i+1]), first: i + 1}
		}
	}
	return header{}
}

// numeric reports whether a row has a number, and so is a row of rates.
func numeric(row []string) bool {
	return slices.ContainsFunc(row, func(c string) bool {
		c = cell.Trim(c)
		return c != "" && strings.Trim(c, "0123456789.,+-") == "" && len(c) > 1
	})
}

// quality counts the columns that a row names; 0 where it names no price and no code.
func (r *resolver) quality(heads []string) int {
	price, code, n := false, false, 0
	seen := make(map[string]bool)
	for _, h := range heads {
		if len(h) > headingMost || !strings.ContainsFunc(h, unicode.IsLetter) {
			continue
		}
		found := r.meanings(h)
		if len(found) == 0 {
			continue
		}
		for _, m := range found {
			price = price || isPrice(m.Kind)
			code = code || isCode(m.Kind)
		}
		if key := found[0].Kind + found[0].Variant; !seen[key] {
			n += 10
			seen[key] = true
		}
	}
	if !price || !code {
		return 0
	}
	return n*10 - len(heads)
}

func isPrice(kind string) bool { return kind == "rate" || kind == "first_rate" || kind == "next_rate" }

// headingMost is the longest text, in bytes, that is taken for a heading.
const headingMost = 120

// meanings are what a heading may mean; a text that was looked at before is not looked at again.
func (r *resolver) meanings(h string) []heading.Meaning {
	found, known := r.known[h]
	if !known {
		plain, _ := datedHeading(h)
		found = r.vocabulary.Meanings(plain)
		r.known[h] = found
	}
	return found
}

// datedHeading cuts a day off the end of a heading, such as "Rate from 01 Jan 2027".
func datedHeading(text string) (string, string) {
	words := strings.Fields(text)
	for n := 1; n <= 4 && n < len(words); n++ {
		i := len(words) - n
		day := strings.Trim(strings.Join(words[i:], " "), "()[]")
		if m, err := cell.ParseMoment(day, cell.Unsaid, time.UTC); err == nil && !m.Time.IsZero() && !m.Either && strings.ContainsAny(day, "0123456789") && len(day) >= 6 {
			rest := strings.Trim(strings.Join(words[:i], " "), "([ ")
			for _, word := range []string{"valid from", "effective from", "as from", "as of", "from", "effective", "gültig ab", "ab", "с", "desde", "à partir du", "dal", "a partir de"} {
				if cut, ok := strings.CutSuffix(strings.ToLower(rest), " "+word); ok {
					rest = rest[:len(cut)]
					break
				}
			}
			return rest, m.Time.Format(time.DateOnly)
		}
	}
	return text, ""
}

func isCode(kind string) bool {
	return slices.Contains([]string{"prefix", "country_code", "area", "code_from", "code_to", "npa", "nxx"}, kind)
}

// joined puts the headings of several rows together; what stands over several columns holds for all of them.
func joined(rows [][]string) []string {
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}
	out := make([]string, width)
	for i, row := range rows {
		over := ""
		for at := range width {
			text := ""
			if at < len(row) {
				text = cell.Trim(strings.ReplaceAll(row[at], "\n", " "))
			}
			if text != "" {
				over = text
			} else if i < len(rows)-1 && at < len(rows[i+1]) && cell.Trim(rows[i+1][at]) != "" {
				text = over
			}
			out[at] = strings.TrimSpace(out[at] + " " + text)
		}
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// learnedHeader finds the row that has all headings by which the last list was read.
func learnedHeader(rows [][]string, learned *Mapping) (header, bool) {
	if learned == nil || len(learned.Headings) == 0 {
		return header{}, false
	}
	for i := range min(len(rows), headerRows) {
		for n := 1; n <= 2 && i+n <= len(rows); n++ {
			heads := joined(rows[i : i+n])
			if hasAll(heads, learned.Headings) {
				return header{heads: heads, first: i + n}, true
			}
		}
	}
	return header{}, false
}

func hasAll(heads []string, wanted map[Column]string) bool {
	for _, w := range wanted {
		if !slices.ContainsFunc(heads, func(h string) bool { return heading.Normal(h) == w }) {
			return false
		}
	}
	return true
}

func trimmed(row []string) []string {
	out := make([]string, 0, len(row))
	for _, c := range row {
		out = append(out, cell.Trim(c))
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// texts are the cells of a row that are not empty.
func texts(row []string) []string {
	var out []string
	for _, c := range row {
		if c = cell.Trim(c); c != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}
