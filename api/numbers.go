package api

import (
	"context"
	"strings"

	"trunkline/api/rest"
	"trunkline/console"
	"trunkline/provision/inventory"
)

// ListNumberClasses implements rest.StrictServerInterface.
func (o *operations) ListNumberClasses(context.Context, rest.ListNumberClassesRequestObject) (rest.ListNumberClassesResponseObject, error) {
	return rest.ListNumberClasses200JSONResponse{Items: o.c.NumberClasses()}, nil
}

// ListStock implements rest.StrictServerInterface.
func (o *operations) ListStock(ctx context.Context, r rest.ListStockRequestObject) (rest.ListStockResponseObject, error) {
	limit := or(r.Params.Limit, pageLimit)
	list, err := o.c.Stock(ctx, PrincipalFrom(ctx), console.StockFilter{
		Prefix: r.Params.Prefix, Status: inventory.Status(r.Params.Status), Class: r.Params.Class, Tenant: r.Params.Tenant, Region: r.Params.Region,
		After: r.Params.Cursor, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	page := rest.ListStock200JSONResponse{Items: list}
	if len(list) == limit {
		page.Next = list[len(list)-1].Number.Digits()
	}
	return page, nil
}

// PutStock implements rest.StrictServerInterface.
func (o *operations) PutStock(ctx context.Context, r rest.PutStockRequestObject) (rest.PutStockResponseObject, error) {
	return rest.PutStock204Response{}, o.c.PutStock(ctx, PrincipalFrom(ctx), r.Body.Items)
}

// AssignNumbers implements rest.StrictServerInterface.
func (o *operations) AssignNumbers(ctx context.Context, r rest.AssignNumbersRequestObject) (rest.AssignNumbersResponseObject, error) {
	b := r.Body
	numbers, err := console.ParseNumberList(strings.Join(b.Numbers, ","))
	if err != nil {
		return nil, err
	}
	list, err := o.c.AssignNumbers(ctx, PrincipalFrom(ctx), console.Assignment{
		Tenant: b.Tenant, Numbers: numbers, Count: b.Count, Class: b.Class, Region: b.Region, Branch: b.Branch, Extension: b.Extension,
		Group: b.Group, Trunk: b.Trunk, DryRun: b.DryRun,
	})
	return rest.AssignNumbers200JSONResponse{Items: list}, err
}

// ReleaseNumbers implements rest.StrictServerInterface.
func (o *operations) ReleaseNumbers(ctx context.Context, r rest.ReleaseNumbersRequestObject) (rest.ReleaseNumbersResponseObject, error) {
	numbers, err := console.ParseNumberList(strings.Join(r.Body.Numbers, ","))
	if err != nil {
		return nil, err
	}
	list, err := o.c.ReleaseNumbers(ctx, PrincipalFrom(ctx), console.Release{Tenant: r.Body.Tenant, Numbers: numbers, Until: r.Body.Until, DryRun: r.Body.DryRun})
	return rest.ReleaseNumbers200JSONResponse{Items: list}, err
}
