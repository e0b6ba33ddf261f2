package api

import (
	"context"

	"trunkline/api/rest"
	"trunkline/reports/mail"
)

// ListSchedules implements rest.StrictServerInterface.
func (o *operations) ListSchedules(ctx context.Context, _ rest.ListSchedulesRequestObject) (rest.ListSchedulesResponseObject, error) {
	list, err := o.c.Schedules(ctx, PrincipalFrom(ctx))
	out := rest.ListSchedules200JSONResponse{Items: make([]rest.ScheduleItem, len(list))}
	for i := range list {
		s := &list[i].Schedule
		out.Items[i] = rest.ScheduleItem{
			Id: s.ID, Report: s.Report, Tenant: s.Tenant, To: append([]string{}, s.To...), On: s.On, At: s.At, Zone: s.Zone, Period: s.Period, Format: s.Format,
			By: s.By, Side: s.Side, Filter: s.Filter, Locale: s.Locale, DueAt: list[i].Due, Disabled: s.Off,
			Attempts: list[i].Tries, LastSentAt: list[i].Sent, Failure: list[i].Failure,
		}
	}
	return out, err
}

// PutSchedule implements rest.StrictServerInterface.
func (o *operations) PutSchedule(ctx context.Context, r rest.PutScheduleRequestObject) (rest.PutScheduleResponseObject, error) {
	b := r.Body
	return rest.PutSchedule204Response{}, o.c.PutSchedules(ctx, PrincipalFrom(ctx), []mail.Schedule{{
		ID: r.Id, Report: string(b.Report), Tenant: b.Tenant, To: b.To, On: b.On, At: b.At, Zone: b.Zone, Period: b.Period, Format: string(b.Format),
		By: b.By, Side: b.Side, Filter: b.Filter, Locale: b.Locale, Off: b.Disabled,
	}})
}

// RemoveSchedule implements rest.StrictServerInterface.
func (o *operations) RemoveSchedule(ctx context.Context, r rest.RemoveScheduleRequestObject) (rest.RemoveScheduleResponseObject, error) {
	return rest.RemoveSchedule204Response{}, o.c.RemoveSchedule(ctx, PrincipalFrom(ctx), r.Id)
}

// SendSchedule implements rest.StrictServerInterface.
func (o *operations) SendSchedule(ctx context.Context, r rest.SendScheduleRequestObject) (rest.SendScheduleResponseObject, error) {
	return rest.SendSchedule204Response{}, o.c.SendSchedule(ctx, PrincipalFrom(ctx), r.Id)
}
