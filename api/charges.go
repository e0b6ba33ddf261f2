package api

import (
	"context"
	"fmt"

	"trunkline/api/rest"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/reports/invoice"
)

// ListCharges implements rest.StrictServerInterface.
func (o *operations) ListCharges(ctx context.Context, r rest.ListChargesRequestObject) (rest.ListChargesResponseObject, error) {
	list, err := o.c.Charges(ctx, PrincipalFrom(ctx), r.Tenant)
	if list == nil {
		list = []invoice.Charge{}
	}
	return rest.ListCharges200JSONResponse{Items: list}, err
}

// AddCharge implements rest.StrictServerInterface.
func (o *operations) AddCharge(ctx context.Context, r rest.AddChargeRequestObject) (rest.AddChargeResponseObject, error) {
	amount, err := money.ParseAmount(r.Body.Amount)
	if err != nil {
		return nil, fmt.Errorf("%w: amount: %w", console.ErrInvalid, err)
	}
	c, err := o.c.AddCharge(ctx, PrincipalFrom(ctx), invoice.Charge{
		Tenant: r.Tenant, Branch: r.Body.Branch, Day: r.Body.Day, Text: r.Body.Text, Amount: amount, Key: r.Body.Key,
	})
	return rest.AddCharge200JSONResponse(c), err
}

// TakeCharge implements rest.StrictServerInterface.
func (o *operations) TakeCharge(ctx context.Context, r rest.TakeChargeRequestObject) (rest.TakeChargeResponseObject, error) {
	return rest.TakeCharge204Response{}, o.c.TakeCharge(ctx, PrincipalFrom(ctx), r.Tenant, r.Charge, r.Body.Reason)
}

// GetTariffTimeline implements rest.StrictServerInterface.
func (o *operations) GetTariffTimeline(ctx context.Context, r rest.GetTariffTimelineRequestObject) (rest.GetTariffTimelineResponseObject, error) {
	list, err := o.c.Versions(ctx, PrincipalFrom(ctx), provision.KindTariff, r.Id)
	return rest.GetTariffTimeline200JSONResponse{Items: list}, err
}

// WithdrawTariffVersion implements rest.StrictServerInterface.
func (o *operations) WithdrawTariffVersion(
	ctx context.Context, r rest.WithdrawTariffVersionRequestObject,
) (rest.WithdrawTariffVersionResponseObject, error) {
	return rest.WithdrawTariffVersion204Response{}, o.c.WithdrawVersion(ctx, PrincipalFrom(ctx), r.Id, r.Revision)
}
