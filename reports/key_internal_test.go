package reports

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/money"
)

// TestKey changes every field of a question, so that none that is added is forgotten in its key.
func TestKey(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	zone := time.FixedZone("Europe/Moscow", 3*60*60)
	filter, err := ParseFilter("country:RU")
	require.NoError(t, err)
	period := Period{From: at, Until: at.AddDate(0, 1, 0), Zone: time.UTC, unit: months}
	other := func(change func(p *Period)) Period {
		p := period
		change(&p)
		return p
	}
	periods := []any{
		other(func(p *Period) { p.From = at.Add(1) }), other(func(p *Period) { p.Until = at }), other(func(p *Period) { p.Zone = zone }), other(func(p *Period) { p.unit = days }),
	}
	values := map[string][]any{
		"Side": {Attempts}, "Period": periods, "Compare": {true}, "CompareTo": append([]any{period}, periods...), "By": {[]Dimension{ByDay}, []Dimension{ByDay, ByBranch}, []Dimension{ByBranch, ByDay}},
		"Filter": {filter}, "Tenant": {"beauty", `beauty" "b`}, "Branch": {"beauty", "b"}, "Top": {5}, "Order": {OrderSale}, "Summary": {true}, "Currency": {money.MustParseCurrency("EUR")},
	}
	plain := Question{Side: Calls, Period: period}
	seen := map[string]string{plain.Key(): "the plain one"}
	fields := reflect.TypeFor[Question]()
	require.Equal(t, 4, reflect.TypeFor[Period]().NumField(), "the key of a period has all its fields")
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		require.NotEmpty(t, values[name], "%s is in no key", name)
		for _, value := range values[name] {
			q := plain
			reflect.ValueOf(&q).Elem().Field(i).Set(reflect.ValueOf(value))
			require.NotContains(t, seen, q.Key(), "%s %v", name, value)
			seen[q.Key()] = name
		}
	}
}
