package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/rating/worker"
)

// BenchmarkWorker measures legs from the topic to the settled ledger and the visible calls, over one part; an operation
// is a leg.
func BenchmarkWorker(b *testing.B) {
	w := newWorld(b, 1)
	w.step = 50 * time.Millisecond
	spec := w.prices.tariff.Spec()
	spec.Allowances = nil
	w.prices.tariff = mustTariff(b, spec)
	sent := 0
	for sent < b.N {
		legs := w.calls(min(2000, (b.N-sent+2)/3))
		w.send(legs)
		sent += len(legs)
	}
	b.ResetTimer()
	r := w.start(func(p *wiring) { p.take = kafka.Take{} })
	w.settled()
	b.StopTimer()
	r.stop()
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "legs/s") //nolint:forbidigo // A figure, not money.
	w.requireSums(sent)
}

// BenchmarkStages measures what each stage takes by itself, in batches of 9,999 legs; an operation is a batch.
func BenchmarkStages(b *testing.B) {
	w := newWorld(b, 1)
	w.step = 50 * time.Millisecond
	spec := w.prices.tariff.Spec()
	spec.Allowances = nil
	w.prices.tariff = mustTariff(b, spec)
	rate := worker.New(worker.Config{Prices: func() worker.Prices { return w.prices }, Clock: clock.System{}}).Rate
	legs := w.calls(3333)
	var records []cdr.Record
	b.Run("decode", func(b *testing.B) {
		var values [][]byte
		for i := range legs {
			values = append(values, cdr.AppendLeg(nil, &legs[i]))
		}
		for b.Loop() {
			decoded := make([]cdr.Leg, len(values))
			for i, v := range values {
				require.NoError(b, cdr.DecodeLeg(v, &decoded[i]))
			}
		}
	})
	b.Run("rate", func(b *testing.B) {
		fresh := worker.Fresh{Counters: noCounters}
		for i := range legs {
			fresh.Legs = append(fresh.Legs, &legs[i])
		}
		for b.Loop() {
			out, err := rate(fresh)
			require.NoError(b, err)
			records = out.Records
		}
	})
	b.Run("post", func(b *testing.B) {
		n := int64(0)
		for b.Loop() {
			b.StopTimer()
			legs := w.calls(3333)
			b.StartTimer()
			_, err := w.books.Post(b.Context(), &worker.Delivery{
				Source: "bench" + b.Name(), Steps: []worker.Step{{From: n, Next: n + 1}}, Legs: legs,
			}, rate)
			if err != nil {
				// A benchmark is run several times; the mark is where the last run left it.
				marks, markErr := w.books.Marks(b.Context(), "bench"+b.Name(), []int{0})
				require.NoError(b, markErr)
				n = marks[0].Next
				continue
			}
			n++
		}
	})
	b.Run("store", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			require.NoError(b, w.store.WriteRecords(b.Context(), b.Name()+string(rune('a'+n%26))+w.at.String(), records))
			w.at = w.at.Add(1)
		}
	})
}
