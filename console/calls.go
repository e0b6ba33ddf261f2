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
	"trunkline/internal/field"
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
	Call        string     `json:"call" access:"client"`
	Seq         int        `json:"seq" access:"client"`
	Kind        string     `json:"kind" access:"client"`
	Direction   string     `json:"direction" access:"client"`
	Source      string     `json:"source,omitempty" access:"client"`
	Tenant      string     `json:"tenant" access:"client"`
	Branch      string     `json:"branch" access:"client"`
	Extension   string     `json:"extension" access:"client"`
	Number      string     `json:"number,omitempty" access:"client"`
	From        string     `json:"from" access:"client,personal"`
	To          string     `json:"to" access:"client,personal"`
	Dialled     string     `json:"dialled,omitempty" access:"client,personal"`
	Destination string     `json:"destination,omitempty" access:"client"`
	Country     string     `json:"country,omitempty" access:"client"`
	Carrier     string     `json:"carrier,omitempty" access:"open"`
	Gateway     string     `json:"gateway,omitempty" access:"open"`
	Setup       time.Time  `json:"setup" access:"client"`
	Progress    *time.Time `json:"progress,omitempty" access:"client"`
	Connect     *time.Time `json:"connect,omitempty" access:"client"`
	Disconnect  *time.Time `json:"disconnect,omitempty" access:"client"`
	Millis      int64      `json:"duration_ms" access:"client"`
	PDD         int64      `json:"pdd_ms" access:"client"`
	Billed      int64      `json:"billed_seconds" access:"client"`
	Covered     int64      `json:"covered_seconds,omitempty" access:"client"` // Of them those that an allowance paid.
	Status      int        `json:"sip_status" access:"client"`
	Cause       int        `json:"cause" access:"client"`
	Side        string     `json:"released_by" access:"client"`
	Reason      string     `json:"reason,omitempty" access:"client"`
	Sale        *Price     `json:"sale,omitempty" access:"client,sale"`
	Cost        *Price     `json:"cost,omitempty" access:"cost"`
	Note        string     `json:"note,omitempty" access:"client,money"`
	Sign        int        `json:"sign" access:"client"`
	SIPCallID   string     `json:"sip_call_id,omitempty" access:"open"`
	Remote      string     `json:"remote,omitempty" access:"open"`
}

// Answered reports whether somebody answered.
func (l *CallLeg) Answered() bool { return l.Connect != nil }

// Price is an amount and what it was made of.
type Price struct {
	Amount     money.Amount   `json:"amount" access:"client"`
	Currency   money.Currency `json:"currency" access:"client"`
	PerMinute  money.Rate     `json:"per_minute" access:"client"`
	ConnectFee money.Amount   `json:"connect_fee" access:"client"`
	Prefix     string         `json:"prefix,omitempty" access:"client"`
	Version    string         `json:"version,omitempty" access:"client"` // Of the tariff or deck.
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
	most := MaxPage
	if who.Command != "" {
		most = MaxLines // Nobody but the machine's own operator asks for so many at once.
	}
	if q.Limit < 1 || q.Limit > most || q.Offset < 0 || q.Offset > maxOffset {
		return nil, invalid("limit: use 1 to %d rows of the first %d; narrow the period or the filter for others", most, maxOffset)
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
	till := q.Period.Until
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
	for _, asked := range f.Fields() {
		ofCost := asked == reports.FieldRate && !who.Role.OfTenant() && !who.May(access.ReadCost) // The rate of an attempt is the carrier's.
		if ofCost || !seesField(who, asked.Access()) {
			return fmt.Errorf("%w: the filter asks for %s, which is not shown to you", ErrForbidden, asked)
		}
	}
	return maySearchNumbers(who, f)
}

func legsFor(who *access.Principal, records []cdr.Record) []CallLeg {
	legs, hide := make([]CallLeg, 0, len(records)), redactor[CallLeg](who)
	for i := range records {
		legs = append(legs, legFor(hide, &records[i]))
	}
	return legs
}

// legFor is a leg as far as it is somebody's to see. A remark tells of the price beside which it stands.
func legFor(hide field.Redactor[CallLeg], r *cdr.Record) CallLeg {
	l := legOf(r)
	hide.Redact(&l)
	if l.Sale == nil && l.Cost == nil {
		l.Note = ""
	}
	return l
}

// legOf is a leg with all that is known of it.
func legOf(r *cdr.Record) CallLeg {
	l := CallLeg{
		Call: r.Call.String(), Seq: int(r.Seq), Kind: r.Kind.String(), Direction: r.Direction.String(), Source: r.Source,
		Tenant: r.Tenant, Branch: r.Branch, Extension: r.Extension, Number: r.Number, From: r.From.String(), To: r.To.String(),
		Dialled: r.Dialled, Destination: r.Destination, Country: r.Country, Setup: r.Setup,
		Progress: orNil(r.Progress), Connect: orNil(r.Connect), Disconnect: orNil(r.Disconnect),
		Millis: r.Duration().Milliseconds(), PDD: r.PDD().Milliseconds(), Billed: r.Billed, Covered: r.Covered,
		Status: int(r.SIPStatus), Cause: int(r.Cause), Side: r.ReleasedBy.String(), Reason: r.Reason, Sign: int(r.Sign),
		Carrier: r.Carrier, Gateway: r.Gateway, SIPCallID: r.SIPCallID, Remote: r.Remote, Note: r.Note,
	}
	if l.From == "" {
		l.From = r.CallerID
	}
	if r.Kind == cdr.Ingress {
		l.Sale = &Price{r.Sale, r.SaleCurrency, r.PerMinute, r.ConnectFee, r.Prefix, r.TariffVersion}
	} else {
		l.Cost = &Price{r.Cost, r.CostCurrency, r.PerMinute, r.ConnectFee, r.Prefix, r.DeckVersion}
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
	Legs     []CallLeg        `json:"legs" access:"client"`
	Decision *lcr.Explanation `json:"decision,omitempty" access:"open"` // Why it went where it went.
	Price    []string         `json:"price,omitempty" access:"client"`  // How the price was made, a line for each leg.
	// Explained are the prices computed again from the versions of tariff and deck that the records name, with the lines that did it.
	Explained []worker.Explained `json:"explained,omitempty" access:"client"`
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
			redactor[lcr.Explanation](who).Redact(out.Decision)
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
