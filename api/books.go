package api

import (
	"context"

	"trunkline/api/rest"
	"trunkline/console"
	"trunkline/ledger"
)

// ListClosings implements rest.StrictServerInterface.
func (o *operations) ListClosings(ctx context.Context, r rest.ListClosingsRequestObject) (rest.ListClosingsResponseObject, error) {
	list, err := o.c.Closings(ctx, PrincipalFrom(ctx), console.Whose{Tenant: r.Params.Tenant, Carrier: r.Params.Carrier})
	return rest.ListClosings200JSONResponse(closings(list)), err
}

// CloseBooks implements rest.StrictServerInterface.
func (o *operations) CloseBooks(ctx context.Context, r rest.CloseBooksRequestObject) (rest.CloseBooksResponseObject, error) {
	done, err := o.c.CloseBooks(ctx, PrincipalFrom(ctx), console.Whose{Tenant: r.Body.Tenant, Carrier: r.Body.Carrier}, r.Body.Month, r.Body.Reason)
	return rest.CloseBooks200JSONResponse(closings(done)), err
}

// OpenBooks implements rest.StrictServerInterface.
func (o *operations) OpenBooks(ctx context.Context, r rest.OpenBooksRequestObject) (rest.OpenBooksResponseObject, error) {
	done, err := o.c.OpenBooks(ctx, PrincipalFrom(ctx), console.Whose{Tenant: r.Body.Tenant, Carrier: r.Body.Carrier}, r.Body.Month, r.Body.Reason)
	return rest.OpenBooks200JSONResponse(closings(done)), err
}

func closings(list []ledger.Closing) rest.BooksChanges {
	out := rest.BooksChanges{Items: make([]rest.BooksChange, len(list))}
	for i := range list {
		c := &list[i]
		out.Items[i] = rest.BooksChange{Account: c.Account.String(), ClosedUntil: c.Till, Before: c.Before, At: c.At, Reason: c.Reason, By: c.By}
	}
	return out
}

// ListRerates implements rest.StrictServerInterface.
func (o *operations) ListRerates(ctx context.Context, _ rest.ListReratesRequestObject) (rest.ListReratesResponseObject, error) {
	list, err := o.c.RerateRuns(ctx, PrincipalFrom(ctx))
	out := rest.ListRerates200JSONResponse{Items: make([]rest.RerateRun, len(list))}
	for i := range list {
		r := &list[i]
		out.Items[i] = rest.RerateRun{Id: r.ID, StartedAt: r.Begun, Scope: r.Scope, From: r.From, Until: r.Till, Changed: r.Legs, State: r.State, Reason: r.Reason, By: r.By}
	}
	return out, err
}

func rerateOrder(b *rest.RerateOrder) console.RerateOrder {
	return console.RerateOrder{Whose: console.Whose{Tenant: b.Tenant, Carrier: b.Carrier}, Deck: b.Deck, From: b.From, Till: b.Until, Reason: b.Reason}
}

// StartRerate implements rest.StrictServerInterface.
func (o *operations) StartRerate(ctx context.Context, r rest.StartRerateRequestObject) (rest.StartRerateResponseObject, error) {
	j, err := o.c.StartRerate(ctx, PrincipalFrom(ctx), rerateOrder(r.Body))
	if err != nil {
		return nil, err
	}
	return rest.StartRerate202JSONResponse{BegunJSONResponse: begun(j)}, nil
}

// PreviewRerate implements rest.StrictServerInterface.
func (o *operations) PreviewRerate(ctx context.Context, r rest.PreviewRerateRequestObject) (rest.PreviewRerateResponseObject, error) {
	report, err := o.c.Rerate(ctx, PrincipalFrom(ctx), rerateOrder(r.Body), false)
	if err != nil {
		return nil, err
	}
	out := rest.PreviewRerate200JSONResponse{
		Calls: report.Legs, Changed: report.Changed, Failed: append([]string{}, report.Failed...), Refused: []string{}, Lines: make([]rest.RerateLine, len(report.Lines)),
	}
	for _, why := range report.Refused {
		out.Refused = append(out.Refused, why.Error())
	}
	for i := range report.Lines {
		l := &report.Lines[i]
		out.Lines[i] = rest.RerateLine{
			Account: l.Account.String(), Destination: l.Destination, Calls: l.Calls, Before: l.Before.String(), After: l.After.String(), Difference: l.Difference.String(),
		}
	}
	return out, nil
}

// UndoRerate implements rest.StrictServerInterface.
func (o *operations) UndoRerate(ctx context.Context, r rest.UndoRerateRequestObject) (rest.UndoRerateResponseObject, error) {
	_, err := o.c.UndoRerate(ctx, PrincipalFrom(ctx), r.Run, r.Body.Reason)
	return rest.UndoRerate204Response{}, err
}

// PutReadings implements rest.StrictServerInterface.
func (o *operations) PutReadings(ctx context.Context, r rest.PutReadingsRequestObject) (rest.PutReadingsResponseObject, error) {
	return rest.PutReadings204Response{}, o.c.PutReadings(ctx, PrincipalFrom(ctx), r.Tenant, readings(r.Body))
}

// VerifyInvoices implements rest.StrictServerInterface.
func (o *operations) VerifyInvoices(ctx context.Context, _ rest.VerifyInvoicesRequestObject) (rest.VerifyInvoicesResponseObject, error) {
	n, err := o.c.VerifyInvoices(ctx, PrincipalFrom(ctx))
	return rest.VerifyInvoices200JSONResponse{Documents: n}, err
}

// ListExchangeRates implements rest.StrictServerInterface.
func (o *operations) ListExchangeRates(ctx context.Context, r rest.ListExchangeRatesRequestObject) (rest.ListExchangeRatesResponseObject, error) {
	list, err := o.c.ExchangeRates(ctx, PrincipalFrom(ctx), r.Params.Since.Time, or(r.Params.Limit, pageLimit))
	out := rest.ListExchangeRates200JSONResponse{Items: make([]rest.KeptRate, len(list))}
	for i := range list {
		x := &list[i]
		out.Items[i] = rest.KeptRate{Day: x.Since, From: x.From.String(), To: x.To.String(), Rate: x.Rate.String(), Source: x.Source}
	}
	return out, err
}
