package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/reports"
)

// MaxRows is the largest number of rows in one answer.
const MaxRows = 10_000

// Filter says which rows are wanted. Empty conditions are none. Times are those of slots: a leg counts in [From, Till).
type Filter struct {
	From, Till   time.Time
	Tenant       string
	Branch       string
	Extension    string
	Carrier      string
	Gateway      string
	Direction    calls.Direction
	Kind         cdr.Kind
	Call         calls.ID
	ToPrefix     string // Digits that the called number begins with.
	FromPrefix   string // Digits that the caller's number begins with.
	OnlyAnswered bool
	Brief        bool           // Without traces and what was sent to be imported, which are most of what a record weighs. Of Records only.
	Where        reports.Filter // A filter line.
	Limit        int            // 1 to MaxRows; 0: 100.
	Offset       int
}

// condition collects the conditions of a query with their values; values never become part of the text.
type condition struct {
	terms []string
	args  []any
}

func (c *condition) add(term string, value any) {
	c.terms = append(c.terms, term)
	c.args = append(c.args, value)
}

func (c *condition) text(term, value string) {
	if value != "" {
		c.add(term, value)
	}
}

func (c *condition) String() string {
	if len(c.terms) == 0 {
		return "1"
	}
	return strings.Join(c.terms, " AND ")
}

func (f *Filter) condition() (*condition, error) {
	c := &condition{}
	if !f.From.IsZero() {
		c.add("slot >= toDateTime(?, 'UTC')", f.From.Unix())
	}
	if !f.Till.IsZero() {
		c.add("slot < toDateTime(?, 'UTC')", f.Till.Unix())
	}
	c.text("tenant = ?", f.Tenant)
	c.text("branch = ?", f.Branch)
	c.text("extension = ?", f.Extension)
	c.text("carrier = ?", f.Carrier)
	c.text("gateway = ?", f.Gateway)
	c.text("startsWith(to_number, ?)", f.ToPrefix)
	c.text("startsWith(from_number, ?)", f.FromPrefix)
	if f.Direction != 0 {
		c.add("cdr.direction = ?", f.Direction.String())
	}
	if f.Kind != 0 {
		c.add("cdr.kind = ?", f.Kind.String())
	}
	if !f.Call.IsZero() {
		c.add("call = ?", f.Call.String())
	}
	if f.OnlyAnswered {
		c.terms = append(c.terms, "connect > 0")
	}
	return c, c.where(f.Where, "cdr")
}

// row is a row of the table as the driver reads it.
type row struct {
	Sign          int8            `ch:"sign"`
	Batch         int64           `ch:"batch"`
	BatchKey      int64           `ch:"batch_key"`
	Slot          time.Time       `ch:"slot"`
	Call          uuid.UUID       `ch:"call"`
	Seq           uint16          `ch:"seq"`
	Kind          int8            `ch:"kind"`
	Direction     int8            `ch:"direction"`
	Source        string          `ch:"source"`
	Node          string          `ch:"node"`
	Tenant        string          `ch:"tenant"`
	Branch        string          `ch:"branch"`
	Extension     string          `ch:"extension"`
	Number        string          `ch:"number"`
	Tariff        string          `ch:"tariff"`
	Carrier       string          `ch:"carrier"`
	Gateway       string          `ch:"gateway"`
	Deck          string          `ch:"deck"`
	From          string          `ch:"from_number"`
	To            string          `ch:"to_number"`
	CallerID      string          `ch:"caller_id"`
	Dialled       string          `ch:"dialled"`
	Setup         time.Time       `ch:"setup"`
	Progress      time.Time       `ch:"progress"`
	Connect       time.Time       `ch:"connect"`
	Disconnect    time.Time       `ch:"disconnect"`
	Granted       int64           `ch:"granted_us"`
	Status        uint16          `ch:"sip_status"`
	Cause         uint8           `ch:"cause"`
	ReleasedBy    int8            `ch:"released_by"`
	Reason        string          `ch:"reason"`
	SIPCallRest   string          `ch:"sip_call_rest"`
	Remote        string          `ch:"remote"`
	Trace         string          `ch:"trace"`
	Raw           string          `ch:"raw"`
	Verdict       string          `ch:"verdict"`
	Billed        int64           `ch:"billed"`
	Covered       int64           `ch:"covered"`
	Prefix        string          `ch:"prefix"`
	Destination   string          `ch:"destination"`
	Country       string          `ch:"country"`
	PerMinute     decimal.Decimal `ch:"per_minute"`
	ConnectFee    decimal.Decimal `ch:"connect_fee"`
	Sale          decimal.Decimal `ch:"sale"`
	Cost          decimal.Decimal `ch:"cost"`
	SaleCurrency  string          `ch:"sale_currency"`
	CostCurrency  string          `ch:"cost_currency"`
	TariffVersion string          `ch:"tariff_version"`
	DeckVersion   string          `ch:"deck_version"`
	Note          string          `ch:"note"`
	Basis         string          `ch:"basis"`
	Trunk         string          `ch:"trunk"`
}

// How far back the newest records are looked for at first where no sums tell it: those of all tenants, or only of one.
const (
	newestOfAll = time.Hour
	newestOfOne = 24 * time.Hour
)

// Records returns rows in the order of their setup, the newest first. Of a long period its end is read first, as far back as
// the sums say that there are enough, and more of it only as far as there are too few: a call counts in no slot before that of
// its setup.
func (s *Store) Records(ctx context.Context, f Filter) ([]cdr.Record, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Limit, f.Offset = min(f.Limit, MaxRows), max(0, f.Offset)
	if f.From.IsZero() || f.Till.IsZero() {
		return s.list(ctx, f)
	}
	back, err := s.reach(ctx, &f)
	if err != nil {
		return nil, err
	}
	for {
		near := f
		if near.From = f.Till.Add(-back).Truncate(cdr.SlotLength); !near.From.After(f.From) {
			return s.list(ctx, f)
		}
		list, err := s.list(ctx, near)
		if err != nil || len(list) == f.Limit && !list[f.Limit-1].Setup.Before(near.From) {
			return list, err
		}
		found := 0
		if len(list) > 0 {
			found = f.Offset + len(list)
		}
		back = further(back, found, f.Offset+f.Limit)
	}
}

// reach is how far back to look at first for the records that a filter wants.
func (s *Store) reach(ctx context.Context, f *Filter) (time.Duration, error) {
	back := newestOfAll
	if f.Tenant != "" {
		back = newestOfOne
	}
	if f.Till.Sub(f.From) <= back || !f.summed() {
		return back, nil
	}
	from, enough, err := s.enoughSince(ctx, f)
	if err != nil {
		return 0, err
	}
	if !enough {
		return f.Till.Sub(f.From), nil
	}
	return f.Till.Sub(from) + time.Hour, nil // The calls of an hour may have begun before it.
}

// summed reports whether the sums of hours know all that a filter asks for.
func (f *Filter) summed() bool {
	return f.Where.IsZero() && f.Extension == "" && f.Carrier == "" && f.Gateway == "" && f.Call.IsZero() && f.ToPrefix == "" && f.FromPrefix == "" &&
		!f.OnlyAnswered && (f.Tenant != "" || f.Branch == "")
}

// enoughSince returns the last hour since which there are as many legs as a page and those before it need. Corrections are
// records too, so there may be more.
func (s *Store) enoughSince(ctx context.Context, f *Filter) (hour time.Time, enough bool, err error) {
	t := houseTable()
	if f.Tenant != "" {
		t = tenantTable()
	}
	c := &condition{}
	c.terms = append(c.terms, t.only())
	c.add("time >= toDateTime(?, 'UTC')", f.From.Truncate(time.Hour).Unix())
	c.add("time < toDateTime(?, 'UTC')", f.Till.Unix())
	c.text("tenant = ?", f.Tenant)
	c.text("branch = ?", f.Branch)
	if f.Direction != 0 {
		c.add("direction = ?", f.Direction.String())
	}
	if f.Kind != 0 {
		c.add("kind = ?", f.Kind.String())
	}
	wanted := int64(f.Offset + f.Limit)
	rows, err := s.db.conn.Query(ctx, "SELECT time, sum(legs) AS n FROM "+t.name+" WHERE "+c.String()+" GROUP BY time HAVING n > 0 ORDER BY time DESC LIMIT ?", append(c.args, wanted)...)
	if err != nil {
		return hour, false, fmt.Errorf("list calls: %w", err)
	}
	defer rows.Close()
	for rows.Next() && wanted > 0 {
		var n int64
		if err := rows.Scan(&hour, &n); err != nil {
			return hour, false, fmt.Errorf("list calls: %w", err)
		}
		wanted -= n
	}
	if err := rows.Err(); err != nil {
		return hour, false, fmt.Errorf("list calls: %w", err)
	}
	return hour, wanted <= 0, nil
}

// further is how far back to look next, when so many were found and so many are wanted: half as far again as they would reach
// if they came as often as before.
func further(back time.Duration, found, wanted int) time.Duration {
	const most = 8 // Of the longest period, 20 years, that is still a duration.
	times := most
	if found > 0 {
		times = min(most, max(2, (3*wanted+2*found-1)/(2*found)))
	}
	return back * time.Duration(times)
}

func (s *Store) list(ctx context.Context, f Filter) ([]cdr.Record, error) {
	where, err := f.condition()
	if err != nil {
		return nil, err
	}
	where.args = append(where.args, f.Limit, f.Offset)
	var rows []row
	columns := columnsSQL
	if f.Brief {
		columns = strings.Replace(columnsSQL, "pdd_us)", "pdd_us, trace, raw)", 1)
	}
	query := columns + where.String() + " ORDER BY setup DESC, call, seq, sign, batch LIMIT ? OFFSET ?"
	if err := s.db.conn.Select(ctx, &rows, query, where.args...); err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	out := make([]cdr.Record, len(rows))
	for i := range rows {
		if err := rows[i].record(&out[i]); err != nil {
			return nil, fmt.Errorf("call %s: %w", rows[i].Call, err)
		}
	}
	return out, nil
}

func (r *row) record(out *cdr.Record) (err error) {
	l := &out.Leg
	if l.Call, err = calls.IDFromBytes(r.Call[:]); err != nil {
		return err
	}
	l.Seq, l.Kind, l.Direction = r.Seq, cdr.Kind(r.Kind), calls.Direction(r.Direction) //nolint:gosec // Of a closed set.
	l.Source, l.Node, l.Tenant, l.Branch, l.Extension, l.Number = r.Source, r.Node, r.Tenant, r.Branch, r.Extension, r.Number
	l.Tariff, l.Carrier, l.Gateway, l.Deck = r.Tariff, r.Carrier, r.Gateway, r.Deck
	if l.From, err = number(r.From); err != nil {
		return err
	}
	if l.To, err = number(r.To); err != nil {
		return err
	}
	l.CallerID, l.Dialled = r.CallerID, r.Dialled
	l.Setup, l.Progress, l.Connect, l.Disconnect = moment(r.Setup), moment(r.Progress), moment(r.Connect), moment(r.Disconnect)
	l.Granted = time.Duration(r.Granted) * time.Microsecond
	l.SIPStatus, l.Cause, l.ReleasedBy, l.Reason = r.Status, r.Cause, cdr.Side(r.ReleasedBy), r.Reason //nolint:gosec // Of a closed set.
	l.SIPCallID, l.Remote, l.Raw, l.Verdict, l.Trunk = wholeCallID(r.SIPCallRest, r.Call), r.Remote, r.Raw, r.Verdict, r.Trunk
	if r.Trace != "" {
		l.Trace = []byte(r.Trace)
	}
	out.Sign, out.Batch, out.BatchKey, out.Slot = r.Sign, r.Batch, r.BatchKey, r.Slot.UTC()
	out.Billed, out.Covered, out.Prefix, out.Destination, out.Country = r.Billed, r.Covered, r.Prefix, r.Destination, r.Country
	out.PerMinute = money.PerMinute(r.PerMinute.Shift(money.RateScale).IntPart())
	for _, a := range []struct {
		to   *money.Amount
		from decimal.Decimal
	}{{&out.ConnectFee, r.ConnectFee}, {&out.Sale, r.Sale}, {&out.Cost, r.Cost}} {
		if *a.to, err = money.FromDecimal(a.from, money.HalfUp); err != nil {
			return err
		}
	}
	if err := out.SaleCurrency.UnmarshalText([]byte(r.SaleCurrency)); err != nil {
		return err
	}
	out.TariffVersion, out.DeckVersion, out.Note, out.Basis = r.TariffVersion, r.DeckVersion, r.Note, r.Basis
	return out.CostCurrency.UnmarshalText([]byte(r.CostCurrency))
}

func number(digits string) (e164.Number, error) {
	var n e164.Number
	err := n.UnmarshalText([]byte(digits))
	return n, err
}

// moment turns the beginning of 1970 back into no time.
func moment(t time.Time) time.Time {
	if t.UnixMicro() == 0 {
		return time.Time{}
	}
	return t.UTC()
}
