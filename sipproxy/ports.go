package sipproxy

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/provision"
	"trunkline/routing"
)

// Router answers who a caller is and where a call is to go. It reads one immutable snapshot at a time: every method
// returns at once and without input or output.
type Router interface {
	// Login returns the extension with that SIP user name.
	Login(user string) (routing.Caller, bool)
	// Source returns the trunk or gateway that sends from that address.
	Source(addr netip.Addr) (routing.Caller, bool)
	// Route decides about one call. It never fails: a call that is not to be placed has a Refusal.
	Route(caller routing.Caller, dialled, callerID string, at time.Time) *routing.Route
	// Redirect is where a phone sends a call that it does not take, dialled by its extension and at its cost; false: nowhere. The route is
	// that of the call.
	Redirect(r *routing.Route, login, to string, at time.Time) (routing.Target, bool)
	// Gateways returns all active gateways, for probing and registering.
	Gateways() []provision.Gateway
}

// Credit holds money for calls. Its methods may block; they are called on goroutines of their own.
type Credit interface {
	// Draw reserves as Reserve does, at once and in memory, where the proxy has a quota that is enough; false: it has none, and nothing is changed.
	// It is not for calls that Reserve has made a hold for.
	Draw(r Reservation) (Grant, bool)
	// Reserve holds what the call may cost until UpTo after its connection, in every limit that applies. It may be
	// called again with a larger UpTo while the call runs; then the hold grows. A repetition changes nothing.
	// Granted is the time that the money held is enough for, counted from the connection; it may be less than UpTo.
	Reserve(ctx context.Context, r Reservation) (Grant, error)
	// Release gives the whole hold back for a call that was never connected. A repetition changes nothing. What a call has drawn on a quota
	// is given back by its record.
	Release(ctx context.Context, id calls.ID) error
	// End says that calls are over, so that they take no place among the calls at a time. What is held for them stays held
	// until their records are accounted for. A repetition changes nothing, nor does a call that nothing is held for.
	End(ctx context.Context, ids []calls.ID) error
}

// Reservation asks for money for a call.
type Reservation struct {
	Call  calls.ID
	Route *routing.Route
	UpTo  time.Duration // From its connection on.
	Has   cdr.Draw      // What it has of a quota.
}

// Grant is the answer to a reservation.
type Grant struct {
	Granted time.Duration // From the connection of the call on. Zero with an empty Refusal: no bound.
	Final   bool          // There is no money for more.
	Refusal string        // Why nothing was granted, as a short word such as "balance", "limit_day" or "calls_tenant"; empty if something was.
	Lent    bool          // Let pass without the ledger: nothing is held for the call, and its price is not bounded by what may be held all the same.
	Draw    cdr.Draw      // What the call has of a quota now, instead of a hold of its own.
	Stop    string        // Why the call is to end now, whatever was granted, as a short word such as "suspended"; empty: it may go on.
}

// full reports whether the call was refused because there are as many as there may be at a time: of all proxies together.
func (g Grant) full() bool { return strings.HasPrefix(g.Refusal, "calls_") }

// Recorder takes the legs of a call that is over. When Record returns nil they are safe on disk; it may be called
// again with the same legs after a failure.
type Recorder interface {
	Record(ctx context.Context, calls ...[]*cdr.Leg) error
}
