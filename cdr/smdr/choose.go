package smdr

import (
	"bytes"
	"io"
	"strings"
	"time"
)

// twinEnding ends the names of formats that have the day before the month where another has the month first.
const twinEnding = "-dmy"

// Twin is the format that is the same but for the order of day and month; nil: there is none.
func (f *Format) Twin() *Format {
	name, ok := strings.CutSuffix(f.Name(), twinEnding)
	if !ok {
		name = f.Name() + twinEnding
	}
	twin, err := BuiltIn(name)
	if err != nil {
		return nil
	}
	return twin
}

// Tied are the formats that fit as well as the best.
func Tied(guesses []Guess) []Guess {
	n := 0
	for n < len(guesses) && guesses[n].Percent == guesses[0].Percent {
		n++
	}
	return guesses[:n]
}

// trial is a format that is tried on a whole stream.
type trial struct {
	guess  Guess
	reader *Reader
}

// Choose reads a stream whose beginning several formats fit equally well, and returns those that fit it best: one, if the
// stream settles it. Day and month are settled by the first date that can be read in one order only.
func Choose(in io.Reader, tied []Guess, o Options) ([]Guess, error) {
	o.Stamp = ""
	trials := make([]trial, 0, len(tied))
	for _, g := range tied {
		own := o
		if own.Day.IsZero() && !g.Format.has[fDate] {
			own.Day = own.Reference
		}
		r, err := NewReader(g.Format, own, &discard{})
		if err != nil {
			return nil, err
		}
		trials = append(trials, trial{g, r})
	}
	twins := len(tied) == 2 && strings.TrimSuffix(tied[0].Format.Name(), twinEnding) == strings.TrimSuffix(tied[1].Format.Name(), twinEnding)
	buffer := make([]byte, 256<<10)
	for {
		n, err := in.Read(buffer)
		for i := range trials {
			if _, err := trials[i].reader.Write(buffer[:n]); err != nil {
				return nil, err
			}
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		if left := fittest(trials); err == io.EOF || twins && len(left) == 1 {
			return left, nil
		}
	}
}

// fittest are the formats with the fewest faults.
func fittest(trials []trial) []Guess {
	var out []Guess
	least := int64(-1)
	for i := range trials {
		switch n := trials[i].reader.sum.Faulty; {
		case least < 0 || n < least:
			least, out = n, append(out[:0], trials[i].guess)
		case n == least:
			out = append(out, trials[i].guess)
		}
	}
	return out
}

// dateFaults are the lines whose dates a format could not read.
type dateFaults struct{ lines map[int64]bool }

const dateFaultsMost = 10_000 // More lines than this are not looked at.

func (d *dateFaults) Call(*Call) error { return nil }

func (d *dateFaults) Fault(f Fault) error {
	ofDate := strings.HasPrefix(f.Reason, "the date ") || strings.HasPrefix(f.Reason, "the start time ") || strings.HasPrefix(f.Reason, faultNoDate)
	if ofDate && len(d.lines) < dateFaultsMost {
		d.lines[f.Line] = true
	}
	return nil
}

// Misread returns the twin of a format where a stream has dates that can be read by the twin only, and none that can be read
// by the format only: then day and month are the other way round. Nil: nothing speaks against the format.
func (f *Format) Misread(in io.Reader, o Options) (*Format, error) {
	twin := f.Twin()
	if twin == nil {
		return nil, nil //nolint:nilnil // Nothing speaks against it.
	}
	mine, other := dateFaults{make(map[int64]bool)}, dateFaults{make(map[int64]bool)}
	own, err := NewReader(f, o, &mine)
	if err != nil {
		return nil, err
	}
	second, err := NewReader(twin, o, &other)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.MultiWriter(own, second), in); err != nil {
		return nil, err
	}
	for line := range other.lines {
		if !mine.lines[line] {
			return nil, nil //nolint:nilnil // As above.
		}
	}
	if len(mine.lines) == len(other.lines) {
		return nil, nil //nolint:nilnil // As above.
	}
	return twin, nil
}

// MisreadBytes is Misread of the beginning of a stream.
func (f *Format) MisreadBytes(beginning []byte, o Options) (*Format, error) {
	return f.Misread(bytes.NewReader(beginning), o)
}

// Reading tells how a format reads a call, in words for whoever has to choose.
func (c *Call) Reading() string {
	var b strings.Builder
	b.WriteString(c.Start.Format(time.RFC3339) + " " + directionWord(c) + " " + quote(c.From) + " to " + quote(c.To))
	for _, f := range [...][2]string{{"extension", c.Extension}, {"trunk", c.Trunk}, {"account", c.Account}} {
		if f[1] != "" {
			b.WriteString(", " + f[0] + " " + quote(f[1]))
		}
	}
	b.WriteString(", " + c.Duration.String())
	return b.String()
}
