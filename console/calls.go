package console

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/reports"
)

// Records are the rated legs.
type Records interface {
	// Search returns legs, the newest first. They may be others' as well, but the list is the caller's own.
	// Traces are told only where one call is named.
	Search(ctx context.Context, q RecordQuery) ([]cdr.Record, error)
	// Each gives all legs of a question, whatever its limit, the oldest of a tenant first. A leg is used again after do returned.
	Each(ctx context.Context, q RecordQuery, do func(*cdr.Record) error) error
	// Count tells how many Each would give.
	Count(ctx context.Context, q RecordQuery) (int64, error)
}

// RecordQuery says which legs are wanted. Empty conditions are none; a leg counts in [From, Till) by its slot.
type RecordQuery struct {
	From, Till     time.Time
	Tenant, Branch string
	Call           calls.ID
	OnlyIngress    bool
	Filter         reports.Filter
	Limit, Offset  int
}

// The bounds of listings.
const (
	MaxPage   = 500
	maxOffset = 100_000
)

// CallLeg is a rated leg as it is shown. What is not somebody's to see is nil or empty.
type CallLeg struct {
	Call        string     `json:"call"`
	Seq         int        `json:"seq"`
	Kind        string     `json:"kind"`
	Direction   string     `json:"direction"`
	Source      string     `json:"source,omitempty"`
	Tenant      string     `json:"tenant"`
	Branch      string     `json:"branch"`
	Extension   string     `json:"extension"`
	Number      string     `json:"number,omitempty"`
	From        string     `json:"from"`
	To          string     `json:"to"`
	Dialled     string     `json:"dialled,omitempty"`
	Destination string     `json:"destination,omitempty"`
	Country     string     `json:"country,omitempty"`
	Carrier     string     `json:"carrier,omitempty"`
	Gateway     string     `json:"gateway,omitempty"`
	Setup       time.Time  `json:"setup"`
	Progress    *time.Time `json:"progress,omitempty"`
	Connect     *time.Time `json:"connect,omitempty"`
	Disconnect  *time.Time `json:"disconnect,omitempty"`
	Millis      int64      `json:"duration_ms"`
	PDD         int64      `json:"pdd_ms"`
	Billed      int64      `json:"billed_seconds"`
	Covered     int64      `json:"covered_seconds,omitempty"` // Of them those that an allowance paid.
	Status      int        `json:"sip_status"`
	Cause       int        `json:"cause"`
	Side        string     `json:"released_by"`
	Reason      string     `json:"reason,omitempty"`
	Sale        *Price     `json:"sale,omitempty"`
	Cost        *Price     `json:"cost,omitempty"`
	Note        string     `json:"note,omitempty"`
	Sign        int        `json:"sign"`
	SIPCallID   string     `json:"sip_call_id,omitempty"`
	Remote      string     `json:"remote,omitempty"`
}

// Answered reports whether somebody answered.
func (l *CallLeg) Answered() bool { return l.Connect != nil }

// Price is an amount and what it was made of.
type Price struct {
	Amount     money.Amount   `json:"amount"`
	Currency   money.Currency `json:"currency"`
	PerMinute  money.Rate     `json:"per_minute"`
	ConnectFee money.Amount   `json:"connect_fee"`
	Prefix     string         `json:"prefix,omitempty"`
	Version    string         `json:"version,omitempty"` // Of the tariff or deck.
}

// CallQuery is what somebody searches for.
type CallQuery struct {
	Period         reports.Period
	Tenant, Branch string
	Filter         reports.Filter
	Attempts       bool // With every attempt at a carrier, where that is somebody's to see.
	Limit, Offset  int
}

// Calls returns the legs that are somebody's to see, the newest first.
func (c *Console) Calls(ctx context.Context, who *access.Principal, q CallQuery) ([]CallLeg, error) {
	if err := c.callsAllowed(who, &q); err != nil {
		return nil, err
	}
	if q.Limit < 1 || q.Limit > MaxPage || q.Offset < 0 || q.Offset > maxOffset {
		return nil, invalid("limit: use 1 to %d rows of the first %d; narrow the period or the filter for others", MaxPage, maxOffset)
	}
	return c.searchCalls(ctx, who, q)
}

// callsAllowed narrows a search to what is somebody's to see, or refuses it.
func (c *Console) callsAllowed(who *access.Principal, q *CallQuery) error {
	if err := may(who, access.ReadCalls); err != nil {
		return err
	}
	var err error
	if q.Tenant, q.Branch, err = c.narrow(who, q.Tenant, q.Branch); err != nil {
		return err
	}
	return mayFilter(who, q.Filter)
}

// clockSlack is how far ahead of ours the clock of another machine may be.
const clockSlack = 15 * time.Minute

func (c *Console) searchCalls(ctx context.Context, who *access.Principal, q CallQuery) ([]CallLeg, error) {
	records, err := c.d.Records.Search(ctx, c.recordQuery(who, q))
	if err != nil {
		return nil, err
	}
	return legsFor(who, records), nil
}

func (c *Console) recordQuery(who *access.Principal, q CallQuery) RecordQuery {
	till := q.Period.Till
	// The newest are looked for from the end on, and the future has none. Legs count in slots, so that a moment within one means the same.
	if soon := c.d.Clock.Now().Add(clockSlack).Truncate(cdr.SlotLength).Add(cdr.SlotLength); till.After(soon) {
		till = soon
	}
	return RecordQuery{
		From: q.Period.From, Till: till, Tenant: q.Tenant, Branch: q.Branch, Filter: q.Filter,
		OnlyIngress: !q.Attempts || who.Role.OfTenant(), Limit: q.Limit, Offset: q.Offset,
	}
}

// mayFilter refuses to filter by what somebody does not see: counting matches would tell it.
func mayFilter(who *access.Principal, f reports.Filter) error {
	for _, field := range f.Fields() {
		hidden := !who.May(access.ReadCost) && field == reports.FieldCost || !who.May(access.ReadSale) && (field == reports.FieldSale || field == reports.FieldRate) ||
			who.Role.OfTenant() && slices.Contains([]reports.Field{
				reports.FieldCarrier, reports.FieldGateway, reports.FieldTrunk, reports.FieldDeck, reports.FieldNode, reports.FieldAttempt, reports.FieldKind,
			}, field)
		if hidden {
			return fmt.Errorf("%w: the filter asks for %s, which is not shown to you", ErrForbidden, field)
		}
	}
	return maySearchNumbers(who, f)
}

func legsFor(who *access.Principal, records []cdr.Record) []CallLeg {
	legs := make([]CallLeg, 0, len(records))
	for i := range records {
		legs = append(legs, legFor(who, &records[i]))
	}
	return legs
}

// legFor is a leg as far as it is somebody's to see.
func legFor(who *access.Principal, r *cdr.Record) CallLeg {
	l := CallLeg{
		Call: r.Call.String(), Seq: int(r.Seq), Kind: r.Kind.String(), Direction: r.Direction.String(), Source: r.Source,
		Tenant: r.Tenant, Branch: r.Branch, Extension: r.Extension, Number: r.Number, From: r.From.String(), To: r.To.String(),
		Dialled: r.Dialled, Destination: r.Destination, Country: r.Country, Setup: r.Setup,
		Progress: orNil(r.Progress), Connect: orNil(r.Connect), Disconnect: orNil(r.Disconnect),
		Millis: r.Duration().Milliseconds(), PDD: r.PDD().Milliseconds(), Billed: r.Billed, Covered: r.Covered,
		Status: int(r.SIPStatus), Cause: int(r.Cause), Side: r.ReleasedBy.String(), Reason: r.Reason, Sign: int(r.Sign),
	}
	if l.From == "" {
		l.From = r.CallerID
	}
	maskFields(who, &l.From, &l.To, &l.Dialled)
	if !who.Role.OfTenant() {
		l.Carrier, l.Gateway, l.SIPCallID, l.Remote = r.Carrier, r.Gateway, r.SIPCallID, r.Remote
	}
	if r.Kind == cdr.Ingress && who.May(access.ReadSale) {
		l.Sale = &Price{r.Sale, r.SaleCurrency, r.PerMinute, r.ConnectFee, r.Prefix, r.TariffVersion}
		l.Note = r.Note
	}
	if r.Kind == cdr.Egress && who.May(access.ReadCost) {
		l.Cost = &Price{r.Cost, r.CostCurrency, r.PerMinute, r.ConnectFee, r.Prefix, r.DeckVersion}
		l.Note = r.Note
	}
	return l
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// CallDetail is all that is known of one call.
type CallDetail struct {
	Legs     []CallLeg        `json:"legs"`
	Decision *lcr.Explanation `json:"decision,omitempty"` // Why it went where it went.
	Price    []string         `json:"price,omitempty"`    // How the price was made, a line for each leg.
	// Explained are the prices computed again from the versions of tariff and deck that the records name, with the lines that did it.
	Explained []worker.Explained `json:"explained,omitempty"`
}

// Call returns one call; ErrNotFound. Calls are there some seconds after their end.
func (c *Console) Call(ctx context.Context, who *access.Principal, id string) (CallDetail, error) {
	if err := may(who, access.ReadCalls); err != nil {
		return CallDetail{}, err
	}
	none := fmt.Errorf("%w: there is no call %q among the rated ones; a call is there some seconds after its end", ErrNotFound, id)
	call, err := calls.ParseID(id)
	if err != nil {
		return CallDetail{}, none
	}
	records, err := c.d.Records.Search(ctx, RecordQuery{Call: call, Tenant: who.Tenant, Branch: who.Branch, OnlyIngress: who.Role.OfTenant(), Limit: MaxPage})
	if err != nil {
		return CallDetail{}, err
	}
	records = slices.DeleteFunc(records, func(r cdr.Record) bool { return !who.SeesBranch(r.Tenant, r.Branch) })
	if len(records) == 0 {
		return CallDetail{}, none
	}
	slices.SortStableFunc(records, func(a, b cdr.Record) int { return int(a.Seq) - int(b.Seq) })
	out := CallDetail{Legs: legsFor(who, records)}
	for i := range records {
		if len(records[i].Trace) > 0 && who.May(access.ReadRouting) {
			out.Decision = &lcr.Explanation{}
			if err := json.Unmarshal(records[i].Trace, out.Decision); err != nil {
				return out, fmt.Errorf("decision of call %s: %w", id, err)
			}
			if !who.May(access.ReadCost) {
				withoutCosts(out.Decision)
			}
			maskDecision(who, out.Decision)
			break
		}
	}
	for i := range out.Legs {
		out.Price = append(out.Price, out.Legs[i].explain()...)
	}
	out.Explained, err = c.explained(ctx, who, records)
	return out, err
}

// explained computes the prices again that are somebody's to see.
func (c *Console) explained(ctx context.Context, who *access.Principal, records []cdr.Record) ([]worker.Explained, error) {
	var out []worker.Explained
	for i := range records {
		r := &records[i]
		if r.Sign < 0 || r.Kind == cdr.Ingress && !who.May(access.ReadSale) || r.Kind == cdr.Egress && (!who.May(access.ReadCost) || r.Carrier == "") {
			continue
		}
		one, err := worker.Explain(ctx, r, c.recall)
		if err != nil {
			return out, err
		}
		out = append(out, one)
	}
	return out, nil
}

// recall implements worker.Recall.
func (c *Console) recall(ctx context.Context, leg *cdr.Leg, label string) (*rating.Tariff, bool, error) {
	return Recall(ctx, c.d.Snapshot(), leg, label)
}

// Recall gives back the version of a tariff or of a carrier's deck that the record of a leg names.
func Recall(ctx context.Context, s *provision.Snapshot, leg *cdr.Leg, label string) (*rating.Tariff, bool, error) {
	if leg.Kind == cdr.Egress {
		return s.Recall(ctx, provision.KindDeck, leg.Deck, label)
	}
	return s.Recall(ctx, provision.KindTariff, leg.Tariff, label)
}

// explain tells how the price of a leg was made.
func (l *CallLeg) explain() []string {
	p, what := l.Sale, "sale"
	if p == nil {
		p, what = l.Cost, "cost of attempt "+strconv.Itoa(l.Seq)
	}
	if p == nil {
		return nil
	}
	if !l.Answered() {
		return []string{what + ": 0, it was not answered"}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d s of talk are billed as %d s", what, (l.Millis+999)/1000, l.Billed)
	if l.Covered > 0 {
		fmt.Fprintf(&b, ", %d s of them paid by an allowance", l.Covered)
	}
	if p.Prefix != "" {
		fmt.Fprintf(&b, "; prefix %s", p.Prefix)
	}
	fmt.Fprintf(&b, " at %s %s a minute", p.PerMinute, p.Currency)
	if p.ConnectFee.Sign() != 0 {
		fmt.Fprintf(&b, " and %s for the connection", p.ConnectFee)
	}
	fmt.Fprintf(&b, " = %s %s", p.Amount, p.Currency)
	if p.Version != "" {
		fmt.Fprintf(&b, " (%s)", p.Version)
	}
	return []string{b.String()}
}
