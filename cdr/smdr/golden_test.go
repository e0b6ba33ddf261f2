package smdr_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

// listing writes calls without their raw lines, and faults.
type listing struct {
	out strings.Builder
}

func (l *listing) Call(c *smdr.Call) error {
	fmt.Fprintf(&l.out, "%d: %s %s ring %s talk %s %q > %q", c.Line, c.Start.Format(time.RFC3339), word(c), c.Ring, c.Duration, c.From, c.To)
	for _, f := range []struct{ name, value string }{
		{"ext", c.Extension}, {"did", c.Number}, {"trunk", c.Trunk}, {"account", c.Account}, {"cause", strings.TrimSpace(c.Cause)},
	} {
		if f.value != "" {
			fmt.Fprintf(&l.out, " %s=%s", f.name, f.value)
		}
	}
	if c.Records > 1 {
		fmt.Fprintf(&l.out, " records=%d", c.Records)
	}
	if c.Again > 0 {
		fmt.Fprintf(&l.out, " again=%d", c.Again)
	}
	l.out.WriteByte('\n')
	return nil
}

func word(c *smdr.Call) string {
	s := "?"
	if c.Direction != 0 {
		s = c.Direction.String()
	}
	if !c.Answered {
		s += " unanswered"
	}
	return s
}

func (l *listing) Fault(f smdr.Fault) error {
	fmt.Fprintf(&l.out, "%d: FAULT %s\n", f.Line, f.Reason)
	return nil
}

// unescape makes bytes of \r, \x01 and the like in a golden file.
func unescape(t *testing.T, s string) []byte {
	t.Helper()
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.ReplaceAll(s, `"`, `\"`), "\n", `\n`) + `"`)
	require.NoError(t, err)
	return []byte(text)
}

func TestGolden(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		t.Helper()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			t.Helper()
			input := []byte(d.Input + "\n")
			if d.HasArg("escaped") {
				input = unescape(t, d.Input)
			}
			o := smdr.Options{Zone: time.UTC, Reference: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), Strict: d.HasArg("strict")}
			if d.HasArg("zone") {
				var zone string
				d.ScanArgs(t, "zone", &zone)
				var err error
				o.Zone, err = time.LoadLocation(zone)
				require.NoError(t, err)
			}
			if d.Cmd == "detect" {
				return detect(t, input, o)
			}
			f, err := smdr.BuiltIn(d.Cmd)
			require.NoError(t, err)
			return run(t, f, o, input, len(input))
		})
	})
}

func detect(t *testing.T, input []byte, o smdr.Options) string {
	t.Helper()
	guesses, err := smdr.Detect(input, o)
	require.NoError(t, err)
	if len(guesses) == 0 {
		return "none\n"
	}
	left, err := smdr.Choose(bytes.NewReader(input), smdr.Tied(guesses), o)
	require.NoError(t, err)
	var names strings.Builder
	for _, g := range left {
		names.WriteString(g.Format.Name() + " ")
	}
	return fmt.Sprintf("%s%d%%\n", names.String(), guesses[0].Percent)
}

// run reads input in pieces of a size.
func run(t require.TestingT, f *smdr.Format, o smdr.Options, input []byte, size int) string {
	var l listing
	r, err := smdr.NewReader(f, o, &l)
	require.NoError(t, err)
	for rest := input; len(rest) > 0; {
		n := min(size, len(rest))
		piece := bytes.Clone(rest[:n])
		_, err := r.Write(piece)
		require.NoError(t, err)
		clear(piece) // Nobody may keep what was written.
		rest = rest[n:]
	}
	require.NoError(t, r.Close())
	s := r.Summary()
	if s.Unsynchronised > 0 {
		fmt.Fprintf(&l.out, "unsynchronised %d\n", s.Unsynchronised)
	}
	return l.out.String() + fmt.Sprintf("lines %d calls %d joined %d duplicates %d faulty %d other %d\n",
		s.Lines, s.Calls, s.Joined, s.Duplicates, s.Faulty, s.Other)
}
