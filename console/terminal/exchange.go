package terminal

import (
	"strconv"

	"trunkline/console"
)

// ExchangeRates lists rates with the day from which each holds.
func ExchangeRates(list []console.KeptRate) *Table {
	t := &Table{Columns: []string{"day", "from", "to", "rate", "source"}, Of: "rates"}
	for i := range list {
		r := &list[i]
		t.Add(day(r.Since), r.From.String(), r.To.String(), r.Rate.String(), r.Source)
	}
	return t
}

// RateFetches lists when rates were fetched, and what came of it.
func RateFetches(list []console.RateFetch) *Table {
	t := &Table{Columns: []string{"time", "origin", "source", "new_rates", "by", "failure"}, Of: "fetches"}
	for i := range list {
		r := &list[i]
		t.Add(moment(r.At), r.Origin, r.Source, strconv.Itoa(r.Fresh), r.By, r.Failure)
	}
	return t
}
