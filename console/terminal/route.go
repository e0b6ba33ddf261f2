package terminal

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"trunkline/internal/calls"
	"trunkline/lcr"
	"trunkline/routing"
)

// RouteAnswer is the JSON contract of `trunkline route`: the first five fields are always there.
type RouteAnswer struct {
	From       string          `json:"from"`
	To         string          `json:"to"`
	Rule       string          `json:"rule"`
	Candidates []lcr.Candidate `json:"candidates"`
	Skipped    []lcr.Skipped   `json:"skipped"`

	Direction string       `json:"direction,omitempty"` // Where it is not outbound.
	Rings     []ringAnswer `json:"rings,omitempty"`     // Of a call that reaches phones of the house.
	Refusal   string       `json:"refusal,omitempty"`
	Status    int          `json:"status,omitempty"`
	Revision  int64        `json:"revision,omitempty"` // Of what was set up when it was decided.
	Detail    string       `json:"detail,omitempty"`
}

// ringAnswer is one stage of a call to phones.
type ringAnswer struct {
	Extensions []string     `json:"extensions,omitempty"` // They ring at the same time.
	For        string       `json:"for,omitempty"`        // How long.
	When       string       `json:"when,omitempty"`       // After which outcome of the stage before.
	Forwarded  *RouteAnswer `json:"forwarded,omitempty"`  // The call that it is forwarded as.
}

// NewRouteAnswer tells what routing decided about a call.
func NewRouteAnswer(r *routing.Route) *RouteAnswer {
	a := &RouteAnswer{
		From: r.From.String(), To: r.To.String(), Refusal: string(r.Refusal), Status: r.Status, Detail: r.Detail,
		Candidates: []lcr.Candidate{}, Skipped: []lcr.Skipped{},
	}
	if r.Direction != calls.Outbound {
		a.Direction = r.Direction.String()
	}
	if r.Trace != nil {
		e := r.Trace.Explain()
		a.Rule, a.Candidates, a.Skipped = e.Rule, e.Candidates, e.Skipped
	}
	for i := range r.Targets {
		if t := &r.Targets[i]; t.Gateway == nil || t.Trunk != nil {
			a.Rings = append(a.Rings, newRing(t))
		}
	}
	return a
}

// StoredAnswer tells what was decided about a past call.
func StoredAnswer(e *lcr.Explanation) *RouteAnswer {
	return &RouteAnswer{
		From: e.From.String(), To: e.To.String(), Rule: e.Rule, Candidates: e.Candidates, Skipped: e.Skipped, Refusal: string(e.Refusal), Revision: e.Revision,
	}
}

func newRing(t *routing.Target) ringAnswer {
	ring := ringAnswer{When: when(t.After)}
	if t.Forward != nil {
		ring.Forwarded = NewRouteAnswer(t.Forward)
		return ring
	}
	if t.Trunk != nil {
		ring.Extensions = append(ring.Extensions, "trunk "+t.Trunk.ID+" as "+t.ToSent)
		return ring
	}
	ring.Extensions = append(ring.Extensions, t.Extension)
	for _, other := range t.Others {
		ring.Extensions = append(ring.Extensions, other.Extension)
	}
	if t.RingTime > 0 {
		ring.For = t.RingTime.Round(time.Second).String()
	}
	return ring
}

// when names the outcomes of a trigger.
func when(t routing.Trigger) string {
	var words []string
	for _, w := range []struct {
		after routing.Trigger
		word  string
	}{{routing.AfterBusy, "busy"}, {routing.AfterNoAnswer, "no_answer"}, {routing.AfterUnavailable, "unavailable"}} {
		if t&w.after != 0 {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, ",")
}

// Write writes the answer in a format: table or json.
func (a *RouteAnswer) Write(out io.Writer, format string) error {
	if format == "json" {
		return JSON(out, a)
	}
	w := aligned(out)
	a.print(w)
	return w.Flush()
}

func (a *RouteAnswer) print(w io.Writer) {
	if a.Revision != 0 {
		fmt.Fprintf(w, "decided by\trevision %d (`trunkline history` shows the plans of then)\n", a.Revision)
	}
	fmt.Fprintf(w, "from\t%s\nto\t%s\ndirection\t%s\nrule\t%s\n", dash(a.From), dash(a.To),
		cmp.Or(a.Direction, calls.Outbound.String()), dash(a.Rule))
	for i, ring := range a.Rings {
		ring.print(w, i)
	}
	if len(a.Candidates) > 0 {
		fmt.Fprint(w, "\n#\tGATEWAY\tCARRIER\tPREFIX\tRATE/MIN\tCOST\tSALE\tMARGIN\tCALLED AS\tSHOWN AS\n")
	}
	for i, c := range a.Candidates {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i+1, c.Gateway, c.Carrier, dash(c.Prefix.String()), c.Rate,
			c.Cost, c.Sale, c.Margin, c.ToSent, dash(c.FromSent))
	}
	if len(a.Skipped) > 0 {
		fmt.Fprint(w, "\nSKIPPED\tCARRIER\tREASON\tDETAIL\n")
	}
	for _, s := range a.Skipped {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Gateway, s.Carrier, s.Reason, s.Detail)
	}
	if a.Refusal != "" {
		fmt.Fprintf(w, "\nrefused\t%s\n", a.Refusal)
	}
}

func (r *ringAnswer) print(w io.Writer, stage int) {
	if r.Forwarded != nil {
		fmt.Fprintf(w, "%d. forwards\twhen %s to %s\n", stage+1, r.When, r.Forwarded.To)
		r.Forwarded.print(w)
		return
	}
	fmt.Fprintf(w, "%d. rings\textension %s", stage+1, strings.Join(r.Extensions, " and "))
	if r.For != "" {
		fmt.Fprintf(w, " for %s", r.For)
	}
	if r.When != "" {
		fmt.Fprintf(w, ", after %s", r.When)
	}
	fmt.Fprintln(w)
}
