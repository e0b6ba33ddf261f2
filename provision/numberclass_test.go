package provision_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/provision"
)

const numbered = `
realm: r
destinations: [{id: moscow, prefixes: ["7495", "7499"]}]
tariffs: [{id: office, file: office.yaml}]
dial_plans: [{id: ru, country: "7", rules: [{match: "8XXXXXXXXXX", strip: 1, add: "7"}]}]
route_plans: [{id: all, default: true, rules: [{id: any, policy: block, to: ["9"]}]}]
`

const salon = `
tenants:
  - id: salon
    time_zone: Europe/Moscow
    currency: RUB
    tariff: office
    dial_plan: ru
    account: {mode: postpaid}
    branches: [{id: kazan}]
    numbers: [{number: "+74951000001", class: toll_free, branch: kazan}, {number: "+78431000002", class: city, branch: kazan}]
`

func numberFaults(tb testing.TB, operator, fees string) []string {
	tb.Helper()
	bundle, err := provision.ReadBundle(fstest.MapFS{
		"operator.yaml": {Data: []byte(operator)},
		"office.yaml":   {Data: []byte("name: office\ncurrency: RUB\ndecks: [{name: d, rates: [{prefix: any, rate: 1}]}]\nfees:\n" + fees)},
	}, "operator.yaml")
	require.NoError(tb, err)
	snapshot, err := provision.NewCompiler().Compile(tb.Context(), bundle)
	require.NoError(tb, err, "what is in force stays in force")
	require.Equal(tb, []string{"RU", "moscow"}, snapshot.RegionsOf(e164.MustParse("74951000001")), "whatever its branch")
	var out []string
	for _, f := range provision.Faults(snapshot.CheckNumbers(bundle)) {
		out = append(out, f.Problem)
	}
	return out
}

// TestNumberClasses holds numbers and fees against one list of classes, and the regions of fees against what there is.
func TestNumberClasses(t *testing.T) {
	t.Parallel()
	fees := "  - {name: a, amount: 1, per: number, classes: [toll_free, third-party], regions: [moscow, RU, \"7495\"]}\n"
	require.Empty(t, numberFaults(t, numbered+salon, fees))
	require.Equal(t, []string{`there is no class of numbers "city"`, `office.yaml, fee "a": there is no class of numbers "third-party"`},
		numberFaults(t, "number_classes: [toll_free, gold]\n"+numbered+salon, fees))
	require.Equal(t, []string{`office.yaml, fee "b": there is no class of numbers "ctiy"`, `office.yaml, fee "b": there is no region "kazan"`},
		numberFaults(t, numbered+salon, "  - {name: b, amount: 1, per: number, classes: [ctiy], regions: [kazan]}\n"))
	require.Equal(t, []string{`office.yaml, fee "c": counter golden_numbers: there is no class of numbers "golden"`},
		numberFaults(t, numbered+salon, "  - {name: c, amount: 1, per: golden_numbers}\n"))
	require.Equal(t, []string{`is 1, and the client salon has 2 numbers`}, numberFaults(t, numbered+salon+"    max_numbers: 1\n", fees))
}

// TestSettingsAreStoredWhole takes a bundle apart and puts it together again: no setting is lost on the way.
func TestSettingsAreStoredWhole(t *testing.T) {
	t.Parallel()
	bundle, err := provision.ReadBundle(fstest.MapFS{
		"operator.yaml": {Data: []byte("number_classes: [gold]\nreporting_currency: EUR\nbetween_clients: free\n" + numbered + salon)},
		"office.yaml":   {Data: []byte("name: office\ncurrency: RUB\ndecks: [{name: d, rates: [{prefix: any, rate: 1}]}]\n")},
	}, "operator.yaml")
	require.NoError(t, err)
	objects, err := bundle.Objects()
	require.NoError(t, err)
	again, err := provision.NewBundle(objects, bundle.Files)
	require.NoError(t, err)
	require.Equal(t, bundle.Operator, again.Operator)
	require.Equal(t, "EUR", again.Operator.ReportingCurrency().String())
	again.Operator.Reporting = money.Currency{}
	require.Equal(t, "RUB", again.Operator.ReportingCurrency().String(), "that of most clients")
}
