package alert

import (
	"fmt"
	"slices"
	"strings"
)

// Subscription says who is told of what happens.
type Subscription struct {
	On     []string `yaml:"on" access:"open"`               // Kinds of events; "invoice.*" is all that begin so, "*" is all.
	Tenant string   `yaml:"tenant,omitempty" access:"open"` // Only of this one; empty: all, and what is the operator's.
	Notify []string `yaml:"notify" access:"open"`           // Channels.
}

// The kinds of events.
const (
	InvoiceIssued   = "invoice.issued"
	InvoiceCredited = "invoice.credited"
	CallsRated      = "calls.rated" // What was posted for calls of a tenant since the last such event.
	CallUnrated     = "call.unrated"
	DeckApplied     = "deck.applied"
	LimitChanged    = "limit.changed" // By hand, or by an alert: set, raised, reset, blocked, suspended and back.
	RouteLocked     = "route.locked"
	RouteUnlocked   = "route.unlocked"
	TrialEnded      = "trial.ended"
)

// Events returns all kinds. That limits are near, reached and clear again is for rules to say.
func Events() []string {
	return []string{InvoiceIssued, InvoiceCredited, CallsRated, CallUnrated, DeckApplied, LimitChanged, RouteLocked, RouteUnlocked, TrialEnded}
}

// Wants reports whether an event is one of those that are told.
func (s *Subscription) Wants(kind, tenant string) bool {
	return (s.Tenant == "" || s.Tenant == tenant) && slices.ContainsFunc(s.On, func(on string) bool { return matches(on, kind) })
}

func matches(on, kind string) bool {
	if begin, all := strings.CutSuffix(on, "*"); all {
		return strings.HasPrefix(kind, begin)
	}
	return on == kind
}

// Wanted returns the channels that are told of an event, each once.
func (r *Rules) Wanted(kind, tenant string) []string {
	var out []string
	for i := range r.Events {
		if r.Events[i].Wants(kind, tenant) {
			out = append(out, r.Events[i].Notify...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *checker) subscription(at string, s *Subscription) {
	if len(s.On) == 0 || len(s.Notify) == 0 {
		c.add(at, "tells nothing or nobody", "give on and notify")
	}
	for _, on := range s.On {
		if !slices.ContainsFunc(Events(), func(kind string) bool { return matches(on, kind) }) {
			c.add(at+".on", fmt.Sprintf("%q is unknown", on), "use some of "+strings.Join(Events(), ", "))
		}
	}
	for _, id := range s.Notify {
		if _, ok := c.rules.Channel(id); !ok {
			c.add(at+".notify", fmt.Sprintf("there is no channel %q", id), "declare it under channels")
		}
	}
}
