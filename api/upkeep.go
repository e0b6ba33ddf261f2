package api

import (
	"context"

	"trunkline/api/rest"
)

// RunRetention implements rest.StrictServerInterface.
func (o *operations) RunRetention(ctx context.Context, _ rest.RunRetentionRequestObject) (rest.RunRetentionResponseObject, error) {
	j, err := o.c.StartRetention(ctx, PrincipalFrom(ctx))
	if err != nil {
		return nil, err
	}
	return rest.RunRetention202JSONResponse{BegunJSONResponse: begun(j)}, nil
}

// RebuildSums implements rest.StrictServerInterface.
func (o *operations) RebuildSums(ctx context.Context, _ rest.RebuildSumsRequestObject) (rest.RebuildSumsResponseObject, error) {
	j, err := o.c.StartRebuild(ctx, PrincipalFrom(ctx))
	if err != nil {
		return nil, err
	}
	return rest.RebuildSums202JSONResponse{BegunJSONResponse: begun(j)}, nil
}

// ListIncidents implements rest.StrictServerInterface.
func (o *operations) ListIncidents(ctx context.Context, r rest.ListIncidentsRequestObject) (rest.ListIncidentsResponseObject, error) {
	list, err := o.c.Incidents(ctx, PrincipalFrom(ctx), r.Params.All)
	out := rest.ListIncidents200JSONResponse{Items: make([]rest.Incident, len(list))}
	for i := range list {
		n := &list[i]
		out.Items[i] = rest.Incident{Id: n.ID, Kind: n.Kind, Subject: n.Subject, Detail: n.Detail, NoticedAt: n.Noticed, HealedAt: n.Healed, Outcome: n.Outcome}
	}
	return out, err
}

// ListRateFetches implements rest.StrictServerInterface.
func (o *operations) ListRateFetches(ctx context.Context, r rest.ListRateFetchesRequestObject) (rest.ListRateFetchesResponseObject, error) {
	list, err := o.c.RateFetches(ctx, PrincipalFrom(ctx), or(r.Params.Limit, pageLimit))
	out := rest.ListRateFetches200JSONResponse{Items: make([]rest.RateFetch, len(list))}
	for i := range list {
		f := &list[i]
		out.Items[i] = rest.RateFetch{At: f.At, Origin: f.Origin, Source: f.Source, Fresh: f.Fresh, By: f.By, Failure: f.Failure}
	}
	return out, err
}

// PreviewImports implements rest.StrictServerInterface.
func (o *operations) PreviewImports(ctx context.Context, r rest.PreviewImportsRequestObject) (rest.PreviewImportsResponseObject, error) {
	list, err := o.c.PreviewImports(ctx, PrincipalFrom(ctx), r.Body.Ids)
	out := rest.PreviewImports200JSONResponse{Items: make([]rest.ImportOutlook, len(list))}
	for i := range list {
		l := &list[i]
		out.Items[i] = rest.ImportOutlook{
			Import: l.Import.ID, Calls: l.Calls, Unusable: l.Unusable, FirstAt: l.First, LastAt: l.Last, Reasons: append([]string{}, l.Reasons...),
		}
	}
	return out, err
}

// SettleImportFaults implements rest.StrictServerInterface.
func (o *operations) SettleImportFaults(ctx context.Context, r rest.SettleImportFaultsRequestObject) (rest.SettleImportFaultsResponseObject, error) {
	n, err := o.c.SettleFaults(ctx, PrincipalFrom(ctx), r.Body.Ids)
	return rest.SettleImportFaults200JSONResponse{Settled: n}, err
}
