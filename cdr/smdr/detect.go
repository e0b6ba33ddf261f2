package smdr

import (
	"bytes"
	"cmp"
	"slices"
)

// Guess is how well a format fits the beginning of a stream.
type Guess struct {
	Format  *Format
	Percent int // Of the records that it read without fault, less what speaks against it.
	Calls   int64
	First   *Call // The first call, as the format reads it; nil: it reads none.
}

// DetectBytes is how much of a stream Detect wants to see.
const DetectBytes = 128 << 10

// discard counts, and keeps the first call; the reader's summary has all else that is wanted.
type discard struct {
	told  int64
	first *Call
}

func (d *discard) Call(c *Call) error {
	if d.first == nil {
		kept := *c
		d.first = &kept
	}
	for _, s := range [...]string{c.From, c.To, c.Extension} {
		if s != "" {
			d.told++
		}
	}
	return nil
}

func (d *discard) Fault(Fault) error { return nil }

// Detect tries the built-in formats on the beginning of a stream and returns those that fit, the best first. Where the
// first two are equal, Choose settles it by the whole stream, or else whoever asks has to choose.
func Detect(beginning []byte, o Options) ([]Guess, error) {
	if i := bytes.LastIndexAny(beginning, "\r\n\x03"); i >= 0 && len(beginning) >= DetectBytes {
		if i++; i < len(beginning) && beginning[i] == 0 { // Of UTF-16.
			i++
		}
		beginning = beginning[:i] // The last line may be cut off.
	}
	formats, err := All()
	if err != nil {
		return nil, err
	}
	var out []Guess
	for _, f := range formats {
		if f.description.Detect != nil && !*f.description.Detect {
			continue
		}
		g, err := f.fit(beginning, o)
		if err != nil {
			return nil, err
		}
		if g.Percent > 0 {
			out = append(out, g)
		}
	}
	slices.SortStableFunc(out, func(a, b Guess) int { return cmp.Compare(b.Percent, a.Percent) })
	return out, nil
}

func (f *Format) fit(beginning []byte, o Options) (Guess, error) {
	g := Guess{Format: f}
	sink := &discard{}
	if o.Day.IsZero() && !f.has[fDate] {
		o.Day = o.Reference
	}
	o.Stamp = ""
	r, err := NewReader(f, o, sink)
	if err != nil {
		return g, err
	}
	if _, err := r.Write(beginning); err != nil {
		return g, err
	}
	open := r.Summary()
	if err := r.Close(); err != nil {
		return g, err
	}
	s := r.Summary()
	if f.events != nil { // Calls whose end was not seen yet are no fault of the format.
		s.Faulty = open.Faulty
	}
	g.Calls, g.First = s.Calls, sink.first
	if s.Records == 0 {
		return g, nil
	}
	good, all := s.Records, s.Records+s.Faulty
	if rest := s.Other - s.Records/4; rest > 0 { // More headings than a format has: they may be records of another.
		all += rest
	}
	g.Percent = int(good * 100 / all)
	if sink.told < s.Calls { // It reads times and nobody who called.
		g.Percent /= 2
	}
	if f.description.Proof == Unproven || f.loose() {
		g.Percent = g.Percent * 9 / 10
	}
	return g, nil
}
