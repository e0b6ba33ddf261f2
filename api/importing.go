package api

import (
	"context"

	"trunkline/api/rest"
	"trunkline/console"
)

// ListImports implements rest.StrictServerInterface.
func (o *operations) ListImports(ctx context.Context, r rest.ListImportsRequestObject) (rest.ListImportsResponseObject, error) {
	p := r.Params
	list, err := o.c.Imports(ctx, PrincipalFrom(ctx), console.ImportQuery{Tenant: p.Tenant, PBX: p.Pbx, File: p.File, Limit: or(p.Limit, pageLimit)})
	return rest.ListImports200JSONResponse{Items: list}, err
}

// ListImportFaults implements rest.StrictServerInterface.
func (o *operations) ListImportFaults(ctx context.Context, r rest.ListImportFaultsRequestObject) (rest.ListImportFaultsResponseObject, error) {
	p := r.Params
	list, err := o.c.ImportFaults(ctx, PrincipalFrom(ctx), console.ImportQuery{Tenant: p.Tenant, PBX: p.Pbx, Limit: or(p.Limit, pageLimit)})
	return rest.ListImportFaults200JSONResponse{Items: list}, err
}

// UndoImports implements rest.StrictServerInterface.
func (o *operations) UndoImports(ctx context.Context, r rest.UndoImportsRequestObject) (rest.UndoImportsResponseObject, error) {
	j, err := o.c.StartUndoImports(ctx, PrincipalFrom(ctx), r.Body.Imports, r.Body.Reason)
	if err != nil {
		return nil, err
	}
	return rest.UndoImports202JSONResponse{BegunJSONResponse: begun(j)}, nil
}

// ImportAgain implements rest.StrictServerInterface.
func (o *operations) ImportAgain(ctx context.Context, r rest.ImportAgainRequestObject) (rest.ImportAgainResponseObject, error) {
	j, err := o.c.StartImportsAgain(ctx, PrincipalFrom(ctx), r.Body.Imports, r.Body.Reason)
	if err != nil {
		return nil, err
	}
	return rest.ImportAgain202JSONResponse{BegunJSONResponse: begun(j)}, nil
}
