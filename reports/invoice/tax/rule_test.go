package tax_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"trunkline/reports/invoice/tax"
)

func read(tb testing.TB, text string) tax.Rule {
	tb.Helper()
	var r tax.Rule
	require.NoError(tb, yaml.Unmarshal([]byte(text), &r))
	require.NoError(tb, r.Validate())
	stored, err := json.Marshal(r)
	require.NoError(tb, err)
	var again tax.Rule
	require.NoError(tb, json.Unmarshal(stored, &again))
	require.Equal(tb, r, again, "it is stored as JSON")
	shown, err := yaml.Marshal(r)
	require.NoError(tb, err)
	again = tax.Rule{}
	require.NoError(tb, yaml.Unmarshal(shown, &again))
	require.Equal(tb, r, again, string(shown))
	return r
}

// Russia: 20 % up to the end of 2025, 22 % from 2026-01-01 (Federal law 425-FZ of 2025-11-28), by the day of the service.
const russia = `
name: НДС
rates:
  - {percent: "20"}
  - {percent: "22", since: 2026-01-01}
`

func TestRatesByDay(t *testing.T) {
	t.Parallel()
	r := read(t, russia)
	require.Equal(t, "20", r.On("2025-12-31").Key())
	require.Equal(t, "22", r.On("2026-01-01").Key())
	moscow, err := time.LoadLocation("Europe/Moscow")
	require.NoError(t, err)
	from, till := time.Date(2025, 12, 15, 0, 0, 0, 0, moscow), time.Date(2026, 1, 15, 0, 0, 0, 0, moscow)
	changes := r.Changes(from, till, moscow)
	require.Len(t, changes, 1)
	require.Equal(t, "2025-12-31T21:00:00Z", changes[0].UTC().Format(time.RFC3339))
	require.Empty(t, r.Changes(changes[0], till, moscow), "what begins with the period changes nothing in it")
}

func TestItemsReverseAndExempt(t *testing.T) {
	t.Parallel()
	r := read(t, `
percent: "19"
items:
  - {for: [books], percent: "7"}
  - {for: [usage/international], exempt: {de: "§ 4 UStG", en: "exempt"}}
  - {for: [consulting], rates: [{percent: "19"}, {reverse_charge: true, since: 2026-07-01}]}
`)
	require.Equal(t, "19", r.On("2026-01-01", "pbx").Key())
	require.Equal(t, "7", r.On("2026-01-01", "books").Key())
	require.Equal(t, tax.Exempt, r.On("2026-01-01", "usage", "usage/international").Category)
	require.Equal(t, "§ 4 UStG", r.On("2026-01-01", "usage/international").Reason.In("de"))
	require.Equal(t, "exempt", r.On("2026-01-01", "usage/international").Reason.In("ru"))
	require.Equal(t, tax.Standard, r.On("2026-06-30", "consulting").Category)
	require.Equal(t, tax.ReverseCharge, r.On("2026-07-01", "consulting").Category)
	require.Equal(t, tax.Zero, read(t, `{percent: "0"}`).On("2026-01-01").Category)
	require.Equal(t, tax.None, tax.Rule{}.On("2026-01-01").Category)
}

func TestBadRules(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{percent: "101"}`: "from 0 to 100",
		`{percent: "x"}`:   "from 0 to 100",
		`{percent: "20", rates: [{percent: "22"}]}`:                        "beside",
		`{rates: [{percent: "22", since: 2026-01-01}]}`:                    "what held before",
		`{rates: [{percent: "22"}, {percent: "20"}]}`:                      "two rates",
		`{rates: [{percent: "22"}, {since: 2026-01-01}]}`:                  "no percent",
		`{rates: [{percent: "22"}, {percent: "20", since: "01.01.2026"}]}`: "want a day",
		`{percent: "22", since: 2026-01-01}`:                               "give rates",
		`{percent: "22", reverse_charge: true}`:                            "one of percent",
		`{items: [{percent: "7"}]}`:                                        "for is empty",
		`{items: [{for: [usage]}]}`:                                        "give percent",
	} {
		var r tax.Rule
		require.NoError(t, yaml.Unmarshal([]byte(text), &r))
		err := r.Validate()
		require.ErrorIs(t, err, tax.ErrRule, text)
		require.ErrorContains(t, err, want, text)
	}
}

// TestRewrites finds the day from which days that are past would be taxed otherwise.
func TestRewrites(t *testing.T) {
	t.Parallel()
	flat20, flat22, dated := read(t, `{percent: "20"}`), read(t, `{percent: "22"}`), read(t, russia)
	require.Equal(t, "0001-01-01", flat22.Rewrites(flat20, "2026-01-05"))
	require.Empty(t, dated.Rewrites(flat20, "2025-12-20"), "it is announced in time")
	require.Equal(t, "2026-01-01", dated.Rewrites(flat20, "2026-01-05"))
	require.Empty(t, dated.Rewrites(dated, "2027-01-01"))
	item := read(t, `{percent: "20", items: [{for: [books], percent: "10"}]}`)
	require.Equal(t, "0001-01-01", item.Rewrites(flat20, "2026-01-05"))
}
