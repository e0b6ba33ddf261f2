package api

import (
	"context"
	"fmt"
	"time"

	"trunkline/api/rest"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/ledger"
)

// account is a state as it is told.
func account(s *ledger.State) (rest.Account, error) {
	balance, err := s.Balance()
	if err != nil {
		return rest.Account{}, err
	}
	available, err := s.Available()
	return rest.Account{
		Tenant: s.Owner, Currency: s.Currency.String(), Balance: balance.String(), Available: available.String(),
		CreditLimit: s.CreditLimit.String(), Held: s.Pending.String(), Suspended: s.Suspended, Reason: s.Reason, ClosedUntil: s.ClosedTill,
	}, err
}

// ListAccounts implements rest.StrictServerInterface.
func (o *operations) ListAccounts(ctx context.Context, _ rest.ListAccountsRequestObject) (rest.ListAccountsResponseObject, error) {
	states, err := o.c.Accounts(ctx, PrincipalFrom(ctx))
	if err != nil {
		return nil, err
	}
	list := make([]rest.Account, len(states))
	for i := range states {
		if list[i], err = account(&states[i]); err != nil {
			return nil, err
		}
	}
	return rest.ListAccounts200JSONResponse{Items: list}, nil
}

// GetAccount implements rest.StrictServerInterface.
func (o *operations) GetAccount(ctx context.Context, r rest.GetAccountRequestObject) (rest.GetAccountResponseObject, error) {
	state, err := o.c.Account(ctx, PrincipalFrom(ctx), r.Tenant)
	if err != nil {
		return nil, err
	}
	a, err := account(&state)
	return rest.GetAccount200JSONResponse(a), err
}

// GetStatement implements rest.StrictServerInterface.
func (o *operations) GetStatement(ctx context.Context, r rest.GetStatementRequestObject) (rest.GetStatementResponseObject, error) {
	period, err := o.period(ctx, r.Params.Period, r.Params.Zone, r.Tenant)
	if err != nil {
		return nil, err
	}
	lines, err := o.c.Statement(ctx, PrincipalFrom(ctx), r.Tenant, period.From, period.Until, console.MaxLines)
	if err != nil {
		return nil, err
	}
	out := rest.GetStatement200JSONResponse{Tenant: r.Tenant, Items: []rest.Posting{}}
	for i := range lines {
		out.Currency = lines[i].Debit.Currency.String()
		p := posting(&lines[i].Posting)
		p.Change, p.Balance = lines[i].Change.String(), lines[i].Balance.String()
		out.Items = append(out.Items, p)
	}
	return out, nil
}

func posting(p *ledger.Posting) rest.Posting {
	return rest.Posting{
		Id: p.ID, At: p.Slot, Posted: p.Posted, Purpose: string(p.Purpose), Change: p.Amount.String(), Legs: p.Legs, Key: p.Key, Reason: p.Reason,
	}
}

// Pay implements rest.StrictServerInterface.
func (o *operations) Pay(ctx context.Context, r rest.PayRequestObject) (rest.PayResponseObject, error) {
	amount, err := money.ParseAmount(r.Body.Amount)
	if err != nil {
		return nil, fmt.Errorf("%w: amount: %w", console.ErrInvalid, err)
	}
	p, err := o.c.Pay(ctx, PrincipalFrom(ctx), console.Payment{
		Tenant: r.Tenant, Purpose: ledger.Purpose(r.Body.Purpose), Amount: amount, Key: r.Body.Key, Reason: r.Body.Reason,
	})
	out := posting(&p)
	out.Change = amount.String()
	return rest.Pay200JSONResponse(out), err
}

// GetLimits implements rest.StrictServerInterface.
func (o *operations) GetLimits(ctx context.Context, r rest.GetLimitsRequestObject) (rest.GetLimitsResponseObject, error) {
	v, err := o.c.Limits(ctx, PrincipalFrom(ctx), r.Tenant)
	if err != nil {
		return nil, err
	}
	out := rest.GetLimits200JSONResponse{
		Limits: v.Limits, Suspended: v.Suspended, Reason: v.Reason, Blocks: []rest.Block{}, Changes: []rest.LimitChange{},
	}
	if out.Limits == nil {
		out.Limits = []rest.LimitStatus{}
	}
	for _, b := range v.Blocks {
		out.Blocks = append(out.Blocks, rest.Block{Scope: string(b.Scope), Owner: b.Owner, Reason: b.Reason, Since: b.Since})
	}
	for i := range v.Changes {
		c := &v.Changes[i]
		out.Changes = append(out.Changes, rest.LimitChange{
			At: c.At, By: c.By, Scope: string(c.Scope), Owner: c.Owner, Action: c.What, Detail: c.Detail, Reason: c.Reason,
		})
	}
	return out, nil
}

// ChangeLimit implements rest.StrictServerInterface.
func (o *operations) ChangeLimit(ctx context.Context, r rest.ChangeLimitRequestObject) (rest.ChangeLimitResponseObject, error) {
	b := r.Body
	order := console.LimitOrder{
		Action: console.Action(b.Action), Scope: ledger.Scope(b.Scope), Owner: b.Owner, Period: ledger.Period(b.Period), Reason: b.Reason,
		Caps: ledger.Caps{Seconds: b.Seconds, Calls: b.Calls},
	}
	if b.Money != "" {
		amount, err := money.ParseAmount(b.Money)
		if err != nil {
			return nil, fmt.Errorf("%w: money: %w", console.ErrInvalid, err)
		}
		order.Caps.Money = &amount
	}
	return rest.ChangeLimit204Response{}, o.c.ChangeLimit(ctx, PrincipalFrom(ctx), r.Tenant, order)
}

// Suspend implements rest.StrictServerInterface.
func (o *operations) Suspend(ctx context.Context, r rest.SuspendRequestObject) (rest.SuspendResponseObject, error) {
	return rest.Suspend204Response{}, o.c.Suspend(ctx, PrincipalFrom(ctx), r.Tenant, r.Body.Suspended, r.Body.Reason)
}

// ListAlarms implements rest.StrictServerInterface.
func (o *operations) ListAlarms(ctx context.Context, r rest.ListAlarmsRequestObject) (rest.ListAlarmsResponseObject, error) {
	alarms, err := o.c.Alarms(ctx, PrincipalFrom(ctx), r.Params.Tenant, !r.Params.All, or(r.Params.Limit, pageLimit))
	out := rest.ListAlarms200JSONResponse{Items: []rest.Alarm{}}
	for i := range alarms {
		a := &alarms[i]
		out.Items = append(out.Items, rest.Alarm{
			Id: a.ID, Rule: a.Rule, Tenant: a.Tenant, Owner: a.Owner, Value: a.Value.String(), Text: a.Text, Action: a.Done, Since: a.Since, Until: a.Till,
		})
	}
	return out, err
}

// GetAlertRules implements rest.StrictServerInterface.
func (o *operations) GetAlertRules(ctx context.Context, _ rest.GetAlertRulesRequestObject) (rest.GetAlertRulesResponseObject, error) {
	_, text, err := o.c.AlertRules(ctx, PrincipalFrom(ctx))
	return rest.GetAlertRules200JSONResponse{Text: text}, err
}

// PutAlertRules implements rest.StrictServerInterface.
func (o *operations) PutAlertRules(ctx context.Context, r rest.PutAlertRulesRequestObject) (rest.PutAlertRulesResponseObject, error) {
	return rest.PutAlertRules204Response{}, o.c.ApplyAlerts(ctx, PrincipalFrom(ctx), r.Body.Text)
}

// ListDeliveries implements rest.StrictServerInterface.
func (o *operations) ListDeliveries(ctx context.Context, r rest.ListDeliveriesRequestObject) (rest.ListDeliveriesResponseObject, error) {
	list, err := o.c.Deliveries(ctx, PrincipalFrom(ctx), r.Params.Failed, or(r.Params.Limit, pageLimit))
	return rest.ListDeliveries200JSONResponse{Items: list}, err
}

// ReplayDelivery implements rest.StrictServerInterface.
func (o *operations) ReplayDelivery(ctx context.Context, r rest.ReplayDeliveryRequestObject) (rest.ReplayDeliveryResponseObject, error) {
	return rest.ReplayDelivery204Response{}, o.c.ReplayDelivery(ctx, PrincipalFrom(ctx), r.Delivery)
}

// auditCursor is the moment of the last row of a page.
const auditCursor = time.RFC3339Nano
