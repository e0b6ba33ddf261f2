package lcr

import (
	"encoding/json"
	"strconv"

	"trunkline/internal/money"
)

// ordinaryTrace is as much as most traces need.
const ordinaryTrace = 4 << 10

// AppendJSON appends the explanation as encoding/json writes it. One is written for each call: reflection took as long as the routing.
func (e *Explanation) AppendJSON(dst []byte) []byte {
	w := traceWriter{dst}
	w.member('{', "from", e.From.String())
	w.member(',', "to", e.To.String())
	w.member(',', "rule", e.Rule)
	w.list("candidates", len(e.Candidates), func(i int) { w.candidate(&e.Candidates[i]) })
	w.list("skipped", len(e.Skipped), func(i int) { w.skipped(&e.Skipped[i]) })
	w.optional("refusal", string(e.Refusal))
	if e.Revision != 0 {
		w.key(',', "revision")
		w.b = strconv.AppendInt(w.b, e.Revision, 10)
	}
	return append(w.b, '}')
}

// traceWriter appends members of JSON objects.
type traceWriter struct{ b []byte }

func (w *traceWriter) candidate(c *Candidate) {
	w.member('{', "carrier", c.Carrier)
	w.member(',', "gateway", c.Gateway)
	w.optional("deck", c.Deck)
	w.member(',', "prefix", c.Prefix.String())
	w.key(',', "rate")
	w.b = append(c.Rate.Append(append(w.b, '"')), '"')
	for _, m := range []struct {
		name   string
		amount money.Amount
	}{{"cost", c.Cost}, {"sale", c.Sale}, {"margin", c.Margin}} {
		w.key(',', m.name)
		w.b = append(m.amount.Append(append(w.b, '"')), '"')
	}
	w.member(',', "to_sent", c.ToSent)
	w.member(',', "from_sent", c.FromSent)
	w.optional("version", c.Version)
	w.optional("base", c.Base)
	w.b = append(w.b, '}')
}

func (w *traceWriter) skipped(s *Skipped) {
	w.member('{', "carrier", s.Carrier)
	w.member(',', "gateway", s.Gateway)
	w.member(',', "reason", string(s.Reason))
	w.optional("detail", s.Detail)
	w.b = append(w.b, '}')
}

// list writes a member of objects.
func (w *traceWriter) list(name string, n int, item func(i int)) {
	w.key(',', name)
	w.b = append(w.b, '[')
	for i := range n {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		item(i)
	}
	w.b = append(w.b, ']')
}

func (w *traceWriter) key(before byte, name string) {
	w.b = append(append(append(w.b, before, '"'), name...), '"', ':')
}

func (w *traceWriter) member(before byte, name, value string) {
	w.key(before, name)
	w.text(value)
}

func (w *traceWriter) optional(name, value string) {
	if value != "" {
		w.member(',', name, value)
	}
}

// text writes a string; one with anything but plain characters as encoding/json does.
func (w *traceWriter) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			if quoted, err := json.Marshal(s); err == nil { // A string always can be.
				w.b = append(w.b, quoted...)
			}
			return
		}
	}
	w.b = append(append(append(w.b, '"'), s...), '"')
}
