package api

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"trunkline/api/rest"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/reports/invoice"
)

// ListInvoices implements rest.StrictServerInterface.
func (o *operations) ListInvoices(ctx context.Context, r rest.ListInvoicesRequestObject) (rest.ListInvoicesResponseObject, error) {
	var after int64
	if r.Params.Cursor != "" {
		var err error
		if after, err = strconv.ParseInt(r.Params.Cursor, 36, 64); err != nil {
			return nil, fmt.Errorf("%w: %w", console.ErrInvalid, errCursor)
		}
	}
	limit := or(r.Params.Limit, pageLimit)
	list, err := o.c.Invoices(ctx, PrincipalFrom(ctx), r.Params.Tenant, r.Params.Month, after, limit)
	if err != nil {
		return nil, err
	}
	page := rest.ListInvoices200JSONResponse{Items: list}
	if list == nil {
		page.Items = []rest.Issued{}
	}
	if len(list) == limit {
		page.Next = strconv.FormatInt(list[len(list)-1].ID, 36)
	}
	return page, nil
}

// GetInvoice implements rest.StrictServerInterface.
func (o *operations) GetInvoice(ctx context.Context, r rest.GetInvoiceRequestObject) (rest.GetInvoiceResponseObject, error) {
	issued, err := o.c.Invoice(ctx, PrincipalFrom(ctx), r.Number)
	return rest.GetInvoice200JSONResponse(issued), err
}

// GetInvoicePDF implements rest.StrictServerInterface.
func (o *operations) GetInvoicePDF(ctx context.Context, r rest.GetInvoicePDFRequestObject) (rest.GetInvoicePDFResponseObject, error) {
	var b bytes.Buffer
	err := o.c.WriteInvoice(ctx, PrincipalFrom(ctx), r.Number, "pdf", &b)
	return rest.GetInvoicePDF200ApplicationpdfResponse{Body: &b, ContentLength: int64(b.Len())}, err
}

// GetInvoiceXLSX implements rest.StrictServerInterface.
func (o *operations) GetInvoiceXLSX(ctx context.Context, r rest.GetInvoiceXLSXRequestObject) (rest.GetInvoiceXLSXResponseObject, error) {
	var b bytes.Buffer
	err := o.c.WriteInvoice(ctx, PrincipalFrom(ctx), r.Number, "xlsx", &b)
	return rest.GetInvoiceXLSX200ApplicationvndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{Body: &b, ContentLength: int64(b.Len())}, err
}

// MarkInvoice implements rest.StrictServerInterface.
func (o *operations) MarkInvoice(ctx context.Context, r rest.MarkInvoiceRequestObject) (rest.MarkInvoiceResponseObject, error) {
	return rest.MarkInvoice204Response{}, o.c.MarkInvoice(ctx, PrincipalFrom(ctx), r.Number, invoice.State(r.Body.State), r.Body.Note)
}

// CreditInvoice implements rest.StrictServerInterface.
func (o *operations) CreditInvoice(ctx context.Context, r rest.CreditInvoiceRequestObject) (rest.CreditInvoiceResponseObject, error) {
	var amount money.Amount
	if r.Body.Amount != "" {
		var err error
		if amount, err = money.ParseAmount(r.Body.Amount); err != nil {
			return nil, fmt.Errorf("%w: amount: %w", console.ErrInvalid, err)
		}
	}
	issued, err := o.c.CreditInvoice(ctx, PrincipalFrom(ctx), r.Number, amount, r.Body.Reason)
	return rest.CreditInvoice200JSONResponse(issued), err
}

// ClosePeriod implements rest.StrictServerInterface.
func (o *operations) ClosePeriod(ctx context.Context, r rest.ClosePeriodRequestObject) (rest.ClosePeriodResponseObject, error) {
	q := invoice.Request{Period: r.Month, DryRun: r.Params.DryRun, Reissue: r.Params.Reissue}
	if r.Params.Tenant != "" {
		q.Tenant = []string{r.Params.Tenant}
	}
	if async(r.Params.Prefer) {
		j, err := o.c.StartClose(ctx, PrincipalFrom(ctx), q)
		if err != nil {
			return nil, err
		}
		return rest.ClosePeriod202JSONResponse{BegunJSONResponse: begun(j)}, nil
	}
	results, err := o.c.ClosePeriod(ctx, PrincipalFrom(ctx), q)
	if results == nil {
		results = []invoice.Result{}
	}
	return rest.ClosePeriod200JSONResponse{Items: results}, err
}

// GetDraft implements rest.StrictServerInterface.
func (o *operations) GetDraft(ctx context.Context, r rest.GetDraftRequestObject) (rest.GetDraftResponseObject, error) {
	d, err := o.c.Draft(ctx, PrincipalFrom(ctx), r.Tenant, r.Params.Month)
	if err != nil {
		return nil, err
	}
	return rest.GetDraft200JSONResponse(*d), nil
}
