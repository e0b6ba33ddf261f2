package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/api/rest"
	"trunkline/console"
	"trunkline/reports"
)

// operations serves the API. Every operation is one question to the console.
type operations struct {
	s *Server
	c *console.Console
}

// GetStatus implements rest.StrictServerInterface.
func (o *operations) GetStatus(ctx context.Context, _ rest.GetStatusRequestObject) (rest.GetStatusResponseObject, error) {
	v, err := o.c.Overview(ctx, PrincipalFrom(ctx))
	return rest.GetStatus200JSONResponse(v), err
}

// ListLiveCalls implements rest.StrictServerInterface.
func (o *operations) ListLiveCalls(ctx context.Context, _ rest.ListLiveCallsRequestObject) (rest.ListLiveCallsResponseObject, error) {
	list, err := o.c.Live(ctx, PrincipalFrom(ctx))
	return rest.ListLiveCalls200JSONResponse{Items: list}, err
}

// DropCall implements rest.StrictServerInterface.
func (o *operations) DropCall(ctx context.Context, r rest.DropCallRequestObject) (rest.DropCallResponseObject, error) {
	return rest.DropCall204Response{}, o.c.Drop(ctx, PrincipalFrom(ctx), r.Call, or(r.Params.Reason, "dropped"))
}

// ListSIPLocks implements rest.StrictServerInterface.
func (o *operations) ListSIPLocks(ctx context.Context, _ rest.ListSIPLocksRequestObject) (rest.ListSIPLocksResponseObject, error) {
	list, err := o.c.SIPLocks(ctx, PrincipalFrom(ctx))
	return rest.ListSIPLocks200JSONResponse{Items: list}, err
}

// LiftSIPLock implements rest.StrictServerInterface.
func (o *operations) LiftSIPLock(ctx context.Context, r rest.LiftSIPLockRequestObject) (rest.LiftSIPLockResponseObject, error) {
	return rest.LiftSIPLock204Response{}, o.c.LiftSIPLock(ctx, PrincipalFrom(ctx), r.Source, r.Params.Login)
}

// ListCalls implements rest.StrictServerInterface.
func (o *operations) ListCalls(ctx context.Context, r rest.ListCallsRequestObject) (rest.ListCallsResponseObject, error) {
	p := &r.Params
	q := console.CallQuery{Tenant: p.Tenant, Branch: p.Branch, Attempts: p.Attempts, Limit: or(p.Limit, pageLimit)}
	var err error
	if q.Period, err = o.period(ctx, p.Period, p.Zone, p.Tenant); err != nil {
		return nil, err
	}
	if q.Filter, err = filter(p.Filter); err != nil {
		return nil, err
	}
	if q.Period, q.Offset, err = resume(p.Cursor, q.Period); err != nil {
		return nil, err
	}
	legs, err := o.c.Calls(ctx, PrincipalFrom(ctx), q)
	if err != nil {
		return nil, err
	}
	page := rest.ListCalls200JSONResponse{Items: legs}
	if len(legs) == q.Limit {
		page.Next = cursorAt(q.Period.Until, q.Offset+len(legs))
	}
	return page, nil
}

// GetCall implements rest.StrictServerInterface.
func (o *operations) GetCall(ctx context.Context, r rest.GetCallRequestObject) (rest.GetCallResponseObject, error) {
	d, err := o.c.Call(ctx, PrincipalFrom(ctx), r.Call)
	return rest.GetCall200JSONResponse(d), err
}

// ListMessages implements rest.StrictServerInterface.
func (o *operations) ListMessages(ctx context.Context, r rest.ListMessagesRequestObject) (rest.ListMessagesResponseObject, error) {
	list, err := o.c.Messages(ctx, PrincipalFrom(ctx), r.Call)
	return rest.ListMessages200JSONResponse{Items: list}, err
}

// ListDead implements rest.StrictServerInterface.
func (o *operations) ListDead(ctx context.Context, r rest.ListDeadRequestObject) (rest.ListDeadResponseObject, error) {
	list, err := o.c.Dead(ctx, PrincipalFrom(ctx), console.DeadQuery{Tenant: r.Params.Tenant, Reason: r.Params.Reason, Limit: or(r.Params.Limit, pageLimit)})
	return rest.ListDead200JSONResponse{Items: list}, err
}

// RetryDead implements rest.StrictServerInterface.
func (o *operations) RetryDead(ctx context.Context, r rest.RetryDeadRequestObject) (rest.RetryDeadResponseObject, error) {
	left, err := o.c.RetryDead(ctx, PrincipalFrom(ctx), r.Body.Ids)
	return rest.RetryDead200JSONResponse{Remaining: left}, err
}

// MendDead implements rest.StrictServerInterface.
func (o *operations) MendDead(ctx context.Context, r rest.MendDeadRequestObject) (rest.MendDeadResponseObject, error) {
	left, err := o.c.MendDead(ctx, PrincipalFrom(ctx), r.Id, *r.Body)
	return rest.MendDead200JSONResponse{Remaining: left}, err
}

// WriteOffDead implements rest.StrictServerInterface.
func (o *operations) WriteOffDead(ctx context.Context, r rest.WriteOffDeadRequestObject) (rest.WriteOffDeadResponseObject, error) {
	n, err := o.c.WriteOffDead(ctx, PrincipalFrom(ctx), r.Body.Ids, r.Body.Reason)
	return rest.WriteOffDead200JSONResponse{WrittenOff: n}, err
}

// pageLimit is how many rows a page has when nobody says.
const pageLimit = 100

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// period reads a period in the zone that was named, or the tenant's.
func (o *operations) period(ctx context.Context, text, zone, tenant string) (reports.Period, error) {
	p, err := o.c.Period(PrincipalFrom(ctx), or(text, "today"), zone, tenant)
	return p, err
}

func filter(line string) (reports.Filter, error) {
	f, err := reports.ParseFilter(line)
	if err != nil {
		return f, fmt.Errorf("%w: filter: %w", console.ErrInvalid, err)
	}
	return f, nil
}

// cursorAt says where a listing goes on. What came in since it was begun is left out by its end, so that no row is told twice.
func cursorAt(till time.Time, offset int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(till.UnixMicro(), 36) + "." + strconv.Itoa(offset)))
}

var errCursor = errors.New("cursor: send the next of an answer as it is, with the same period and filter")

// resume reads a cursor.
func resume(cursor string, p reports.Period) (reports.Period, int, error) {
	if cursor == "" {
		return p, 0, nil
	}
	bad := fmt.Errorf("%w: %w", console.ErrInvalid, errCursor)
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return p, 0, bad
	}
	micros, count, _ := strings.Cut(string(text), ".")
	till, err := strconv.ParseInt(micros, 36, 64)
	offset, err2 := strconv.Atoi(count)
	if errors.Join(err, err2) != nil || offset < 0 {
		return p, 0, bad
	}
	if at := time.UnixMicro(till).UTC(); at.Before(p.Until) {
		p.Until = at
	}
	return p, offset, nil
}
