package smdr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

// FuzzReader throws bytes at every format: it neither panics nor depends on how they are cut, and counts every record.
func FuzzReader(f *testing.F) {
	names := smdr.Names()
	formats := make([]*smdr.Format, 0, len(names))
	all := samples(f)
	for i, name := range names {
		format, err := smdr.BuiltIn(name)
		require.NoError(f, err)
		formats = append(formats, format)
		for _, s := range all[name] {
			f.Add(uint8(i), []byte(s), uint8(7))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte, size uint8) {
		format := formats[int(which)%len(formats)]
		want := run(t, format, options(), data, len(data)+1)
		require.Equal(t, want, run(t, format, options(), data, int(size)+1))
	})
}

// FuzzDescription throws text at the reader of descriptions: what it takes can read.
func FuzzDescription(f *testing.F) {
	for _, name := range smdr.Names() {
		format, err := smdr.BuiltIn(name)
		require.NoError(f, err)
		f.Add("name: "+format.Name()+"\nlayout: {kind: fixed}\nfields: {date: 1-8, time: 10-16, duration: 20-27}\nforms: {date: MM/DD/YY, time: hh:mmAM}\n", "01/02/26 10:03AM 1200")
	}
	f.Fuzz(func(t *testing.T, description, line string) {
		format, err := smdr.Read(strings.NewReader(description))
		if err != nil {
			return
		}
		run(t, format, options(), []byte(line+"\n"+line), 5)
	})
}
