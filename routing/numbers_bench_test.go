package routing_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
	"trunkline/routing"
)

// numbered is an operator whose hundred clients have so many numbers between them.
func numbered(count int) fstest.MapFS {
	const clients = 100
	var b strings.Builder
	b.WriteString(`realm: pbx.test
carriers: [{id: c, currency: EUR, deck: d}]
gateways: [{id: g, carrier: c, address: "192.0.2.1", to_rules: [{add: "+"}]}]
decks: [{id: d, file: d.csv, currency: EUR}]
tariffs: [{id: retail, file: retail.yaml}]
dial_plans: [{id: plain, rules: [{match: "1XX", extension: true}, {match: "+.", strip: 1}]}]
route_plans: [{id: all, default: true, rules: [{id: any, policy: least_cost}]}]
tenants:
`)
	for client := range clients {
		fmt.Fprintf(&b, "  - {id: t%d, time_zone: Europe/Berlin, currency: EUR, tariff: retail, dial_plan: plain, account: {mode: postpaid}, branches: [{id: main, extensions: [{id: \"101\", password: secret}]}], numbers: [\n", client)
		for n := client; n < count; n += clients {
			fmt.Fprintf(&b, "      {number: \"+4930%08d\", extension: \"101\"},\n", n)
		}
		b.WriteString("    ]}\n")
	}
	return fstest.MapFS{
		"operator.yaml": {Data: []byte(b.String())}, "d.csv": {Data: []byte("prefix,destination,rate\n49,Germany,0.01\n")},
		"retail.yaml": {Data: []byte("name: retail\ncurrency: EUR\ndecks: [{name: world, rates: [{prefix: any, rate: 1}]}]\n")},
	}
}

// BenchmarkNumbers says what numbers of clients cost: the bytes of each in what is in force, the time to compile them, and that of a decision
// about a call to one of them. TRUNKLINE_BENCH_NUMBERS says how many, "10000,1000000".
func BenchmarkNumbers(b *testing.B) {
	sizes := "10000,300000"
	if text := os.Getenv("TRUNKLINE_BENCH_NUMBERS"); text != "" {
		sizes = text
	}
	for text := range strings.SplitSeq(sizes, ",") {
		count, err := strconv.Atoi(text)
		require.NoError(b, err)
		b.Run(text, func(b *testing.B) {
			bundle, err := provision.ReadBundle(numbered(count), "operator.yaml")
			require.NoError(b, err)
			before, begun := memoryInUse(), time.Now() //nolint:forbidigo // A benchmark measures.
			snapshot, err := provision.NewCompiler().Compile(b.Context(), bundle)
			require.NoError(b, err)
			took := time.Since(begun)
			table := routing.NewTable(snapshot)
			bytes := memoryInUse() - before
			at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
			n := 0
			for b.Loop() {
				n = (n + 7919) % count
				if r := table.Route(routing.Caller{Kind: routing.CallerGateway, Gateway: "g"}, fmt.Sprintf("+4930%08d", n), "+4917012345", at); r.Refusal != "" {
					b.Fatal(r.Refusal)
				}
			}
			b.ReportMetric(float64(bytes)/float64(count), "B/number")
			b.ReportMetric(float64(took.Nanoseconds())/float64(count), "compile-ns/number")
			runtime.KeepAlive(bundle)
		})
	}
}

func memoryInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
