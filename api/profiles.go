package api

import (
	"context"
	"maps"
	"slices"

	"trunkline/api/rest"
	"trunkline/reports/invoice"
)

// ListProfiles implements rest.StrictServerInterface.
func (o *operations) ListProfiles(ctx context.Context, _ rest.ListProfilesRequestObject) (rest.ListProfilesResponseObject, error) {
	all, err := o.c.Profiles(ctx, PrincipalFrom(ctx))
	out := rest.ListProfiles200JSONResponse{Items: make([]invoice.Profile, 0, len(all))}
	for _, tenant := range slices.Sorted(maps.Keys(all)) {
		out.Items = append(out.Items, all[tenant])
	}
	return out, err
}

// PutProfiles implements rest.StrictServerInterface.
func (o *operations) PutProfiles(ctx context.Context, r rest.PutProfilesRequestObject) (rest.PutProfilesResponseObject, error) {
	return rest.PutProfiles204Response{}, o.c.PutProfiles(ctx, PrincipalFrom(ctx), r.Body.Items, r.Params.CorrectTax)
}

// RemoveProfile implements rest.StrictServerInterface.
func (o *operations) RemoveProfile(ctx context.Context, r rest.RemoveProfileRequestObject) (rest.RemoveProfileResponseObject, error) {
	return rest.RemoveProfile204Response{}, o.c.RemoveProfile(ctx, PrincipalFrom(ctx), r.Params.Tenant, r.Params.CorrectTax)
}

// GetProfile implements rest.StrictServerInterface.
func (o *operations) GetProfile(ctx context.Context, r rest.GetProfileRequestObject) (rest.GetProfileResponseObject, error) {
	p, err := o.c.ProfileOf(ctx, PrincipalFrom(ctx), r.Tenant)
	return rest.GetProfile200JSONResponse(p), err
}

// IssueInvoiceAgain implements rest.StrictServerInterface.
func (o *operations) IssueInvoiceAgain(ctx context.Context, r rest.IssueInvoiceAgainRequestObject) (rest.IssueInvoiceAgainResponseObject, error) {
	issued, err := o.c.IssueAgain(ctx, PrincipalFrom(ctx), r.Number)
	if err != nil {
		return nil, err
	}
	return rest.IssueInvoiceAgain200JSONResponse{Number: issued.Document.Number}, nil
}
