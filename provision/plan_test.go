package provision_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"trunkline/demo"
	"trunkline/provision"
)

const smallOperator = `
name: Test
realm: pbx.test
carriers:
  - {id: alfa, currency: EUR, deck: alfa}
gateways:
  - {id: alfa-1, carrier: alfa, address: "192.0.2.1:5060", login: us, password: hidden}
decks:
  - {id: alfa, file: alfa.csv, currency: EUR}
tariffs:
  - {id: retail, file: retail.yaml}
dial_plans:
  - id: plain
    country: "49"
    rules: [{match: "+.", strip: 1}]
route_plans:
  - {id: all, default: true, rules: [{id: any, policy: least_cost}]}
tenants:
  - id: acme
    time_zone: Europe/Berlin
    currency: EUR
    tariff: retail
    dial_plan: plain
    account: {mode: postpaid}
    branches:
      - id: main
        extensions:
          - {id: "101", password: secret}
`

func testFiles(operator string) fstest.MapFS {
	return fstest.MapFS{
		"operator.yaml": {Data: []byte(operator)},
		"alfa.csv":      {Data: []byte("prefix,rate\n49,0.01\n")},
		"retail.yaml":   {Data: []byte("name: retail\ncurrency: EUR\ndecks:\n  - name: world\n    rates: [{prefix: \"49\", rate: 0.02}]\n")},
	}
}

func read(t *testing.T, operator string) *provision.Bundle {
	t.Helper()
	b, err := provision.ReadBundle(testFiles(operator), "operator.yaml")
	require.NoError(t, err)
	return b
}

func TestPlan(t *testing.T) {
	t.Parallel()
	first := read(t, smallOperator)
	changes, merged, err := provision.Plan(nil, nil, first, false)
	require.NoError(t, err)
	require.Len(t, changes.Put, 8)
	require.Len(t, changes.Files, 2)
	_, err = provision.NewCompiler().Compile(t.Context(), merged)
	require.NoError(t, err)

	stored, err := merged.Objects()
	require.NoError(t, err)
	again, _, err := provision.Plan(stored, merged.Files, read(t, smallOperator), true)
	require.NoError(t, err)
	require.True(t, again.Empty(), "the same file again changes nothing")
}

func TestPlanShowsFieldsAndMasksSecrets(t *testing.T) {
	t.Parallel()
	_, merged, err := provision.Plan(nil, nil, read(t, smallOperator), false)
	require.NoError(t, err)
	stored, err := merged.Objects()
	require.NoError(t, err)

	edited := read(t, smallOperator)
	edited.Operator.Gateways[0].MaxCalls = 30
	edited.Operator.Gateways[0].Password = "changed"
	edited.Operator.Tenants = nil
	changes, kept, err := provision.Plan(stored, merged.Files, edited, false)
	require.NoError(t, err)
	require.Equal(t, []provision.FieldChange{
		{Path: "max_calls", Before: "", After: "30"}, {Path: "password", Before: "***", After: "***"},
	}, changes.List[0].Fields)
	require.Equal(t, provision.Keep, changes.List[1].Action)
	require.Len(t, kept.Operator.Tenants, 1, "what the file does not have is kept")

	changes, pruned, err := provision.Plan(stored, merged.Files, edited, true)
	require.NoError(t, err)
	require.Len(t, changes.Drop, 1)
	require.Empty(t, pruned.Operator.Tenants)
}

func TestFaultsNameLineFieldAndRemedy(t *testing.T) {
	t.Parallel()
	broken := `
realm: pbx.test
carriers:
  - {id: alfa, currency: EUR, deck: nope}
  - {id: alfa, currency: EUR}
gateways:
  - id: g
    carrier: other
    address: ""
    transport: smoke
    media: pigeon
tenants:
  - id: acme
    time_zone: Mars/Olympus
    currency: EUR
    account: {mode: barter}
    limits:
      - {period: century, calls: 1}
`
	b := read(t, broken)
	faults := provision.Faults(b.Check())
	found := make(map[string]int)
	for _, f := range faults {
		require.Equal(t, "operator.yaml", f.File)
		require.NotEmpty(t, f.Remedy)
		found[f.Field] = f.Line
	}
	require.Equal(t, map[string]int{
		"carriers[0].deck": 4, "carriers[1].id": 5, "gateways[0].carrier": 8, "gateways[0].address": 9, "gateways[0].transport": 10,
		"gateways[0].media":    11,
		"tenants[0].time_zone": 14, "tenants[0].tariff": 13, "tenants[0].dial_plan": 13, "tenants[0].route_plan": 13, "tenants[0].account.mode": 16,
		"tenants[0].limits[0].period": 18,
	}, found)
}

func TestUnknownKeysAndMissingFiles(t *testing.T) {
	t.Parallel()
	_, err := provision.ReadBundle(testFiles("reallm: x\n"), "operator.yaml")
	require.ErrorContains(t, err, "operator.yaml:1: reallm")
	require.ErrorContains(t, err, "reallm")
	_, err = provision.ReadBundle(testFiles("realm: x\ndecks:\n  - {id: a, file: gone.csv, currency: EUR}\n"), "operator.yaml")
	require.ErrorContains(t, err, "operator.yaml:3: decks[0].file")
}

func TestTariffInAnotherCurrencyIsRefused(t *testing.T) {
	t.Parallel()
	b := read(t, smallOperator)
	b.Operator.Tenants[0].Currency = b.Operator.Carriers[0].Currency
	_, err := provision.NewCompiler().Compile(t.Context(), b)
	require.NoError(t, err)
	files := testFiles(smallOperator)
	files["retail.yaml"].Data = []byte("name: retail\ncurrency: USD\ndecks:\n  - name: world\n    rates: [{prefix: \"49\", rate: 0.02}]\n")
	b, err = provision.ReadBundle(files, "operator.yaml")
	require.NoError(t, err)
	_, err = provision.NewCompiler().Compile(t.Context(), b)
	require.ErrorContains(t, err, "tenants[0].tariff: tariff retail is in USD")
}

func TestDemoCompiles(t *testing.T) {
	t.Parallel()
	b, err := provision.ReadBundle(demo.Files(), demo.OperatorFile)
	require.NoError(t, err)
	s, err := provision.NewCompiler().Compile(t.Context(), b)
	require.NoError(t, err)
	beauty, ok := s.Tenant("beauty")
	require.True(t, ok)
	require.Len(t, beauty.Branches, 9)
}
