package clickhouse

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
	"trunkline/reports/retention"
)

// Retention drops and blanks calls, and takes persons out of them: it implements retention.CallStore, retention.ColumnStore and
// retention.People. Its callers see that it is used by one at a time.
type Retention struct {
	store    *Store
	exporter *Exporter
}

// NewRetention returns what drops calls of a store; the exporter reads the same database.
func NewRetention(s *Store, e *Exporter) *Retention { return &Retention{s, e} }

// leaving is the table that whole days are moved to before they are dropped: it is there while one is.
const leaving = "cdr_leaving"

// held is the condition for rows that holds cover; without holds it is false.
func held(h retention.Held) (where string, args []any) {
	var some []string
	if len(h.Tenants) > 0 {
		some = append(some, "tenant IN ("+marks(len(h.Tenants))+")")
		args = append(args, texts(h.Tenants)...)
	}
	if len(h.Numbers) > 0 {
		list := marks(len(h.Numbers))
		for _, c := range []string{"from_number", "to_number"} {
			some = append(some, c+" IN ("+list+")")
			args = append(args, texts(h.Numbers)...)
		}
		for _, c := range []string{"caller_id", "dialled", "trace", "raw"} {
			some = append(some, "multiSearchAny("+c+", ["+list+"])")
			args = append(args, texts(h.Numbers)...)
		}
	}
	if len(some) == 0 {
		return "0", nil
	}
	return "(" + strings.Join(some, " OR ") + ")", args
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// ofPart is the condition for the rows of a part.
func ofPart(p *retention.Part) (where string, args []any) {
	covered, args := held(p.Held)
	from := p.Day.Unix()
	where = fmt.Sprintf("slot >= toDateTime(%d, 'UTC') AND slot < toDateTime(%d, 'UTC') AND batch <= %d", from, from+int64(24*time.Hour/time.Second), p.Last)
	if len(p.Without) > 0 {
		list := make([]string, len(p.Without))
		for i, b := range p.Without {
			list[i] = strconv.FormatInt(b, 10)
		}
		where += " AND batch NOT IN (" + strings.Join(list, ", ") + ")"
	}
	return where + " AND NOT " + covered, args
}

// Days implements retention.CallStore.
func (r *Retention) Days(ctx context.Context, h retention.Held) (out []retention.Day, err error) {
	rows, err := r.store.db.conn.Query(ctx, `SELECT partition, sum(rows), sum(bytes_on_disk) FROM system.parts
WHERE database = currentDatabase() AND table = 'cdr' AND active GROUP BY partition ORDER BY partition`)
	if err != nil {
		return nil, fmt.Errorf("days of calls: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n, size uint64
		if err := rows.Scan(&name, &n, &size); err != nil {
			return nil, fmt.Errorf("days of calls: %w", err)
		}
		at, err := time.Parse("20060102", name)
		if err != nil {
			return nil, fmt.Errorf("days of calls: %w", err)
		}
		out = append(out, retention.Day{Day: at, All: retention.Stock{Oldest: at, Rows: int64(n), Bytes: int64(size)}})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("days of calls: %w", err)
	}
	if h.None() {
		return out, nil
	}
	return out, r.heldOf(ctx, h, out)
}

// heldOf fills in how many rows of days are held.
func (r *Retention) heldOf(ctx context.Context, h retention.Held, days []retention.Day) error {
	where, args := held(h)
	rows, err := r.store.db.conn.Query(ctx, "SELECT toUnixTimestamp(toStartOfDay(slot)) AS day, count() FROM cdr WHERE "+where+" GROUP BY day", args...)
	if err != nil {
		return fmt.Errorf("calls that are held: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var at uint32
		var n uint64
		if err := rows.Scan(&at, &n); err != nil {
			return fmt.Errorf("calls that are held: %w", err)
		}
		i := slices.IndexFunc(days, func(d retention.Day) bool { return d.Day.Unix() == int64(at) })
		if i >= 0 {
			days[i].Held = int64(n)
		}
	}
	return rows.Err()
}

const partFigures = `SELECT toInt64(count()), sum(toInt64(sign)), sum(sign * duration_us), sum(sign * billed), sum(sale * sign), sum(cost * sign) FROM `

// Figures implements retention.CallStore.
func (r *Retention) Figures(ctx context.Context, p retention.Part) (retention.Figures, error) {
	where, args := ofPart(&p)
	return r.figures(ctx, "cdr WHERE "+where, args...)
}

func (r *Retention) figures(ctx context.Context, from string, args ...any) (f retention.Figures, err error) {
	var sale, cost decimal.Decimal
	if err := r.store.db.conn.QueryRow(ctx, partFigures+from, args...).Scan(&f.Rows, &f.Legs, &f.Duration, &f.Billed, &sale, &cost); err != nil {
		return f, fmt.Errorf("sums of calls: %w", err)
	}
	if f.Sale, err = money.FromDecimal(sale, money.HalfUp); err != nil {
		return f, fmt.Errorf("sums of calls: %w", err)
	}
	if f.Cost, err = money.FromDecimal(cost, money.HalfUp); err != nil {
		return f, fmt.Errorf("sums of calls: %w", err)
	}
	return f, nil
}

// archiveColumns are all columns, in types that other programs read.
const archiveColumns = `* REPLACE (toString(call) AS call, toString(kind) AS kind, toString(direction) AS direction, toString(released_by) AS released_by,
    toDateTime64(slot, 0, 'UTC') AS slot), sip_call_id`

// Read implements retention.CallStore.
func (r *Retention) Read(ctx context.Context, p retention.Part) (io.ReadCloser, error) {
	where, args := ofPart(&p)
	return r.exporter.stream(ctx, "SELECT "+archiveColumns+" FROM (SELECT *, sip_call_id FROM cdr WHERE "+where+") AS part "+
		"ORDER BY part.tenant, part.slot, part.setup, part.call, part.seq, part.batch, part.sign", args, "ArrowStream")
}
