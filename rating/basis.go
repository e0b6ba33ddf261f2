package rating

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Basis is what a price depended on beside the call and the versions of its tariff: what counters stood at, since when the client was
// there, and the carrier's rate that it was built on. With it a call is priced again years later to the same millionth. Most calls
// depend on nothing of that; their basis is empty. The text form is kept with the record.
type Basis struct {
	Since time.Time // When the contract began, where the price looked at it.
	Used  []Use     // What counters had been used before, those at zero left out.
	Cost  *Rate     // Of a cost-plus price, in the tariff's currency.
}

// basisDoc is the text form.
type basisDoc struct {
	Since int64     `json:"since,omitempty"` // Unix time.
	Used  []string  `json:"used,omitempty"`  // name|measure|scope|owner|start|amount, the name last.
	Cost  *basisFee `json:"cost,omitempty"`
}

type basisFee struct {
	Prefix      string `json:"prefix,omitempty"`
	Destination string `json:"destination,omitempty"`
	Nanos       int64  `json:"rate"` // Billionths per minute.
	Connect     int64  `json:"connect,omitempty"`
	Attempt     int64  `json:"attempt,omitempty"`
	Minimum     int64  `json:"minimum,omitempty"`
	Initial     int32  `json:"initial,omitempty"`
	Next        int32  `json:"next,omitempty"`
	FromZero    bool   `json:"from_zero,omitempty"`
	Grace       int32  `json:"grace,omitempty"`
	From        int64  `json:"from,omitempty"`
}

// String returns the text form; empty where the price depended on nothing.
func (b *Basis) String() string {
	if b.Since.IsZero() && len(b.Used) == 0 && b.Cost == nil {
		return ""
	}
	var doc basisDoc
	if !b.Since.IsZero() {
		doc.Since = b.Since.Unix()
	}
	for _, u := range b.Used {
		doc.Used = append(doc.Used, fmt.Sprintf("%d|%d|%d|%d|%s|%s", u.Amount, u.Counter.Measure, u.Counter.Scope, u.Counter.Start, u.Counter.Owner, u.Counter.Name))
	}
	if r := b.Cost; r != nil {
		doc.Cost = &basisFee{
			Prefix: r.Prefix.String(), Destination: r.Destination, Nanos: r.PerMinute.Nanos(), Connect: r.ConnectFee.Micros(), Attempt: r.AttemptFee.Micros(),
			Minimum: r.MinCharge.Micros(), Initial: r.Increment.Initial, Next: r.Increment.Next, FromZero: r.Increment.FromZero, Grace: r.Grace,
		}
		if !r.From.IsZero() {
			doc.Cost.From = r.From.Unix()
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return "" // It holds nothing but numbers and text.
	}
	return string(text)
}

// basisParts are the parts of a counter in the text form.
const basisParts = 6

// ParseBasis reads the text form.
func ParseBasis(text string) (Basis, error) {
	var b Basis
	if text == "" {
		return b, nil
	}
	var doc basisDoc
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return b, fmt.Errorf("what a price was computed from: %w", err)
	}
	if doc.Since != 0 {
		b.Since = time.Unix(doc.Since, 0).UTC()
	}
	for _, line := range doc.Used {
		u, err := parseUse(line)
		if err != nil {
			return b, err
		}
		b.Used = append(b.Used, u)
	}
	if f := doc.Cost; f != nil {
		prefix, err := e164.ParsePrefix(f.Prefix)
		if err != nil && f.Prefix != "" {
			return b, fmt.Errorf("what a price was computed from: %w", err)
		}
		b.Cost = &Rate{Prefix: prefix, Destination: f.Destination, PerMinute: money.PerMinute(f.Nanos), Terms: Terms{
			ConnectFee: money.FromMicros(f.Connect), AttemptFee: money.FromMicros(f.Attempt), MinCharge: money.FromMicros(f.Minimum),
			Increment: Increment{Initial: f.Initial, Next: f.Next, FromZero: f.FromZero}, Grace: f.Grace,
		}}
		if f.From != 0 {
			b.Cost.From = time.Unix(f.From, 0).UTC()
		}
	}
	return b, nil
}

func parseUse(line string) (Use, error) {
	parts := strings.SplitN(line, "|", basisParts)
	if len(parts) < basisParts {
		return Use{}, fmt.Errorf("what a price was computed from: %q is no counter", line)
	}
	var n [4]int64
	for i := range n {
		v, err := strconv.ParseInt(parts[i], 10, 64)
		if err != nil {
			return Use{}, fmt.Errorf("what a price was computed from: %w", err)
		}
		n[i] = v
	}
	return Use{Counter{
		Name: parts[5], Measure: Measure(n[1]), Scope: Scope(n[2]), Owner: parts[4], Start: n[3], //nolint:gosec // Written by String.
	}, n[0]}, nil
}

// Apply gives a call what the basis knows, so that it is priced as it was.
func (b *Basis) Apply(call *Call) {
	call.Since, call.Chosen, call.Cheapest = b.Since, b.Cost, b.Cost
}

// Counters are what had been used when the call was priced.
func (b *Basis) Counters() Counters {
	t := make(Tally)
	t.Apply(b.Used)
	return t
}

// Observed are counters that note what a price looks at.
type Observed struct {
	of   Counters
	seen []Use
}

// Observe returns counters that note what of them is looked at and is not zero.
func Observe(of Counters) *Observed { return &Observed{of: of} }

// Used implements Counters.
func (o *Observed) Used(c Counter) int64 {
	n := o.of.Used(c)
	if n != 0 && !slices.ContainsFunc(o.seen, func(u Use) bool { return u.Counter == c }) {
		o.seen = append(o.seen, Use{c, n})
	}
	return n
}

// Seen are the counters that were looked at, as they stood then.
func (o *Observed) Seen() []Use { return o.seen }

// Counts reports whether prices of the tariff depend on what was used before: it has allowances or tiers.
func (t *Tariff) Counts() bool { return len(t.spec.Allowances) > 0 || len(t.spec.Tiers) > 0 }
