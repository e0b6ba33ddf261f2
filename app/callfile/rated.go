package callfile

import (
	"errors"
	"slices"
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/rating"
)

// Rated is a call with its price, or with the reason why it has none.
type Rated struct {
	id          string
	connect     time.Time
	taxed       money.Taxed // Where a tax is asked for.
	charge      rating.Charge
	scale       int
	note        string
	failed      bool
	explanation rating.Explanation
}

// Rate prices calls in the order of their connect times and returns them in the order of the file.
func Rate(tariff *rating.Tariff, calls []Row, explain bool) (rated []Rated, failed int) {
	order := make([]int, len(calls))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return calls[a].Call.Connect.Compare(calls[b].Call.Connect) })
	rated = make([]Rated, len(calls))
	used := rating.Tally{}
	for _, i := range order {
		r := rateCall(tariff, &calls[i], used, explain)
		used.Apply(r.charge.Uses)
		if r.failed {
			failed++
		}
		rated[i] = r
	}
	return rated, failed
}

func rateCall(tariff *rating.Tariff, row *Row, used rating.Tally, explain bool) Rated {
	r := Rated{id: row.id, connect: row.Call.Connect, scale: tariff.Scale(), charge: rating.Charge{Currency: tariff.Currency()}}
	if row.fault != "" {
		r.failed, r.note = true, rating.BadCall.String()+": "+row.fault
		return r
	}
	var charge rating.Charge
	var err error
	row.Call.Emergency = row.Call.To.Emergency() && row.Call.Direction != calls.Inbound
	if explain {
		charge, r.explanation, err = tariff.Explain(row.Call, used)
	} else {
		charge, err = tariff.Price(row.Call, used)
	}
	var unratable *rating.UnratableError
	switch {
	case errors.As(err, &unratable):
		r.failed, r.note = true, unratable.Reason.String()+": "+unratable.Detail
	case err != nil:
		r.failed, r.note = true, err.Error()
	default:
		r.charge, r.note = charge, charge.Notes.String()
	}
	return r
}
