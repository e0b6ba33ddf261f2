package api

import (
	"context"
	"time"

	"trunkline/api/rest"
	"trunkline/console"
)

// GetStats implements rest.StrictServerInterface.
func (o *operations) GetStats(ctx context.Context, r rest.GetStatsRequestObject) (rest.GetStatsResponseObject, error) {
	p := &r.Params
	q, err := o.c.ReadQuestion(PrincipalFrom(ctx), console.QuestionText{
		Period: or(p.Period, "today"), CompareTo: p.CompareTo, Zone: p.Zone, Tenant: p.Tenant, Branch: p.Branch, By: p.By, Filter: p.Filter,
		Side: string(p.Side), Order: string(p.Order), Currency: p.Currency, Compare: p.Compare, Top: p.Top,
	})
	if err != nil {
		return nil, err
	}
	a, err := o.c.Stats(ctx, PrincipalFrom(ctx), q)
	if err != nil {
		return nil, err
	}
	return rest.GetStats200JSONResponse(*a), nil
}

// GetLines implements rest.StrictServerInterface.
func (o *operations) GetLines(ctx context.Context, r rest.GetLinesRequestObject) (rest.GetLinesResponseObject, error) {
	p := &r.Params
	q := console.LinesQuery{Tenant: p.Tenant, Branch: p.Branch, PBX: p.Pbx}
	var err error
	if q.Period, err = o.period(ctx, p.Period, p.Zone, p.Tenant); err != nil {
		return nil, err
	}
	report, err := o.c.Lines(ctx, PrincipalFrom(ctx), q)
	if err != nil {
		return nil, err
	}
	return rest.GetLines200JSONResponse(*report), nil
}

// GetExpenses implements rest.StrictServerInterface.
func (o *operations) GetExpenses(ctx context.Context, r rest.GetExpensesRequestObject) (rest.GetExpensesResponseObject, error) {
	e, err := o.c.Expenses(ctx, PrincipalFrom(ctx), r.Tenant, r.Params.Month)
	if err != nil {
		return nil, err
	}
	return rest.GetExpenses200JSONResponse(*e), nil
}

// SimulateRoute implements rest.StrictServerInterface.
func (o *operations) SimulateRoute(ctx context.Context, r rest.SimulateRouteRequestObject) (rest.SimulateRouteResponseObject, error) {
	b := r.Body
	a, err := o.c.Simulate(ctx, PrincipalFrom(ctx), console.RouteQuestion{
		Tenant: b.Tenant, Extension: b.Extension, Branch: b.Branch, Gateway: b.Gateway, Dialled: b.Dialled, CallerID: b.CallerId,
		At: b.At, Assumed: time.Duration(b.AssumedSeconds) * time.Second,
	})
	if err != nil {
		return nil, err
	}
	return rest.SimulateRoute200JSONResponse(*a), nil
}
