package routing

import (
	"errors"
	"fmt"
	"time"

	"trunkline/lcr"
)

// Someone is who a made-up call comes from, in the words of whoever asks about it.
type Someone struct {
	Tenant    string
	Branch    string // That of the extension, if empty.
	Extension string // From, if that is an extension of the tenant.
	From      string
}

// Caller finds who calls: an extension, or else the tenant as a trunk. The error says what there is not, or is inactive.
func (t *Table) Caller(from Someone) (Caller, error) {
	s := t.Setup()
	tenant, ok := s.Tenant(from.Tenant)
	if !ok {
		return Caller{}, fmt.Errorf("there is no tenant %q", from.Tenant)
	}
	id := from.Extension
	if _, ok := s.Extension(from.Tenant, from.From); ok && id == "" {
		id = from.From
	}
	if id == "" {
		return Caller{Kind: CallerTrunk, Tenant: tenant.ID, Branch: from.Branch, AnyFrom: true}, nil
	}
	e, ok := s.Extension(from.Tenant, id)
	if !ok {
		return Caller{}, fmt.Errorf("tenant %s has no extension %q", from.Tenant, id)
	}
	caller, ok := t.Login(e.Login)
	if !ok {
		return Caller{}, errors.New("the extension or its tenant is inactive")
	}
	if from.Branch != "" {
		caller.Branch = from.Branch
	}
	return caller, nil
}

// Moment is how a gateway is in the moment of a made-up call.
type Moment struct {
	Gateway     string    `json:"gateway"`
	LockedUntil time.Time `json:"locked_until"`
	Calls       int       `json:"calls"`
	CPS         int       `json:"calls_per_second"`
}

// States are gateways by their ids, as routing looks at them.
func States(list []Moment) map[string]lcr.GatewayState {
	out := make(map[string]lcr.GatewayState, len(list))
	for _, s := range list {
		out[s.Gateway] = lcr.GatewayState{LockedUntil: s.LockedUntil, Calls: s.Calls, CPS: s.CPS}
	}
	return out
}
