package api

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"trunkline/api/rest"
	"trunkline/console"
	"trunkline/provision"
	"trunkline/reports/invoice"
	"trunkline/reports/retention"
)

// readings are the counters of a request, in the order of their names.
func readings(b *rest.Readings) []invoice.Reading {
	out := make([]invoice.Reading, 0, len(b.Counters))
	for _, name := range slices.Sorted(maps.Keys(b.Counters)) {
		out = append(out, invoice.Reading{Branch: b.Branch, At: b.At, Counter: name, Value: b.Counters[name]})
	}
	return out
}

// ListNodes implements rest.StrictServerInterface.
func (o *operations) ListNodes(ctx context.Context, _ rest.ListNodesRequestObject) (rest.ListNodesResponseObject, error) {
	list, err := o.c.Nodes(ctx, PrincipalFrom(ctx))
	out := rest.ListNodes200JSONResponse{Items: make([]rest.Node, len(list))}
	for i := range list {
		n := &list[i]
		out.Items[i] = rest.Node{Id: n.ID, Name: n.Name, LastSeenAt: n.Seen, OverdueHolds: n.Overdue, Disputed: n.Disputed, GivenUp: n.Why}
	}
	return out, err
}

// ListNodeEvents implements rest.StrictServerInterface.
func (o *operations) ListNodeEvents(ctx context.Context, r rest.ListNodeEventsRequestObject) (rest.ListNodeEventsResponseObject, error) {
	list, err := o.c.NodeEvents(ctx, PrincipalFrom(ctx), or(r.Params.Limit, pageLimit))
	out := rest.ListNodeEvents200JSONResponse{Items: make([]rest.NodeEvent, len(list))}
	for i := range list {
		e := &list[i]
		out.Items[i] = rest.NodeEvent{At: e.At, Node: e.Node, Name: e.Name, Event: e.What, Reason: e.Reason}
	}
	return out, err
}

// ResolveNode implements rest.StrictServerInterface.
func (o *operations) ResolveNode(ctx context.Context, r rest.ResolveNodeRequestObject) (rest.ResolveNodeResponseObject, error) {
	return rest.ResolveNode204Response{}, o.c.ResolveNode(ctx, PrincipalFrom(ctx), r.Node, r.Body.Reason)
}

// GiveUpNode implements rest.StrictServerInterface.
func (o *operations) GiveUpNode(ctx context.Context, r rest.GiveUpNodeRequestObject) (rest.GiveUpNodeResponseObject, error) {
	return rest.GiveUpNode204Response{}, o.c.GiveUpNode(ctx, PrincipalFrom(ctx), r.Node, r.Body.Reason)
}

// CloseIncident implements rest.StrictServerInterface.
func (o *operations) CloseIncident(ctx context.Context, r rest.CloseIncidentRequestObject) (rest.CloseIncidentResponseObject, error) {
	return rest.CloseIncident204Response{}, o.c.CloseIncident(ctx, PrincipalFrom(ctx), r.Incident, r.Body.Reason)
}

// GetRetention implements rest.StrictServerInterface.
func (o *operations) GetRetention(ctx context.Context, _ rest.GetRetentionRequestObject) (rest.GetRetentionResponseObject, error) {
	plan, err := o.c.RetentionPlan(ctx, PrincipalFrom(ctx))
	out := rest.GetRetention200JSONResponse{Items: make([]rest.RetentionLine, len(plan))}
	for i := range plan {
		l := &plan[i]
		kept := ""
		if l.Keep != 0 {
			kept = l.Keep.String()
		}
		out.Items[i] = rest.RetentionLine{
			Kind: string(l.Kind), KeepFor: kept, Oldest: l.All.Oldest, Rows: l.All.Rows, Bytes: l.All.Bytes, RowsToGo: l.Goes.Rows, BytesToGo: l.Goes.Bytes,
			Stays: append([]string{}, l.Stays...),
		}
	}
	return out, err
}

// ListHolds implements rest.StrictServerInterface.
func (o *operations) ListHolds(ctx context.Context, r rest.ListHoldsRequestObject) (rest.ListHoldsResponseObject, error) {
	list, err := o.c.Holds(ctx, PrincipalFrom(ctx), r.Params.All)
	out := rest.ListHolds200JSONResponse{Items: make([]rest.Hold, len(list))}
	for i := range list {
		out.Items[i] = holdOf(&list[i])
	}
	return out, err
}

func holdOf(h *retention.Hold) rest.Hold {
	return rest.Hold{Id: h.ID, Tenant: h.Tenant, Number: h.Number, Since: h.Made, By: h.By, Reason: h.Reason, RemovedAt: h.Removed, RemovedBy: h.Ender, RemovalReason: h.Why}
}

// AddHold implements rest.StrictServerInterface.
func (o *operations) AddHold(ctx context.Context, r rest.AddHoldRequestObject) (rest.AddHoldResponseObject, error) {
	made, err := o.c.AddHold(ctx, PrincipalFrom(ctx), retention.Hold{Tenant: r.Body.Tenant, Number: r.Body.Number, Reason: r.Body.Reason})
	return rest.AddHold200JSONResponse(holdOf(&made)), err
}

// RemoveHold implements rest.StrictServerInterface.
func (o *operations) RemoveHold(ctx context.Context, r rest.RemoveHoldRequestObject) (rest.RemoveHoldResponseObject, error) {
	return rest.RemoveHold204Response{}, o.c.RemoveHold(ctx, PrincipalFrom(ctx), r.Hold, r.Body.Reason)
}

// ErasePerson implements rest.StrictServerInterface.
func (o *operations) ErasePerson(ctx context.Context, r rest.ErasePersonRequestObject) (rest.ErasePersonResponseObject, error) {
	who, b := PrincipalFrom(ctx), r.Body
	unreached, err := o.c.Unreached(ctx, who) // It is refused to whoever may erase nobody, before the number is looked at.
	if err != nil {
		return nil, err
	}
	person, err := retention.NewPerson(b.Number, b.Also)
	if err != nil {
		return nil, fmt.Errorf("%w: number: %w", console.ErrInvalid, err)
	}
	var found []retention.Found
	if b.DryRun {
		found, err = o.c.FindPerson(ctx, who, person)
	} else {
		found, err = o.c.ErasePerson(ctx, who, retention.Erasure{Person: person, Reason: b.Reason, Force: b.ForceReason})
	}
	if err != nil {
		return nil, err
	}
	out := rest.ErasePerson200JSONResponse{Places: make([]rest.ErasurePlace, len(found)), NotReached: append([]string{}, unreached...)}
	for i, f := range found {
		out.Places[i] = rest.ErasurePlace{Place: f.Place, Rows: f.Rows, Held: f.Held, Newest: f.Newest}
	}
	return out, nil
}

// GetHistory implements rest.StrictServerInterface.
func (o *operations) GetHistory(ctx context.Context, r rest.GetHistoryRequestObject) (rest.GetHistoryResponseObject, error) {
	list, err := o.c.ObjectHistory(ctx, PrincipalFrom(ctx), provision.Kind(r.Kind), r.Id)
	out := rest.GetHistory200JSONResponse{Items: make([]rest.ObjectVersion, len(list))}
	for i := range list {
		v := &list[i]
		out.Items[i] = rest.ObjectVersion{Revision: v.Revision, At: v.At, By: v.By, Spec: v.Spec}
	}
	return out, err
}
