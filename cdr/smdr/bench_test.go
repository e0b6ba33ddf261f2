package smdr_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

type counter struct {
	writer *smdr.Writer
	faults int
}

func (c *counter) Call(call *smdr.Call) error { return c.writer.Write(call) }

func (c *counter) Fault(smdr.Fault) error {
	c.faults++
	return nil
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkParse reads the golden records of every format again and again and writes them as CSV, as `trunkline import
// parse` does. The metric is lines a second on one core.
func BenchmarkParse(b *testing.B) {
	all := samples(b)
	for _, name := range smdr.Names() {
		b.Run(name, func(b *testing.B) {
			f, err := smdr.BuiltIn(name)
			require.NoError(b, err)
			block := bytes.Repeat([]byte(all[name][0]), 1+60_000/len(all[name][0]))
			lines := bytes.Count(block, []byte{'\n'})
			w, err := smdr.NewWriter(nowhere{}, "csv")
			require.NoError(b, err)
			r, err := smdr.NewReader(f, smdr.Options{Zone: time.UTC, Reference: options().Reference, Day: options().Reference}, &counter{writer: w})
			require.NoError(b, err)
			b.ReportAllocs()
			b.SetBytes(int64(len(block)))
			for b.Loop() {
				_, err := r.Write(block)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
