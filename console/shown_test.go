package console_test

import (
	"trunkline/alert"
	"trunkline/console"
)

const alertRules = `
channels: [{id: ops, webhook: "https://hooks.example.com/T0/geheim", secret: geheim-geheim-geheim}]
rules:
  - {id: low, measure: balance, below: "100", notify: [ops]}
  - {id: many, measure: calls, above: "1000", notify: [ops]}
`

func alarms() []alert.Alarm {
	return []alert.Alarm{
		{Rule: "low", Tenant: "acme", Value: amount("77"), Text: "tenant acme: balance is 77, below 100."},
		{Rule: "many", Tenant: "acme", Value: amount("1234"), Text: "tenant acme: calls is 1234, above 1000."},
		{Rule: "gone", Tenant: "acme", Value: amount("88"), Text: "tenant acme: spend is 88, above 80."},
	}
}

func told() []console.Delivery {
	return []console.Delivery{
		{Rule: "low", Text: "balance is 77"}, {Rule: "many", Text: "calls is 1234"}, {Rule: "calls.rated", Text: "9 calls were rated: 88"},
		{Rule: "route.locked", Text: "gateway alfa-1 is locked"}, {Rule: "call.unrated", Text: "no rate for 4989765432"},
	}
}
