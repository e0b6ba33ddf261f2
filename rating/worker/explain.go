package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/rating"
)

// Recall gives a version back that a record names; false: it is not kept. An error may pass.
type Recall func(ctx context.Context, leg *cdr.Leg, label string) (*rating.Tariff, bool, error)

// Explained is a price that was computed again from what is stored: the leg, the versions that its record names, and what the price
// depended on beside them.
type Explained struct {
	Leg      string                   `json:"leg"`
	Side     string                   `json:"side"`              // "sale" or "cost".
	Version  string                   `json:"version,omitempty"` // Of the tariff, or of the carrier's deck.
	Steps    []rating.ExplanationStep `json:"steps,omitempty"`
	Computed money.Amount             `json:"computed"`
	Recorded money.Amount             `json:"recorded"`
	Currency money.Currency           `json:"currency,omitzero"`
	Matches  bool                     `json:"matches"`          // To the last millionth.
	Reason   string                   `json:"reason,omitempty"` // Why it does not, or could not be computed; or why it is no more than what was held.
}

// Explain computes the price of a record again. An error may pass; what is not kept any more, and what does not agree, is in the answer.
func Explain(ctx context.Context, record *cdr.Record, recall Recall) (Explained, error) {
	leg := &record.Leg
	e := Explained{Leg: leg.ID(), Side: "sale", Version: record.TariffVersion, Recorded: record.Sale, Currency: record.SaleCurrency}
	if leg.Kind == cdr.Egress {
		e.Side, e.Version, e.Recorded, e.Currency = "cost", record.DeckVersion, record.Cost, record.CostCurrency
	}
	if e.Version == "" {
		e.Matches, e.Reason = record.Sale.IsZero() && record.Cost.IsZero(), "nothing was charged for it"
		return e, nil
	}
	tariff, ok, err := recall(ctx, leg, e.Version)
	if err != nil {
		return e, err
	}
	if !ok {
		e.Reason = e.Version + " is not kept: it was priced before versions were, or the provisioning was restored from before it"
		return e, nil
	}
	charge, told, err := again(tariff, record)
	var unratable *rating.UnratableError
	if err != nil && !errors.As(err, &unratable) {
		e.Reason = err.Error()
		return e, nil
	}
	e.Steps, e.Computed = told.Steps, charge.Total
	switch {
	case err != nil && leg.Duration() > 0:
		e.Reason = err.Error()
	case charge.Total == e.Recorded:
		e.Matches = true
	case strings.Contains(record.Note, NoteBounded) && e.Recorded.Less(charge.Total):
		e.Matches, e.Reason = true, fmt.Sprintf("no more than %s was held for the call, and no more is charged", e.Recorded)
	default:
		e.Reason = fmt.Sprintf("%s was charged and %s comes out", e.Recorded, charge.Total)
	}
	return e, nil
}

// again prices a record as it was priced.
func again(tariff *rating.Tariff, record *cdr.Record) (rating.Charge, rating.Explanation, error) {
	leg := &record.Leg
	if leg.Kind == cdr.Egress {
		return tariff.Explain(bought(leg), nil)
	}
	basis, err := rating.ParseBasis(record.Basis)
	if err != nil {
		return rating.Charge{}, rating.Explanation{}, err
	}
	call := sold(leg)
	basis.Apply(&call)
	return tariff.Explain(call, basis.Counters())
}

// sold is an ingress leg as it is priced for its tenant.
func sold(leg *cdr.Leg) rating.Call {
	return rating.Call{
		From: leg.From, To: leg.To, Direction: leg.Direction, Connect: start(leg), Duration: leg.Chargeable(),
		Extension: leg.Extension, Branch: leg.Branch, OnNet: leg.Direction == calls.Internal,
		Emergency: leg.To.Emergency() && leg.Direction != calls.Inbound,
	}
}

// bought is an egress leg as its carrier prices it, over its whole duration.
func bought(leg *cdr.Leg) rating.Call {
	return rating.Call{From: leg.From, To: leg.To, Direction: calls.Outbound, Connect: start(leg), Duration: leg.Duration()}
}
