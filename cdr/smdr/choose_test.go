package smdr_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

// dated is a file of a Panasonic with a call on each of some days of November, written day first.
func dated(days ...int) string {
	var b strings.Builder
	for i, day := range days {
		fmt.Fprintf(&b, "%02d/11/26 10:%02dAM 1201  0002 84959876543                                             00:00'42\n", day, i%60)
	}
	return b.String()
}

// Twins are settled by one date that can be read in one order only, wherever in the file it stands.
func TestDayAndMonthAreSettledByTheWholeFile(t *testing.T) {
	t.Parallel()
	early := strings.Repeat(dated(5, 6, 7), 1000)
	for _, c := range []struct {
		text string
		want []string
	}{
		{early, []string{"panasonic-tda-c", "panasonic-tda-c-dmy"}},
		{early + dated(13), []string{"panasonic-tda-c-dmy"}},
		{early + "11/13/26" + dated(11)[8:], []string{"panasonic-tda-c"}},
		{dated(5), []string{"panasonic-tda-c", "panasonic-tda-c-dmy"}},
		{dated(25), []string{"panasonic-tda-c-dmy"}},
	} {
		beginning := []byte(c.text)
		guesses, err := smdr.Detect(beginning[:min(len(beginning), smdr.DetectBytes)], options())
		require.NoError(t, err)
		left, err := smdr.Choose(strings.NewReader(c.text), smdr.Tied(guesses), options())
		require.NoError(t, err)
		var names []string
		for _, g := range left {
			names = append(names, g.Format.Name())
			require.NotNil(t, g.First)
		}
		require.ElementsMatch(t, c.want, names)
		if len(left) == 2 {
			require.NotEqual(t, left[0].First.Reading(), left[1].First.Reading())
			require.Contains(t, left[0].First.Reading(), `outbound "1201" to "84959876543", extension "1201", trunk "0002", 42s`)
		}
	}
}

// A file whose dates only the twin of the PBX's format can read is told before anything is made of it.
func TestMisreadDates(t *testing.T) {
	t.Parallel()
	noise := "**/**/** **:**** 1200  0001 84951234567                                             00:00'42\n"
	for _, c := range []struct {
		format, text, twin string
	}{
		{"panasonic-tda-c", dated(5, 13), "panasonic-tda-c-dmy"},
		{"panasonic-tda-c", noise + dated(5, 13) + noise, "panasonic-tda-c-dmy"},
		{"panasonic-tda-c", dated(5, 6), ""},
		{"panasonic-tda-c", "11/25/26" + dated(25)[8:] + dated(25), ""},
		{"panasonic-tda-c-dmy", "11/25/26" + dated(25)[8:], "panasonic-tda-c"},
		{"panasonic-tda-c-dmy", dated(25), ""},
		{"samsung", dated(25), ""},
	} {
		f, err := smdr.BuiltIn(c.format)
		require.NoError(t, err)
		twin, err := f.MisreadBytes([]byte(c.text), smdr.Options{Zone: time.UTC})
		require.NoError(t, err)
		if c.twin == "" {
			require.Nil(t, twin, c.text)
			continue
		}
		require.Equal(t, c.twin, twin.Name())
	}
	f, err := smdr.BuiltIn("panasonic-tda-c")
	require.NoError(t, err)
	_, err = f.Misread(bytes.NewReader(nil), smdr.Options{Charset: "cp1"})
	require.ErrorIs(t, err, smdr.ErrDescription)
}
