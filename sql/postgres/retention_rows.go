package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"trunkline/reports/export"
	"trunkline/reports/retention"
)

// keptKind is a kind that goes row by row, in SQL.
type keptKind struct {
	kind   retention.Kind
	table  string // With all that is joined.
	free   string // Of what may go.
	at     string // By which it is old.
	id     string
	tenant string
	size   string
	fields []export.Field
	cells  []string // One for each field.
	packed int      // The cell that is packed; -1: none.
	remove []string // Statements for the ids $1, in their order.
}

func text(name string) export.Field   { return export.Field{Name: name} }
func whole(name string) export.Field  { return export.Field{Name: name, Kind: export.Whole} }
func moment(name string) export.Field { return export.Field{Name: name, Kind: export.Moment} }
func blob(name string) export.Field   { return export.Field{Name: name, Kind: export.Blob} }

func keptKinds() []keptKind {
	return []keptKind{
		{
			kind: retention.Audit, table: "audit", free: "true", at: "at", id: "id", tenant: "tenant", packed: -1,
			size:   "length(object) + coalesce(length(before), 0) + coalesce(length(after), 0)",
			fields: []export.Field{whole("id"), moment("at"), text("by_whom"), text("source"), text("tenant"), text("action"), text("object"), text("before"), text("after")},
			cells:  []string{"id", "at", "by_whom", "source", "tenant", "action", "object", "before", "after"},
			remove: []string{`DELETE FROM audit WHERE id = ANY ($1)`},
		},
		{
			kind: retention.Faults, table: "import_fault", free: "true", at: "found_at", id: "id", tenant: "tenant", packed: -1, size: "length(raw)",
			fields: []export.Field{whole("id"), moment("found_at"), text("tenant"), text("pbx"), text("origin"), whole("line"), text("reason"), text("raw"), whole("import")},
			cells:  []string{"id", "found_at", "tenant", "pbx", "origin", "line", "reason", "raw", "import"},
			remove: []string{`DELETE FROM import_fault WHERE id = ANY ($1)`},
		},
		{
			kind: retention.Imports, table: "import i JOIN import_text t ON t.import = i.id", free: "i.ended_at IS NOT NULL", at: "coalesce(i.ended_at, i.begun_at)",
			id: "i.id", tenant: "i.tenant", size: "length(t.packed)", packed: 6,
			fields: []export.Field{whole("id"), moment("ended_at"), text("tenant"), text("pbx"), text("origin"), whole("at"), blob("text")},
			cells:  []string{"i.id", "i.ended_at", "i.tenant", "i.pbx", "i.origin", "t.at", "t.packed"},
			remove: []string{`DELETE FROM import_text WHERE import = ANY ($1)`},
		},
		{
			kind: retention.Unrated, table: "dead_leg d", free: "d.settled_by IS NOT NULL", at: "d.died_at", id: "d.id", tenant: "d.tenant", size: "length(d.message)", packed: -1,
			fields: []export.Field{
				whole("id"), moment("died_at"), text("call"), whole("seq"), text("tenant"), text("carrier"), moment("slot"), text("reason"), text("detail"), blob("message"),
				whole("batch"), whole("retries"), whole("settled_by"), text("changes"),
			},
			cells: []string{
				"d.id", "d.died_at", "d.call::text", "d.seq::bigint", "d.tenant", "d.carrier", "d.slot", "d.reason", "d.detail", "d.message", "d.batch", "d.retries::bigint", "d.settled_by",
				"(SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.id), '[]')::text FROM dead_change c WHERE c.dead = d.id)",
			},
			remove: []string{`DELETE FROM dead_change WHERE dead = ANY ($1)`, `DELETE FROM dead_leg WHERE id = ANY ($1) AND settled_by IS NOT NULL`},
		},
		{
			kind: retention.Alarms, table: "alarm a", free: "a.till IS NOT NULL AND NOT EXISTS (SELECT FROM alert_delivery w WHERE w.alarm = a.id AND w.due_at IS NOT NULL)",
			at: "coalesce(a.till, a.since)", id: "a.id", tenant: "a.tenant", size: "length(a.text)", packed: -1,
			fields: []export.Field{
				whole("id"), moment("till"), moment("since"), text("rule"), text("tenant"), text("owner"), whole("value"), text("text"), text("done"), text("deliveries"),
			},
			cells: []string{
				"a.id", "a.till", "a.since", "a.rule", "a.tenant", "a.owner", "a.value", "a.text", "a.done",
				"(SELECT coalesce(jsonb_agg(to_jsonb(w) ORDER BY w.id), '[]')::text FROM alert_delivery w WHERE w.alarm = a.id)",
			},
			remove: []string{`DELETE FROM alert_delivery WHERE alarm = ANY ($1)`, `DELETE FROM alarm WHERE id = ANY ($1)`},
		},
	}
}

func keptKindOf(k retention.Kind) keptKind {
	all := keptKinds()
	return all[slices.IndexFunc(all, func(t keptKind) bool { return t.kind == k })]
}

// Fields implements retention.RowStore.
func (r *Retention) Fields(k retention.Kind) []export.Field { return keptKindOf(k).fields }

// Stock implements retention.RowStore.
func (r *Retention) Stock(ctx context.Context, k retention.Kind, before time.Time) (all, old retention.Stock, err error) {
	t := keptKindOf(k)
	is := "(" + t.free + ") AND " + t.at + " < $1"
	query := `SELECT count(*), coalesce(sum(` + t.size + `), 0)::bigint, coalesce(min(` + t.at + `), '0001-01-01T00:00:00Z'),
		count(*) FILTER (WHERE ` + is + `), coalesce(sum(` + t.size + `) FILTER (WHERE ` + is + `), 0)::bigint FROM ` + t.table
	if err := r.db.pool.QueryRow(ctx, query, before).Scan(&all.Rows, &all.Bytes, &all.Oldest, &old.Rows, &old.Bytes); err != nil {
		return all, old, fmt.Errorf("stock of %s: %w", k, err)
	}
	all.Oldest = all.Oldest.UTC()
	return all, old, nil
}

// Days implements retention.RowStore.
func (r *Retention) Days(ctx context.Context, k retention.Kind, before time.Time) ([]time.Time, error) {
	t := keptKindOf(k)
	rows, err := r.db.pool.Query(ctx, `SELECT DISTINCT date_trunc('day', `+t.at+`, 'UTC') FROM `+t.table+` WHERE (`+t.free+`) AND `+t.at+` < $1 ORDER BY 1`, before)
	if err != nil {
		return nil, fmt.Errorf("days of %s: %w", k, err)
	}
	days, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, fmt.Errorf("days of %s: %w", k, err)
	}
	for i := range days {
		days[i] = days[i].UTC()
	}
	return days, nil
}

// Each implements retention.RowStore.
func (r *Retention) Each(ctx context.Context, k retention.Kind, from, till time.Time, do func(retention.Row) error) error {
	t := keptKindOf(k)
	unpacker, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(textMost))
	if err != nil {
		return fmt.Errorf("unpacker of texts: %w", err)
	}
	defer unpacker.Close()
	query := `SELECT ` + strings.Join(append([]string{t.id, t.at, t.tenant}, t.cells...), ", ")
	rows, err := r.db.pool.Query(ctx, query+` FROM `+t.table+` WHERE (`+t.free+`) AND `+t.at+` >= $1 AND `+t.at+` < $2 ORDER BY `+t.id, from, till)
	if err != nil {
		return fmt.Errorf("rows of %s: %w", k, err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := t.row(rows, unpacker)
		if err != nil {
			return fmt.Errorf("rows of %s: %w", k, err)
		}
		if err := do(row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("rows of %s: %w", k, err)
	}
	return nil
}

// row reads a row, with its texts together for those who look for numbers.
func (t *keptKind) row(rows pgx.Rows, unpacker *zstd.Decoder) (out retention.Row, err error) {
	values, err := rows.Values()
	if err != nil {
		return out, err
	}
	const before = 3 // Id, time and tenant.
	out.ID, _ = values[0].(int64)
	out.At, _ = values[1].(time.Time)
	out.Tenant, _ = values[2].(string)
	out.Cells = values[before:]
	for i, c := range out.Cells {
		switch c := c.(type) {
		case string:
			out.Text = append(append(out.Text, c...), '\n')
		case time.Time:
			out.Cells[i] = c.UTC()
		case []byte:
			if i == t.packed {
				if c, err = unpacker.DecodeAll(c, nil); err != nil {
					return out, err
				}
				out.Cells[i] = c
			}
			out.Text = append(append(out.Text, c...), '\n')
		}
	}
	return out, nil
}

// Drop implements retention.RowStore.
func (r *Retention) Drop(ctx context.Context, e retention.Entry, ids []int64) error {
	err := r.db.inTx(ctx, func(tx pgx.Tx) error {
		for _, statement := range keptKindOf(e.Kind).remove {
			if _, err := tx.Exec(ctx, statement, ids); err != nil {
				return err
			}
		}
		return tx.QueryRow(ctx, insertEntry, string(e.Kind), e.Day, e.File, e.Part, e.Figures, e.Made, r.clock.Now()).Scan(&e.ID)
	})
	if err != nil {
		return fmt.Errorf("drop %s of %s: %w", e.Kind, e.Day.Format(time.DateOnly), err)
	}
	return nil
}
