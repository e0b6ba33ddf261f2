package console

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/lcr"
)

// Switch is the proxy of this process.
type Switch interface {
	// Live returns the calls in progress, the longest first.
	Live(ctx context.Context) ([]LiveCall, error)
	// Drop ends a call, and reports whether there was one with that id.
	Drop(ctx context.Context, call, reason string) (bool, error)
	// Messages returns the SIP messages of a call that are still remembered, without what proves who sent them.
	Messages(call string) []SIPMessage
	// States returns what is known of the gateways.
	States() map[string]lcr.GatewayState
	// Locks returns the sources and logins that are refused at the moment because of wrong passwords.
	Locks() []SIPLock
	// Unlock lifts the lock of a login from a source, or without a login all of the source, and returns how many held.
	Unlock(source netip.Addr, login string) int
}

// System tells how everything is.
type System interface {
	// Overview returns the state of the system now.
	Overview(ctx context.Context) (Overview, error)
}

// Overview is the state of the system at one moment.
type Overview struct {
	At       time.Time  `json:"at" access:"open"`
	Parts    []Health   `json:"parts" access:"open"`
	Gateways []Gateway  `json:"gateways" access:"open"`
	Calls    []LiveCall `json:"calls" access:"open"`
	Total    int        `json:"calls_in_progress" access:"open"` // Calls may hold fewer.
	Phones   int        `json:"phones" access:"open"`            // Registered.
	Unrated  int        `json:"unrated" access:"open"`           // Legs that could not be rated.
}

// Health is that of an engine or a service.
type Health struct {
	Name     string `json:"name" access:"open"`
	State    string `json:"state" access:"open"`
	Healthy  bool   `json:"healthy" access:"open"`
	Detail   string `json:"detail,omitempty" access:"open"`
	Restarts int    `json:"restarts" access:"open"`
}

// Gateway is the state of a carrier's gateway.
type Gateway struct {
	ID      string `json:"id" access:"open"`
	Carrier string `json:"carrier" access:"open"`
	Address string `json:"address" access:"open"`
	Calls   int    `json:"calls" access:"open"`
	Max     int    `json:"max_calls" access:"open"`
	Locked  bool   `json:"locked" access:"open"`
	Reason  string `json:"reason,omitempty" access:"open"`
}

// LiveCall is a call in progress.
type LiveCall struct {
	ID        string        `json:"id" access:"client"`
	Tenant    string        `json:"tenant" access:"client"`
	Branch    string        `json:"branch" access:"client"`
	Extension string        `json:"extension" access:"client"`
	From      string        `json:"from" access:"client,personal"`
	To        string        `json:"to" access:"client,personal"`
	Direction string        `json:"direction" access:"client"`
	Carrier   string        `json:"carrier,omitempty" access:"open"`
	Gateway   string        `json:"gateway,omitempty" access:"open"`
	State     string        `json:"state" access:"client"` // reserving, ringing or answered.
	Setup     time.Time     `json:"setup" access:"client"`
	Connect   *time.Time    `json:"connect,omitempty" access:"client"`
	Seconds   int64         `json:"seconds" access:"client"`             // Since the answer.
	Remaining int64         `json:"remaining_seconds" access:"client"`   // Seconds until the grant ends; -1 without a bound.
	Held      *money.Amount `json:"held,omitempty" access:"client,sale"` // Money held for it.
}

// SIPMessage is a message as it was on the wire, with what proves who sent it taken out.
type SIPMessage struct {
	At        time.Time `json:"at" access:"open"`
	Sent      bool      `json:"sent" access:"open"` // By us.
	Transport string    `json:"transport" access:"open"`
	Remote    string    `json:"remote" access:"open"`
	CallID    string    `json:"call_id" access:"open"`
	Text      string    `json:"text" access:"open"`
}

// Overview returns the state of the system.
func (c *Console) Overview(ctx context.Context, who *access.Principal) (Overview, error) {
	if err := may(who, access.ReadOverview); err != nil {
		return Overview{}, err
	}
	o, err := c.d.System.Overview(ctx)
	o.Calls = slices.Clone(o.Calls) // Others are told of the same.
	redactor[Overview](who).Redact(&o)
	return o, err
}

// Live returns the calls in progress at this process that are somebody's to see.
func (c *Console) Live(ctx context.Context, who *access.Principal) ([]LiveCall, error) {
	if err := may(who, access.ReadLive); err != nil {
		return nil, err
	}
	if c.d.Switch == nil {
		return []LiveCall{}, nil
	}
	all, err := c.d.Switch.Live(ctx)
	if err != nil {
		return nil, err
	}
	calls := slices.DeleteFunc(all, func(l LiveCall) bool { return !who.SeesBranch(l.Tenant, l.Branch) })
	hide := redactor[LiveCall](who)
	for i := range calls {
		hide.Redact(&calls[i])
	}
	return calls, nil
}

// Drop ends a call in progress.
func (c *Console) Drop(ctx context.Context, who *access.Principal, call, why string) error {
	if err := may(who, access.DropCalls); err != nil {
		return err
	}
	why, err := reason(why)
	if err != nil {
		return err
	}
	if len(why) > maxDropReason {
		return invalid("reason: it stands in the record of the call: use up to %d bytes", maxDropReason)
	}
	none := fmt.Errorf("%w: no call %q is in progress here", ErrNotFound, call)
	if c.d.Switch == nil {
		return none
	}
	found, err := c.d.Switch.Drop(ctx, call, why)
	if err != nil {
		return err
	}
	if !found {
		return none
	}
	return c.log(ctx, who, access.AuditEvent{Action: "drop", Object: "call " + call, After: why})
}

const maxDropReason = 60

// Messages returns the SIP messages of a call; ErrNotFound when none are remembered.
func (c *Console) Messages(_ context.Context, who *access.Principal, call string) ([]SIPMessage, error) {
	if err := may(who, access.ReadTraces); err != nil {
		return nil, err
	}
	if c.d.Switch != nil {
		if list := c.d.Switch.Messages(call); len(list) > 0 {
			return maskMessages(who, list), nil
		}
	}
	return nil, fmt.Errorf("%w: no messages of this call are remembered here: it was long ago, before a restart, or at another proxy", ErrNotFound)
}
