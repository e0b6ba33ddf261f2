package routing_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
	"trunkline/routing"
)

const (
	benchCarriers = 20
	benchPrefixes = 100_000
)

// benchDeck is a price list in CSV of prefixes of seven digits, another for every seed.
func benchDeck(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	var b bytes.Buffer
	b.WriteString("prefix,destination,rate,initial,next\n")
	prefixes := r.Perm(150_000)[:benchPrefixes]
	slices.Sort(prefixes) // As price lists are.
	for _, p := range prefixes {
		fmt.Fprintf(&b, "%d,Destination %d,0.%04d,60,60\n", 1_000_000+p*59, p%500, 1+r.IntN(9999))
	}
	return b.Bytes()
}

// benchOperator is an operator with twenty carriers, and the files beside it.
func benchOperator() fstest.MapFS {
	var b strings.Builder
	b.WriteString("realm: pbx.test\ncarriers:\n")
	files := fstest.MapFS{"retail.yaml": {Data: []byte(
		"name: retail\ncurrency: EUR\ndecks:\n  - name: world\n    rates: [{prefix: any, rate: 1}, {prefix: \"4\", rate: 0.9, increment: 1/1}]\n")}}
	for i := range benchCarriers {
		fmt.Fprintf(&b, "  - {id: c%d, currency: EUR, deck: d%d}\n", i, i)
	}
	b.WriteString("gateways:\n")
	for i := range benchCarriers {
		fmt.Fprintf(&b, "  - {id: g%d, carrier: c%d, address: \"192.0.2.%d\", max_calls: 100, to_rules: [{add: \"+\"}]}\n", i, i, i+1)
	}
	b.WriteString("decks:\n")
	for i := range benchCarriers {
		file := "d" + strconv.Itoa(i) + ".csv"
		fmt.Fprintf(&b, "  - {id: d%d, file: %s, currency: EUR}\n", i, file)
		files[file] = &fstest.MapFile{Data: benchDeck(uint64(i))}
	}
	b.WriteString(`tariffs: [{id: retail, file: retail.yaml}]
dial_plans: [{id: plain, rules: [{match: "112", emergency: true}, {match: "1XX", extension: true}, {match: "+.", strip: 1}]}]
route_plans:
  - id: all
    default: true
    rules:
      - {id: sos, to: ["112"], policy: list, gateways: [{gateway: g0}]}
      - {id: any, policy: least_cost, min_margin: "0.01", min_margin_percent: 5, max_tries: 5}
tenants:
  - id: acme
    time_zone: Europe/Berlin
    currency: EUR
    tariff: retail
    dial_plan: plain
    max_calls: 100
    account: {mode: postpaid}
    branches: [{id: main, extensions: [{id: "101", password: secret}]}]
    numbers: [{number: "+4930123456", extension: "101"}]
`)
	files["operator.yaml"] = &fstest.MapFile{Data: []byte(b.String())}
	return files
}

// BenchmarkRoute decides about whole calls: dial plan, caller id, barring, the tenant's price, gates, the best five of
// twenty gateways, and what the SIP side needs of them.
func BenchmarkRoute(b *testing.B) {
	bundle, err := provision.ReadBundle(benchOperator(), "operator.yaml")
	require.NoError(b, err)
	snapshot, err := provision.NewCompiler().Compile(b.Context(), bundle)
	require.NoError(b, err)
	s := routing.NewTable(snapshot)
	caller, ok := s.Login("acme-101")
	require.True(b, ok)
	numbers := make([]string, 1<<15)
	for i := range numbers {
		numbers[i] = "+" + strconv.Itoa(1_000_000+(i*4)*59) + "1234"
	}
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	require.Equal(b, 5, s.Route(caller, numbers[0], "", at).MaxTries)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s.Route(caller, numbers[i%len(numbers)], "", at)
	}
}

// BenchmarkCompile makes a snapshot of twenty price lists in CSV, and one of nineteen that are the same and one that is new.
func BenchmarkCompile(b *testing.B) {
	files := benchOperator()
	bundle, err := provision.ReadBundle(files, "operator.yaml")
	require.NoError(b, err)
	b.Run("all", func(b *testing.B) {
		for range b.N {
			_, err := provision.NewCompiler().Compile(b.Context(), bundle)
			require.NoError(b, err)
		}
	})
	compiler := provision.NewCompiler()
	_, err = compiler.Compile(b.Context(), bundle)
	require.NoError(b, err)
	b.Run("one", func(b *testing.B) {
		for i := range b.N {
			b.StopTimer()
			bundle.Files["d7.csv"] = benchDeck(uint64(1000 + i))
			b.StartTimer()
			_, err := compiler.Compile(b.Context(), bundle)
			require.NoError(b, err)
		}
	})
	b.Run("none", func(b *testing.B) {
		for range b.N {
			_, err := compiler.Compile(b.Context(), bundle)
			require.NoError(b, err)
		}
	})
}
