package smdr_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

type counter struct {
	writer *smdr.Writer
	calls  int
}

func (c *counter) Call(call *smdr.Call) error {
	c.calls++
	return c.writer.Write(call)
}

func (c *counter) Fault(smdr.Fault) error { return nil }

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkParse reads the golden records of every format again and again, as different streams, and writes them as CSV,
// as `trunkline import parse` does. The metric is lines a second.
func BenchmarkParse(b *testing.B) {
	all := samples(b)
	for _, name := range smdr.Names() {
		b.Run(name, func(b *testing.B) {
			f, err := smdr.BuiltIn(name)
			require.NoError(b, err)
			block := []byte(all[name][0])
			lines := bytes.Count(block, []byte{'\n'})
			w, err := smdr.NewWriter(nowhere{}, "csv")
			require.NoError(b, err)
			sink := &counter{writer: w}
			total := 0
			b.ReportAllocs()
			b.SetBytes(int64(len(block)))
			var r *smdr.Reader
			for b.Loop() {
				if total%(64*lines) == 0 { // A new reader now and then, so that the records are not all repetitions.
					r, err = smdr.NewReader(f, smdr.Options{Zone: time.UTC, Reference: options().Reference, Day: options().Reference}, sink)
					require.NoError(b, err)
				}
				_, err := r.Write(block)
				require.NoError(b, err)
				total += lines
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// BenchmarkMillion reads a million different lines of one format.
func BenchmarkMillion(b *testing.B) {
	f, err := smdr.BuiltIn("panasonic-tda-c")
	require.NoError(b, err)
	var file bytes.Buffer
	const lines = 1_000_000
	for i := range lines {
		m := i / 60
		fmt.Fprintf(&file, "%02d/%02d/26 %02d:%02dAM %-5d %04d %-50s      00:%02d'%02d             %-10d\r\n",
			1+m/40320%12, 1+m/1440%28, 1+m/60%11, m%60, 100+i%90, 1+i%30, fmt.Sprint("8495", 1000000+i), i%60, i%59, i%1000)
	}
	b.ReportAllocs()
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		w, err := smdr.NewWriter(nowhere{}, "csv")
		require.NoError(b, err)
		sink := &counter{writer: w}
		r, err := smdr.NewReader(f, options(), sink)
		require.NoError(b, err)
		require.NoError(b, r.ReadAll(bytes.NewReader(file.Bytes())))
		require.Equal(b, lines, sink.calls)
	}
	b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds(), "lines/s")
}
